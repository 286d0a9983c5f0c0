# SPDX-License-Identifier: GPL-2.0-only
"""Print the results for the cover letter: the newest of each command, if the kernel that was
run has the series' source.

usage: cover_results BUILD_DIR TREE_ID REPOSITORY GIT_TREE

GIT_TREE is that of the assembled series. A result counts if the commit that it names has this
tree, or an ancestor with it: a machine's own patches may follow. Messages may have changed.
"""

import functools
import json
import re
import subprocess
import sys
from pathlib import Path

import output

USUAL = {'machine': 'qemu', 'flavour': 'lockdep', 'suite_glob': '*', 'cpu': None, 'seed': None}
NAMES = {'arch': 'ARCH', 'machine': 'MACHINE', 'flavour': 'FLAVOUR', 'cpu': 'CPU',
         'suite_glob': 'SUITE', 'seed': 'SEED'}
NONE = "The lab's build folder has no results for this tree."
SOME = "Results for this tree in the lab's build folder, the newest of each command:"


def summaries(build, tree_id):
    """Each judged run of this tree's kernels, and of no mutant."""
    for file in sorted(build.glob(f'{tree_id}-*/results/*/summary.json')):
        if '-mutant-' in file.parts[-4]:
            continue
        try:
            found = json.loads(file.read_text(encoding='utf-8'))
        except (OSError, ValueError):
            continue
        if found.get('run'):
            yield found


@functools.lru_cache(maxsize=None)
def trees(repository, commit):
    """The git trees of a commit and its ancestors; nothing if the commit is gone."""
    said = subprocess.run(['git', '--git-dir', repository, 'log', '--format=%T', commit, '--'],
                          capture_output=True, text=True, check=False)
    return frozenset(said.stdout.split())


def command(run):
    """What starts such a run."""
    words = [f'{NAMES[x]}={run[x]}' for x in NAMES if run.get(x) != USUAL.get(x)]
    return ' '.join(['make run', *words])


def lines(found):
    """Kernel, emulator and date of one result, and its numbers."""
    run, tally = found['run'], found['tally']
    number = re.search(r'\d[^ )]*', run['emulator']['version'] or '')
    emulator = f"{run['emulator']['name']} {number[0] if number else ''}".strip()
    expected = found['totals']['xfail']
    counts = f"{tally['passed']} passed, {tally['failed']} failed, {tally['skipped']} skipped"
    if expected:
        counts += f', {expected} expected to fail'
    return f"{run['version']}, {emulator}, {run['cpus']} CPUs, {run['started'][:10]}", counts


def main():
    """Print the paragraph."""
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    build, tree_id, repository, tree = sys.argv[1:]
    newest = {}
    for found in summaries(Path(build), tree_id):
        run = found['run']
        if not run.get('tree_commit') or tree not in trees(repository, run['tree_commit']):
            continue
        key = command(run)
        if key not in newest or newest[key]['run']['started'] <= run['started']:
            newest[key] = found
    print(SOME + '\n' if newest else NONE)
    for key in sorted(newest):
        print('  ' + '\n    '.join([key, *lines(newest[key])]))
    return 0


if __name__ == '__main__':
    sys.exit(output.run('series', main))
