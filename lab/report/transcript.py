# SPDX-License-Identifier: GPL-2.0-only
"""Show in a document what a good run looks like, from a run's own result.

usage: python3 -m report.transcript RESULT_DIR RECORD_DIR DOCUMENT

The lines between "<!-- transcript -->" and "<!-- end of the transcript -->" become the
result's table of suites and its verdict. Three dots stand for the rest of the report
(skipped cases, counts, seeds). RECORD_DIR keeps the keys of summary.json that are needed,
so that a test can make the same lines again.
"""

import json
import re
import sys
from pathlib import Path

import output
import report.__main__ as report

BLOCK = re.compile(r'(<!-- transcript -->\n).*?(<!-- end of the transcript -->)', re.S)
LICENCE = {'licence': 'SPDX-License-Identifier: GPL-2.0-only'}
RUN = ('version', 'arch', 'flavour', 'cpus', 'cpu', 'series', 'machine', 'filter')


def shortened(found):
    """The parts of a summary that the transcript shows."""
    suites = [{'name': s['name'], 'time': s['time'], 'missing': s['missing'],
               'cases': [{'name': c['name'], 'status': c['status']} for c in s['cases']]}
              for s in found['suites']]
    return LICENCE | {'run': {x: found['run'][x] for x in RUN}, 'verdict': found['verdict'],
                      'class': found['class'], 'expect': found['expect'],
                      'totals': found['totals'], 'suites': suites}


def transcript(found):
    """The report on a run, shortened, as a fenced block."""
    lines = [report.title(found['run']), '', *report.suites(found), '...', report.verdict(found)]
    return '```\n' + '\n'.join(lines) + '\n```\n'


def main():
    """Keep the record and replace the document's block."""
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    result, record, document = map(Path, sys.argv[1:])
    found = shortened(report.load(result))
    old = document.read_text(encoding='utf-8')
    new, blocks = BLOCK.subn(lambda block: block[1] + transcript(found) + block[2], old)
    if blocks != 1:
        sys.exit(f'transcript: {document} has {blocks} blocks "<!-- transcript -->"; one is needed')
    record.mkdir(parents=True, exist_ok=True)
    (record / 'summary.json').write_text(json.dumps(found, indent=1) + '\n', encoding='utf-8')
    document.write_text(new, encoding='utf-8')


if __name__ == '__main__':
    sys.exit(output.run('transcript', main))
