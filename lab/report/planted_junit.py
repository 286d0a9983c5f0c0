# SPDX-License-Identifier: GPL-2.0-only
"""Merge what was judged of the planted bugs into RESULTS_DIR/junit.xml.

usage: planted_junit RESULTS_DIR     with a folder NAME and a file NAME.log for each bug

A bug whose boot nobody judged is a failure with the last line of its log.
"""

import sys
import xml.etree.ElementTree as xml
from pathlib import Path

import output
from judge import junit, outcomes


def unjudged(log):
    """The suite of a bug that has no result."""
    last = (log.read_text(encoding='utf-8', errors='replace').splitlines() or ['no output'])[-1]
    lost = outcomes.Outcome(log.stem, 'MISS', 0, 'not judged', last)
    return junit.suite(outcomes.Group('planted', 0, [lost]), 'planted', {}, {})


def suites(folder):
    """One for each bug."""
    for log in sorted(folder.glob('*.log')):
        judged = folder / log.stem / 'junit.xml'
        if judged.exists():
            yield from xml.parse(judged).getroot()
        else:
            yield unjudged(log)


def main():
    """Write the file."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = Path(sys.argv[1])
    text = junit.document('planted bugs', list(suites(folder)))
    (folder / 'junit.xml').write_text(text, encoding='utf-8')
    return 0


if __name__ == '__main__':
    sys.exit(output.run('planted', main))
