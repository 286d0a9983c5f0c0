# SPDX-License-Identifier: GPL-2.0-only
"""Write outcomes as JUnit XML, in the form that the schema of Jenkins allows."""

import re
import xml.etree.ElementTree as xml

from judge.outcomes import BAD

CONTROL = re.compile(r'[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]')
SKIPPED = ('SKIP', 'XFAIL')
PROPERTIES = ('base', 'version', 'series', 'arch', 'flavour', 'machine', 'cpu', 'cpus', 'seed',
              'project', 'tree_commit', 'compiler', 'kernel_sha256')


def clean(text):
    """Text that XML can hold."""
    return CONTROL.sub('?', str(text))


def kept(path):
    """Where the first result is, seen from the folder of the results: lost/NAME."""
    return '/'.join(path.split('/')[-2:])


def properties(run):
    """What was run, as names and values."""
    if not run:
        return {}
    found = {x: run[x] for x in PROPERTIES if run[x] is not None}
    found['emulator'] = run['emulator']['version'] or run['emulator']['name']
    found['retries'] = len(run['retries'])
    for number, each in enumerate(run['retries'], 1):
        found[f'retry.{number}'] = f'{each["kind"]}: {each["why"]}; kept as {kept(each["kept"])}'
    return found


def attributes(run):
    """When and on which emulated machine."""
    if not run:
        return {}
    # JUnit has no time zone: this is UTC.
    return {'timestamp': run['started'].split('+')[0],
            'hostname': f'{run["machine"]}-{run["arch"]}'}


def package(run):
    """The kernel and the machine: cases of two boots of a gate must differ in it."""
    if not run:
        return 'unknown'
    kernel = f'linux-{run["base"]}' + ('-none' if run['series'] == 'none' else '')
    place = [run['arch'], run['flavour']] + [run['machine']] * (run['machine'] != 'qemu')
    return f'{kernel} {"-".join(place + [run["cpu"]] * bool(run["cpu"]))}' \
        .replace('.', '_').replace(' ', '.')


def add_case(node, classname, outcome):
    """One test case."""
    case = xml.SubElement(node, 'testcase', classname=clean(classname),
                          name=clean(outcome.name), time=f'{outcome.time:.3f}')
    if outcome.status in SKIPPED:
        kind = 'xfail' if outcome.status == 'XFAIL' else 'skip'
        xml.SubElement(case, 'skipped', type=kind, message=clean(outcome.message))
    elif outcome.status in BAD:
        failure = xml.SubElement(case, 'failure', type=outcome.status,
                                 message=clean(outcome.message))
        failure.text = clean(outcome.text or outcome.message)


def suite(group, classname, about, values):
    """One test suite; about and values are its own attributes and properties."""
    states = [x.status for x in group.outcomes]
    node = xml.Element('testsuite', name=clean(group.name), tests=str(len(states)),
                       failures=str(sum(x in BAD for x in states)), errors='0',
                       skipped=str(sum(x in SKIPPED for x in states)),
                       time=f'{group.time:.3f}', **about)
    # Some readers want this element although it is empty.
    inner = xml.SubElement(node, 'properties')
    for name, value in values.items():
        xml.SubElement(inner, 'property', name=name, value=clean(value))
    for each in group.outcomes:
        add_case(node, classname, each)
    return node


def document(name, suites):
    """The whole file; its totals are those of its suites."""
    def total(key, kind=int):
        return sum(kind(x.get(key)) for x in suites)
    root = xml.Element('testsuites', name=clean(name), tests=str(total('tests')),
                       failures=str(total('failures')), errors='0',
                       time=f'{total("time", float):.3f}')
    root.extend(suites)
    xml.indent(root)
    return xml.tostring(root, encoding='unicode', xml_declaration=True) + '\n'


def of_run(run, groups):
    """junit.xml of one run."""
    name = package(run)
    return document(name, [suite(x, f'{name}.{x.name}', attributes(run), properties(run))
                           for x in groups])
