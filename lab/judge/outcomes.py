# SPDX-License-Identifier: GPL-2.0-only
"""The outcomes of a run, one for each case, as junit.xml and kcidb.json show them.

The names of the statuses are KCIDB's, and XFAIL: the case failed as it was expected to.
The sums are the summary's tally, so that every count of a run is the same.
"""

from typing import NamedTuple

# The reasons that repeat what a case's own outcome says.
OF_CASES = ('failed-case', 'missing-case', 'unexpected-success')
STATUS = {'passed': 'PASS', 'failed': 'FAIL', 'missing': 'MISS', 'xpass': 'FAIL',
          'xskip': 'FAIL', 'skipped': 'SKIP', 'xfail': 'XFAIL'}
SAID = {'failed': 'failed', 'missing': 'no result', 'xpass': 'unexpected success',
        'xskip': 'expected to fail, but skipped'}
BAD = ('FAIL', 'MISS')


class Outcome(NamedTuple):
    """What became of one case: a message of one line, and all that it said."""
    name: str
    status: str
    time: float = 0
    message: str = ''
    text: str = ''


class Group(NamedTuple):
    """The outcomes of a suite."""
    name: str
    time: float
    outcomes: list


def case(found):
    """A case of the summary."""
    status, message = found['status'], SAID.get(found['status'], found['reason'])
    if status == 'xfail':
        message = f'expected failure: {found["reason"]}'
    if status in ('xpass', 'xskip'):
        message += f': {found["reason"]}'
    return Outcome(found['name'], STATUS[status], found['time'] or 0, message,
                   '\n'.join(found['messages']) if status in SAID else '')


def suite(found):
    """A suite of the summary; a case without a result line has no name."""
    lost = [Outcome(f'missing_case_{n}', 'MISS', 0, 'no result')
            for n in range(1, found['missing'] + 1)]
    return Group(found['name'], found['time'] or 0, [case(x) for x in found['cases']] + lost)


def boot(summary):
    """One failure for every reason that is no case's: a splat, a hang, a stale line."""
    lines = [f'{r["class"]}: {r["text"]}' for r in summary['reasons']
             if r['name'] not in OF_CASES]
    if not lines:
        return []
    status = 'MISS' if summary['class'] == 'input' else 'FAIL'
    return [Group('lab', 0, [Outcome('boot', status, 0, lines[0], '\n'.join(lines))])]


def planted(summary):
    """The boot of a planted bug is one case: was the bug caught for its own reason?"""
    expect, seconds = summary['expect'], summary['boot'].get('seconds', 0)
    name = (summary['run'].get('filter') or 'planted').removeprefix('_busted.')
    status = 'PASS' if expect['met'] else 'FAIL'
    text = '' if expect['met'] else expect['message']
    return [Group('planted', seconds, [Outcome(name, status, seconds, text, text)])]


def groups(summary):
    """All outcomes of a run."""
    if summary['expect']:
        return planted(summary)
    ran = [suite(x) for x in summary['suites']]
    return [x for x in ran if x.outcomes] + boot(summary)


def tally(summary):
    """How many passed, failed and were skipped; expected failures count as none of these."""
    found = [x.status for each in groups(summary) for x in each.outcomes]
    return {'passed': found.count('PASS'), 'failed': sum(x in BAD for x in found),
            'skipped': found.count('SKIP')}
