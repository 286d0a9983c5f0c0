# SPDX-License-Identifier: GPL-2.0-only
"""Was a mutant killed? It is, if each case that it names failed with the words it gives.

usage: verdict PATCH MUTANTS_DIR RESULT_DIR     RESULT_DIR/SUITE: the judged boot of a suite

Prints the verdict and, if that is not "killed", a line for each case that did not
kill it. Exit status: 0 killed, 1 not.

    killed        every named case failed with its Words:, or its Splat: came
    SURVIVED      a case passed, was skipped, or has no result
    OTHER WORDS   a case failed with other words: the harness may have failed
    NO WORDS      a case failed, and the mutant has no Words: for it
"""

import json
import sys
from pathlib import Path

import output
from judge import ktap
from mutant import headers

KILLED, OTHER, NONE, SURVIVED = 'killed', 'OTHER WORDS', 'NO WORDS', 'SURVIVED'
WORST = (SURVIVED, OTHER, NONE, KILLED)
COMPLAINTS = ('splat', 'boot')	# a panic ends the boot
SHOWN = 400	# characters of what a case said


def load(folder, suite):
    """The judged boot of a suite."""
    return json.loads((folder / suite / 'summary.json').read_text(encoding='utf-8'))


def case_of(summary, name):
    """The case with this name, SUITE.CASE, or None."""
    for suite in summary['suites']:
        for case in suite['cases']:
            if f'{suite["name"]}.{case["name"]}' == name:
                return case
    return None


def by_splat(killer, summary):
    """Did the splat that the mutant names come?"""
    said = [r['text'] for r in summary['reasons'] if r['class'] in COMPLAINTS]
    if any(killer.splat in text for text in said):
        return KILLED, ''
    return SURVIVED, 'no such splat' + (f'; there was: {said[0]}' if said else '')


def by_words(killer, summary):
    """Did the case fail with the words that the mutant gives?"""
    case = case_of(summary, killer.case)
    if case is None or case['status'] == 'missing':
        reasons = '; '.join(r['text'] for r in summary['reasons'][:1])
        return SURVIVED, f'has no result: {reasons}'
    if case['status'] != 'failed':
        return SURVIVED, f'{case["status"]} {case["reason"]}'.strip()
    said = ktap.failures(case['messages'])
    if killer.words and any(killer.words in each for each in said):
        return KILLED, ''
    heard = ' | '.join(dict.fromkeys(said))[:SHOWN] or 'nothing'
    return (OTHER, f'failed with other words: {heard}') if killer.words else (NONE, f'it said: {heard}')


def weigh(mutant, folder):
    """The verdict, and a line for each case that did not kill the mutant."""
    verdicts, lines = [], []
    for killer in mutant.killers:
        judge = by_splat if killer.splat else by_words
        verdict, why = judge(killer, load(folder, killer.suite))
        verdicts.append(verdict)
        if verdict != KILLED:
            lines.append(f'{killer.case}: {why}')
    return min(verdicts, key=WORST.index), lines


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    path, folder, result = map(Path, sys.argv[1:])
    verdict, lines = weigh(headers.read(path, folder), result)
    print('\n'.join([verdict, *lines]))
    return 0 if verdict == KILLED else 1


if __name__ == '__main__':
    sys.exit(output.run('mutants', main))
