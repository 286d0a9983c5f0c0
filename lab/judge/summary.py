# SPDX-License-Identifier: GPL-2.0-only
"""What the judge leaves in a result folder: summary.json, of which docs/summary.md says
what each key holds; junit.xml, kcidb.json, ktap, and .diags.
"""

import json

from judge import conditions, evidence, junit, kcidb, ktap, outcomes

SCHEMA = 1	# a key that is removed or changes its meaning makes this one higher
AROUND = 12	# console lines shown before a reason's line, and thrice as many after it


def totals(suites):
    """Cases by outcome; one without a result has failed."""
    cases = [c['status'] for s in suites for c in s['cases']]
    lost = sum(s['missing'] for s in suites)
    return {'cases': len(cases) + lost, 'passed': cases.count('passed'),
            'failed': sum(c in outcomes.SAID for c in cases) + lost,
            'xfail': cases.count('xfail'), 'skipped': cases.count('skipped')}


def of_run(run):
    """What was run, of run.json; nothing when that cannot be read."""
    if not run:
        return {}
    emulator = {x: run['emulator'][x] for x in ('name', 'version')}
    return {x: run[x] for x in evidence.SHOWN} | {'emulator': emulator}


def finished(found, expect):
    """Add what follows from the rest: was a planted bug caught, and the tally."""
    found['expect'] = None
    if expect:
        lead = next((conditions.Reason(r['class'], r['name'], r['text'])
                     for r in found['reasons']), None)
        met, said = conditions.against(expect, lead)
        found['expect'] = {'wanted': expect, 'met': met, 'message': said}
    found['tally'] = outcomes.tally(found)
    return found


def unproven(text, run, expect):
    """The summary of a run that could not be judged: it failed."""
    reason = {'class': 'input', 'name': 'unreadable', 'text': text, 'line': None, 'count': 1}
    return finished({
        'schema': SCHEMA, 'verdict': 'failed', 'class': 'input', 'reasons': [reason],
        'run': of_run(run), 'boot': {}, 'suites': [], 'totals': totals([]), 'counted': [],
        'seeds': [], 'allowed': [], 'skips': []}, expect)


def permitted(ev):
    """The complaints that lab/data/allow explains or a case announced, each with its reason."""
    found = []
    for each in ev.complaints:
        why = conditions.excused(ev, each)
        if why:
            found.append({'name': each.name, 'text': each.text, 'line': each.line,
                          'reason': why})
    return found


def summarise(ev, reasons, expect):
    """The whole summary of a run that could be judged."""
    counted, seeds, _ = ktap.notes(ev.extract.entries)
    return finished({
        'schema': SCHEMA, 'verdict': 'failed' if reasons else 'passed',
        'class': conditions.kind(reasons), 'reasons': [r.record() for r in reasons],
        'run': of_run(ev.run), 'boot': ev.boot, 'suites': ev.suites, 'totals': totals(ev.suites),
        'counted': counted, 'seeds': seeds, 'allowed': permitted(ev),
        'skips': conditions.skip_lines(ev)}, expect)


def around(con, number):
    """The console's lines around a line."""
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
    """Write all files; .diags only when something is wrong."""
    (folder / 'summary.json').write_text(json.dumps(summary, indent=1) + '\n')
    run, groups = summary['run'], outcomes.groups(summary)
    (folder / 'junit.xml').write_text(junit.of_run(run, groups), encoding='utf-8')
    (folder / 'kcidb.json').write_text(kcidb.report(run, groups, folder.resolve().name))
    lines = [e.text for e in ev.extract.entries] if ev else []
    (folder / 'ktap').write_text(''.join(x + '\n' for x in lines), encoding='utf-8')
    (folder / '.diags').unlink(missing_ok=True)
    if summary['reasons']:
        text = diags(summary, ev.console if ev else None)
        (folder / '.diags').write_text(text, encoding='utf-8')
