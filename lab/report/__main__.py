# SPDX-License-Identifier: GPL-2.0-only
"""Print what the judge found in one or more result folders, for a human.

Expected failures count neither as passed nor as failed nor as skipped.  What failed
beside the cases (a splat, a hang) counts as one failure of the run.
"""

import argparse
import json
import sys
from pathlib import Path

import output
from judge import outcomes
from judge.conditions import EVERY_SUITE
from report import table

# So many are shown; the files of the result have all.
MOST_REASONS = 10
MOST_MESSAGES = 6
MOST_SEEDS = 4


def arguments():
    """The command line."""
    parser = argparse.ArgumentParser(prog='report', description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('results', metavar='RESULT_DIR', type=Path, nargs='+')
    parser.add_argument('--totals', action='store_true',
                        help='end with "N passed, N failed, N skipped"')
    return parser.parse_args()


def load(folder):
    """The judge's summary; a folder without one ends the program."""
    try:
        return json.loads((folder / 'summary.json').read_text())
    except (OSError, ValueError) as error:
        sys.exit(f'report: {folder}: not judged: {error}')


def title(run):
    """The kernel and the machine, in a line."""
    if not run:
        return 'unknown run'
    more = [f'{run["cpus"]} CPUs', f'series {run["series"]}']
    if run.get('cpu'):
        more.append(f'CPU {run["cpu"]}')
    if run['machine'] != 'qemu':
        more.append(f'machine {run["machine"]}')
    if run['filter'] not in EVERY_SUITE:
        more.append(f'only {run["filter"]}')
    return f'Linux {run["version"]} {run["arch"]} {run["flavour"]} ({", ".join(more)})'


def seconds(value):
    """A time, or a dash if it is not known."""
    return '-' if value is None else f'{value:.2f}s'


def suite_row(suite):
    """The row of a suite."""
    states = [c['status'] for c in suite['cases']]
    bad = sum(s in outcomes.SAID for s in states) + suite['missing']
    return [suite['name'], len(states) + suite['missing'], states.count('passed'), bad,
            states.count('xfail'), states.count('skipped'), seconds(suite['time'])]


def total_row(name, totals, time):
    """The row of a sum."""
    return [name, totals['cases'], totals['passed'], totals['failed'], totals['xfail'],
            totals['skipped'], seconds(time)]


def suites(found):
    """The table of suites."""
    head = ['suite', 'cases', 'passed', 'failed', 'expected', 'skipped', 'time']
    rows = [suite_row(s) for s in found['suites']]
    time = sum(s['time'] or 0 for s in found['suites'])
    return table.lines(head, rows + [total_row('all', found['totals'], time)])


def cases(found, *states):
    """(SUITE.CASE, case) of each case in one of these states."""
    return [(f'{s["name"]}.{c["name"]}', c) for s in found['suites'] for c in s['cases']
            if c['status'] in states]


def section(name, lines):
    """A block with a heading, or nothing if it has no lines."""
    return ['', name] + lines if lines else []


def skipped(found):
    """Skipped cases and parameters with their reasons."""
    out = []
    for name, case in cases(found, 'skipped'):
        out += table.wrapped(f'{name}: {case["reason"] or "no reason given"}')
    for name, case in cases(found, 'passed', 'failed', 'xfail'):
        some = case['parameters']
        if some and some['skipped']:
            out += table.wrapped(f'{name}: {some["skipped"]} of {some["total"]} parameters')
    return out


def expected(found):
    """Expected failures with their reasons."""
    return [x for name, case in cases(found, 'xfail')
            for x in table.wrapped(f'{name}: {case["reason"]}')]


def failed(found):
    """Failed cases with their messages."""
    out = []
    for name, case in cases(found, *outcomes.SAID):
        out += table.wrapped(f'{name}: {outcomes.SAID[case["status"]]}')
        for text in case['messages'][:MOST_MESSAGES]:
            out += table.wrapped(text, '      ')
        if len(case['messages']) > MOST_MESSAGES:
            out.append(f'      ... {len(case["messages"]) - MOST_MESSAGES} more lines')
    return out


def summed(counted):
    """Counted notifications by operation, in the order of the console."""
    sums = {}
    for each in counted:
        row = sums.setdefault(each['operation'], [0, 0, 0])
        for i, key in enumerate(('calls', 'pages', 'changed')):
            row[i] += each[key]
    return sums


def ratio(pages, changed):
    """Pages invalidated for each page that changed."""
    return f'{pages / changed:.2f}' if changed and not table.whole(pages) else '-'


def counted(found):
    """The table of notifications."""
    sums = summed(found['counted'])
    rows = [[name, calls, table.pages(pages), changed, ratio(pages, changed)]
            for name, (calls, pages, changed) in sums.items()]
    head = ['operation', 'calls', 'pages', 'changed', 'pages/changed']
    return ['  ' + x for x in table.lines(head, rows)] if rows else []


def moved(found):
    """The counts of apic_access_page_move_test, a line for each form."""
    head = ['way', 'form', 'mutant', 'moves', 'reloads', 'reads', 'mismatches', 'episodes']
    rows = []
    for _, case in cases(found, 'passed', 'failed'):
        for text in case['messages']:
            said = dict(x.split('=', 1) for x in text.split() if '=' in x)
            if set(head) <= set(said):
                rows.append([said[x] for x in head])
    return ['  ' + x for x in table.lines(head, rows)] if rows else []


def seeds(found):
    """Each seed with its case; of a place with many seeds the first ones."""
    places = {}
    for each in found['seeds']:
        place = '.'.join(x for x in (each['suite'], each['case']) if x)
        places.setdefault(place, []).append(each['seed'])
    out = []
    for place, values in places.items():
        shown = [f'{value}  {place}' for value in values[:MOST_SEEDS]]
        if len(values) > MOST_SEEDS:
            shown[-1] += f', and {len(values) - MOST_SEEDS} more in ktap'
        out += [x for line in shown for x in table.wrapped(line)]
    return out


def repeated(found):
    """What was repeated, why, and where the first result is."""
    return [x for each in found['run'].get('retries', ())
            for x in table.wrapped(f'the boot, once ({each["kind"]}): {each["why"]}')
            + [f'    the first result: {each["kept"]}']]


def unlisted(found):
    """A line for lab/data/skips for each skip that no line permits; too long ones stay whole."""
    return [f'  {line}' for line in found['skips']]


def allowed(found):
    """Complaints that lab/data/allow explains or a case announced, with the reason."""
    return [x for each in found['allowed']
            for x in table.wrapped(f'{each["text"]} ({each["reason"]})')]


def reasons(found):
    """The first reasons of a failure."""
    out = []
    for each in found['reasons'][:MOST_REASONS]:
        times = f' ({each["count"]} times)' if each['count'] > 1 else ''
        place = f' [console:{each["line"]}]' if each['line'] else ''
        out += table.wrapped(f'{each["class"]}: {each["text"]}{times}{place}')
    if len(found['reasons']) > MOST_REASONS:
        out.append(f'  ... {len(found["reasons"]) - MOST_REASONS} more in summary.json')
    return out


def verdict(found):
    """The verdict in a line."""
    if found['expect']:
        colour = 'green' if found['expect']['met'] else 'red'
        return table.coloured(colour, found['expect']['message'])
    if found['verdict'] == 'passed':
        return table.coloured('green', 'verdict: passed')
    return table.coloured('red', f'verdict: FAILED ({found["class"]})')


def one(folder, found):
    """All lines of the report on one run."""
    out = [table.coloured('bold', title(found['run'])), ''] + suites(found)
    out += section('skipped:', skipped(found))
    out += section('lines for lab/data/skips, each with the reason that is missing:', unlisted(found))
    out += section('expected failures:', expected(found))
    out += section('failed:', failed(found))
    out += section('notifications counted:', counted(found))
    out += section('APIC-access page moved:', moved(found))
    out += section('seeds:', seeds(found))
    out += section('allowed complaints:', allowed(found))
    out += section('repeated:', repeated(found))
    out += section('why it failed:', reasons(found))
    out += ['', verdict(found), f'results: {folder.resolve()}']
    if found['reasons']:
        out.append('look at .diags first, then at console')
    return out


def good(found):
    """Did the run pass, or was its planted bug caught?"""
    return found['expect']['met'] if found['expect'] else found['verdict'] == 'passed'


def together(folders, all_found):
    """The table of several runs."""
    head = ['run', 'cases', 'passed', 'failed', 'expected', 'skipped', 'verdict']
    rows = []
    for folder, found in zip(folders, all_found):
        word = 'passed' if found['verdict'] == 'passed' else found['class']
        if found['expect']:
            word = 'caught' if good(found) else 'NOT CAUGHT'
        rows.append(total_row(folder.resolve().name, found['totals'], None)[:-1] + [word])
    sums = [sum(row[i] for row in rows) for i in range(1, 6)]
    done = sum(good(f) for f in all_found)
    return ['', *table.lines(head, rows + [['all', *sums, f'{done} of {len(rows)} good']])]


def main():
    """Print the report; the exit status is 0 if all runs were good, else 1."""
    args = arguments()
    all_found = [load(folder) for folder in args.results]
    out = []
    for folder, found in zip(args.results, all_found):
        out += ([''] if out else []) + one(folder, found)
    if len(all_found) > 1:
        out += together(args.results, all_found)
    if args.totals:
        sums = [sum(f['tally'][x] for f in all_found) for x in ('passed', 'failed', 'skipped')]
        out += ['', '{} passed, {} failed, {} skipped'.format(*sums)]
    print('\n'.join(out))
    return 0 if all(map(good, all_found)) else 1


if __name__ == '__main__':
    sys.exit(output.run('report', main))
