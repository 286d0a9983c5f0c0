# SPDX-License-Identifier: GPL-2.0-only
"""Does every case of the suites fail somewhere: on the unpatched base, or under a mutant?

usage: audit MUTANTS_DIR [SUMMARY.JSON...]     judged runs, for what ran there

Prints a line for each finding: a case that is not known to fail anywhere; a case that ran
and is not in the sources; a mutant or an expected failure with weak words; an exception that is
not needed. Exit status: 0 no finding, 1 findings.
"""

import json
import re
import sys
from fnmatch import fnmatchcase
from pathlib import Path

import output
from judge import datafiles
from mutant import cases, headers

PATCHES = cases.TOP / 'patches'
BASE = PATCHES / 'linux-6.1' / 'xfail.none'
EXCEPTIONS = cases.LAB / 'data' / 'not-killed'
# Every kernel whose suites run. The machines that run programs have no suites.
KERNELS = tuple((arch, '', '') for arch in datafiles.ARCHES) + (('arm64', '', 'smmu'),)
EXCEPTION = re.compile(r'(\S+)\s+(\S.*)')


def all_cases():
    """Every SUITE.CASE of every kernel."""
    return set().union(*(cases.names(*kernel) for kernel in KERNELS))


def mutants(folder):
    """All mutants."""
    return [headers.read(x, folder) for x in sorted(folder.rglob('*.patch'))]


def exceptions():
    """(glob, reason) of the cases that need not fail anywhere."""
    found = []
    for where, line in datafiles.numbered(EXCEPTIONS):
        match = EXCEPTION.fullmatch(line.strip())
        if not match:
            raise datafiles.Unreadable(f'{where}: not "SUITE.CASE  reason"')
        found.append(match.groups())
    return found


def unreadable():
    """The lists of expected failures that the judge would refuse, a text that proves nothing
    among other things."""
    for path in sorted(PATCHES.glob('linux-*/xfail*')):
        try:
            datafiles.expected(path)
        except datafiles.Unreadable as error:
            yield f'{path.parent.name}/{error}'


def uncovered(known, killed, failing):
    """Cases that are not known to fail anywhere, and exceptions that are not needed."""
    free = known - killed - failing
    globs = [glob for glob, _ in exceptions()]
    yield from (f'{case}: fails neither on the base nor under a mutant' for case in sorted(free)
                if not any(fnmatchcase(case, glob) for glob in globs))
    yield from (f'{EXCEPTIONS.name}: {glob} matches no such case' for glob in globs
                if not any(fnmatchcase(case, glob) for case in free))


def unknown(mutant):
    """Cases that the mutant names but its kernel does not have."""
    there = cases.names(mutant.arch, mutant.flavour, mutant.machine)
    return (f'{mutant.name}: {x.case} is not there on {mutant.arch}'
            for x in mutant.killers if x.case not in there)


def runs_programs(machine):
    """Does this machine run KVM's programs instead of suites?"""
    text = (cases.LAB / 'data' / 'machine' / machine).read_text(encoding='utf-8')
    return 'machine_runs=programs' in text.split()


def unlisted(path):
    """The difference between the cases of a judged run and those in the sources."""
    summary = json.loads(Path(path).read_text(encoding='utf-8'))
    run = summary['run']
    if not run or runs_programs(run['machine']):
        return
    shown = cases.names(run['arch'], run['flavour'], run['machine'])
    ran = {f'{s["name"]}.{c["name"]}' for s in summary['suites'] for c in s['cases']}
    yield from (f'{path}: {case} ran, and the sources do not show it'
                for case in sorted(ran - shown))
    suites = {s['name'] for s in summary['suites'] if s['cases']}
    if run['suite_glob'] == '*':
        yield from (f'{path}: the sources show {case}, which did not run'
                    for case in sorted(shown - ran) if case.partition('.')[0] in suites)


def findings(folder, summaries):
    """All findings, one a line."""
    found = mutants(folder)
    for mutant in found:
        yield from headers.weak_words(mutant)
        yield from unknown(mutant)
    refused = list(unreadable())
    yield from refused
    if not refused:
        killed = {x.case for mutant in found for x in mutant.killers}
        failing = {x.case for x in datafiles.expected(BASE)}
        yield from uncovered(all_cases(), killed, failing)
    for path in summaries:
        yield from unlisted(path)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    lines = list(findings(Path(sys.argv[1]), sys.argv[2:]))
    print('\n'.join(lines), end='\n' if lines else '')
    return 1 if lines else 0


if __name__ == '__main__':
    sys.exit(output.run('mutants', main))
