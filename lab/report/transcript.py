# SPDX-License-Identifier: GPL-2.0-only
"""Write what a good run looks like into a document, from a run's own result.

usage: python3 -m report.transcript RESULT_DIR DOCUMENT

The lines between "<!-- transcript -->" and "<!-- end of the transcript -->" are replaced
by the report on that result: its table of suites and its verdict. What the report says in
between (skipped cases, counts, seeds) is left out, as the three dots say.
"""

import re
import sys
from pathlib import Path

import report.__main__ as report

BLOCK = re.compile(r'(<!-- transcript -->\n).*?(<!-- end of the transcript -->)', re.S)


def transcript(folder):
    """The report on a run, shortened, as a fenced block."""
    found = report.load(folder)
    lines = [report.title(found['run']), '', *report.suites(found), '...', report.verdict(found)]
    return '```\n' + '\n'.join(lines) + '\n```\n'


def main():
    """Replace the document's block."""
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    result, document = map(Path, sys.argv[1:])
    old = document.read_text(encoding='utf-8')
    block = transcript(result)
    new, blocks = BLOCK.subn(lambda found: found[1] + block + found[2], old)
    if blocks != 1:
        sys.exit(f'transcript: {document} has {blocks} blocks "<!-- transcript -->"; one is needed')
    document.write_text(new, encoding='utf-8')


if __name__ == '__main__':
    main()
