# SPDX-License-Identifier: GPL-2.0-only
"""Merge the results of the planted bugs into RESULTS_DIR/junit.xml.

usage: planted_junit RESULTS_DIR     with a file list of lines "NAME STATUS", and for each
                                     bug a folder NAME and a file NAME.log

A bug whose boot failed without a failure in its result is one with the last line of its log.
"""

import sys
import xml.etree.ElementTree as xml
from pathlib import Path

import output
from judge import junit, outcomes


def told_by_its_log(log, status):
    """The suite of a bug whose boot was not judged, or was judged and failed all the same."""
    last = (log.read_text(encoding='utf-8', errors='replace').splitlines() or ['no output'])[-1]
    lost = outcomes.Outcome(log.stem, 'MISS', 0, f'the boot ended with status {status}', last)
    return junit.suite(outcomes.Group('planted', 0, [lost]), 'planted', {}, {})


def suites(folder):
    """One for each bug."""
    for line in (folder / 'list').read_text(encoding='utf-8').splitlines():
        name, status = line.split()
        judged = folder / name / 'junit.xml'
        found = list(xml.parse(judged).getroot()) if judged.exists() else []
        if found and (status == '0' or any(x.get('failures') != '0' for x in found)):
            yield from found
        else:
            yield told_by_its_log(folder / f'{name}.log', status)


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
