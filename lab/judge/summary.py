# SPDX-License-Identifier: GPL-2.0-only
"""What the judge leaves in a result folder: summary.json, junit.xml, ktap, .diags."""

import json
import re
import xml.etree.ElementTree as xml

from judge import conditions, ktap

AROUND = 12	# console lines shown before a reason's line, and thrice as many after it
CONTROL = re.compile(r'[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]')
RUN = ('base', 'version', 'series', 'arch', 'machine', 'flavour', 'cpu', 'cpus', 'suite_glob',
       'seed', 'filter')
BAD = {'failed': 'failed', 'missing': 'no result', 'xpass': 'unexpected success',
       'xskip': 'expected to fail, but skipped'}


def totals(suites):
    """Cases by outcome; one without a result has failed."""
    cases = [c['status'] for s in suites for c in s['cases']]
    lost = sum(s['missing'] for s in suites)
    return {'cases': len(cases) + lost, 'passed': cases.count('passed'),
            'failed': sum(c in BAD for c in cases) + lost,
            'xfail': cases.count('xfail'), 'skipped': cases.count('skipped')}


def unproven(text):
    """The summary of a run that could not be judged: it failed."""
    reason = {'class': 'input', 'name': 'unreadable', 'text': text, 'line': None, 'count': 1}
    return {'verdict': 'failed', 'class': 'input', 'reasons': [reason], 'run': {},
            'boot': {}, 'suites': [], 'totals': totals([]), 'counted': [], 'seeds': [],
            'allowed': [], 'expect': None}


def permitted(ev):
    """The complaints that lab/data/allow explains or a case announced, each with its reason."""
    found = []
    for each in ev.complaints:
        why = conditions.excused(ev, each)
        if why:
            found.append({'name': each.name, 'text': each.text, 'line': each.line,
                          'reason': why})
    return found


def summarise(ev, kind, reasons):
    """All of it, for people and machines."""
    counted, seeds, _ = ktap.notes(ev.extract.entries)
    return {'verdict': 'failed' if reasons else 'passed', 'class': kind,
            'reasons': [r.record() for r in reasons],
            'run': {k: ev.run[k] for k in RUN}, 'boot': ev.boot,
            'suites': ev.suites, 'totals': totals(ev.suites),
            'counted': counted, 'seeds': seeds, 'allowed': permitted(ev), 'expect': None}


def clean(text):
    """Text that XML can hold."""
    return CONTROL.sub('?', str(text))


def junit_case(parent, suite, case):
    """One case; an expected failure is a skip that says so."""
    node = xml.SubElement(parent, 'testcase', classname=clean(suite['name']),
                          name=clean(case['name']), time=f'{case["time"] or 0:.6f}')
    if case['status'] == 'xfail':
        xml.SubElement(node, 'skipped', message=clean(f'expected failure: {case["reason"]}'))
    elif case['status'] == 'skipped':
        xml.SubElement(node, 'skipped', message=clean(case['reason']))
    elif case['status'] in BAD:
        failure = xml.SubElement(node, 'failure', message=BAD[case['status']])
        failure.text = clean('\n'.join(case['messages']))


def junit_suite(root, suite):
    """One suite."""
    states = [c['status'] for c in suite['cases']]
    node = xml.SubElement(
        root, 'testsuite', name=clean(suite['name']), tests=str(len(states)), errors='0',
        failures=str(sum(s in BAD for s in states)),
        skipped=str(sum(s in ('skipped', 'xfail') for s in states)),
        time=f'{suite["time"] or 0:.6f}')
    for case in suite['cases']:
        junit_case(node, suite, case)


def junit(summary):
    """The run as JUnit; the boot itself is a case too, so that a splat is seen."""
    root = xml.Element('testsuites')
    for suite in summary['suites']:
        junit_suite(root, suite)
    failed = summary['verdict'] != 'passed'
    node = xml.SubElement(root, 'testsuite', name='lab', tests='1', errors='0', skipped='0',
                          failures=str(int(failed)), time='0')
    case = xml.SubElement(node, 'testcase', classname='lab', name='boot', time='0')
    if failed:
        lines = [f'{r["class"]}: {r["text"]}' for r in summary['reasons']]
        failure = xml.SubElement(case, 'failure', message=clean(lines[0]))
        failure.text = clean('\n'.join(lines))
    xml.indent(root)
    return xml.tostring(root, encoding='unicode', xml_declaration=True) + '\n'


def around(con, number):
    """The console's lines around one."""
    first = max(0, number - 1 - AROUND)
    return [f'{"> " if x.number == number else "  "}{x.number}: {x.whole}'
            for x in con.lines[first:number + 3 * AROUND]]


def diags(summary, con):
    """Each reason with the console around it; the end of the console for the others."""
    out = []
    for reason in summary['reasons']:
        times = f' ({reason["count"]} times)' if reason['count'] > 1 else ''
        out.append(f'== {reason["class"]}: {reason["text"]}{times}')
        if con and reason['line']:
            out += around(con, reason['line']) + ['']
    if con and any(r['line'] is None for r in summary['reasons']):
        out += ['== the end of the console'] + [f'  {x.number}: {x.whole}'
                                                for x in con.lines[-3 * AROUND:]]
    return '\n'.join(out) + '\n'


def write(folder, summary, ev=None):
    """Leave everything; .diags only when something is wrong."""
    (folder / 'summary.json').write_text(json.dumps(summary, indent=1) + '\n')
    (folder / 'junit.xml').write_text(junit(summary), encoding='utf-8')
    lines = [e.text for e in ev.extract.entries] if ev else []
    (folder / 'ktap').write_text(''.join(x + '\n' for x in lines), encoding='utf-8')
    (folder / '.diags').unlink(missing_ok=True)
    if summary['reasons']:
        text = diags(summary, ev.console if ev else None)
        (folder / '.diags').write_text(text, encoding='utf-8')
