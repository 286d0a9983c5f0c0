# SPDX-License-Identifier: GPL-2.0-only
"""Write outcomes as a report for KCIDB, the database of the kernel's CI systems.

The form is version 5.0 of its schema, as the project kcidb-io publishes it. A report names
the kernel by the sum of its image and the assembled tree by its commit. To send one, set
your own origin, and add the addresses of the files if they can be downloaded.
"""

import json
import re

ORIGIN = 'secondary_tlbs'
VERSION = {'major': 5, 'minor': 0}
NOT_A_PATH = re.compile(r'[^A-Za-z0-9_-]')
MOST_TEXT = 16384	# characters of a log excerpt


def present(**fields):
    """The fields that have a value: KCIDB knows no null."""
    return {name: value for name, value in fields.items() if value not in (None, '')}


def identity(*parts):
    """An id, unique below the origin."""
    return ':'.join([ORIGIN, *parts])


def checkout(run):
    """The assembled tree."""
    return present(id=identity(run['tree_commit']), origin=ORIGIN, valid=True,
                   comment=f'Linux {run["version"]}, series: {run["series"]}',
                   misc=present(project=run['project'], tree_commit=run['tree_commit'],
                                base_commit=run['base_commit']))


def build(run):
    """The kernel that was booted."""
    return present(id=identity(run['kernel_sha256']), origin=ORIGIN, status='PASS',
                   checkout_id=identity(run['tree_commit']), architecture=run['arch'],
                   compiler=run['compiler'], config_name=run['flavour'],
                   misc={'kernel_sha256': run['kernel_sha256']})


def environment(run):
    """The emulated machine."""
    emulator = run['emulator']
    return {'comment': f'{run["machine"]} on {emulator["version"] or emulator["name"]}',
            'misc': present(machine=run['machine'], cpu=run['cpu'], cpus=run['cpus'],
                            emulator=emulator['version'], seed=run['seed'],
                            retries=[{k: x[k] for k in ('kind', 'why')} for x in run['retries']])}


def test(run, prefix, group, outcome):
    """One case. An expected failure is a failure that is waived."""
    path = '.'.join(NOT_A_PATH.sub('_', x) for x in (group.name, outcome.name))
    failed = outcome.status == 'XFAIL'
    return present(id=f'{prefix}:{path}', origin=ORIGIN, build_id=identity(run['kernel_sha256']),
                   path=path, status='FAIL' if failed else outcome.status,
                   waived=True if failed else None, start_time=run['started'],
                   duration=round(outcome.time, 6), comment=outcome.message,
                   log_excerpt=outcome.text[:MOST_TEXT], environment=environment(run))


def report(run, groups, name):
    """kcidb.json of one run, whose result folder has this name; empty if nothing is known."""
    found = {'version': VERSION}
    if run and run['tree_commit'] and run['kernel_sha256']:
        prefix = identity(run['started'], name)
        found |= {'checkouts': [checkout(run)], 'builds': [build(run)],
                  'tests': [test(run, prefix, each, outcome)
                            for each in groups for outcome in each.outcomes]}
    return json.dumps(found, indent=1) + '\n'
