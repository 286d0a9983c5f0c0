# SPDX-License-Identifier: GPL-2.0-only
"""Print the verdict on each mutant of a run.

usage: mutant_table LIST     a line for each mutant: VERDICT, seconds, SUBJECT/NAME, its
                             cases, with tabs between
"""

import sys
from pathlib import Path

import output
from report import table

HEAD = ('mutant', 'verdict', 'seconds', 'case')


def shown(cases):
    """The first case, and how many more there are."""
    first, *more = cases.split()
    return first + (f' +{len(more)}' if more else '')


def rows(text):
    """The cells of each line."""
    for line in text.splitlines():
        verdict, seconds, name, cases = line.split('\t')
        yield name, verdict, seconds, shown(cases)


def aligned(found):
    """Aligned columns, the seconds to the right; the last column is not padded."""
    grid = [HEAD, *found]
    name, verdict, seconds = (max(len(row[n]) for row in grid) for n in range(3))
    return [f'{row[0]:<{name}}  {row[1]:<{verdict}}  {row[2]:>{seconds}}  {row[3]}'
            for row in grid]


def main():
    """Print the table; what was not killed is red."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    found = list(rows(Path(sys.argv[1]).read_text(encoding='utf-8')))
    print(table.coloured('bold', aligned(found)[0]))
    for line, row in zip(aligned(found)[1:], found):
        print(line if row[1] == 'killed' else table.coloured('red', line))
    return 0


if __name__ == '__main__':
    sys.exit(output.run('mutants', main))
