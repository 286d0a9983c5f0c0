# SPDX-License-Identifier: GPL-2.0-only
"""List the mutants to run. Refuse, before anything is built, those that cannot be run.

usage: choose MUTANTS_DIR GLOBS     GLOBS: words matched against SUBJECT/NAME

Prints a line for each: path, SUBJECT/NAME, ARCH, FLAVOUR, MACHINE and the suites to boot,
separated by tabs. A value that the mutant does not set is -. Exit status: 0, or 2 with the
reason in one line.
"""

import sys
from fnmatch import fnmatchcase
from pathlib import Path

import output
from mutant import cases, headers


class Refused(Exception):
    """The reason why nothing is run."""


def chosen(folder, globs):
    """The paths of the mutants that one of the globs matches."""
    paths = sorted(folder.rglob('*.patch')) if folder.is_dir() else []
    if not paths:
        raise Refused(f'MUTANTS={folder} holds no mutant (*.patch)')
    found = [x for x in paths
             if any(fnmatchcase(headers.name_of(x, folder), glob) for glob in globs)]
    if not found:
        subjects = sorted({headers.name_of(x, folder).rpartition('/')[0] or '.' for x in paths})
        raise Refused(f'MUTANT={" ".join(globs)} matches no mutant; the folders are: '
                      f'{" ".join(subjects)}')
    return found


def unknown_case(mutant):
    """Which case of the mutant its kernel does not have, as a message, or None."""
    known = cases.of_kernel(mutant.arch, mutant.flavour, mutant.machine)
    for each in mutant.killers:
        suite, _, case = each.case.partition('.')
        if suite not in known:
            return f'Kills: {each.case}: there is no such suite on {mutant.arch}'
        if case not in known[suite]:
            return f'Kills: {each.case}: there is no such case on {mutant.arch}'
    return None


def checked(path, folder):
    """The mutant. It is refused if it could never be killed, or by anything."""
    name = headers.name_of(path, folder)
    try:
        mutant = headers.read(path, folder)
        wrong = unknown_case(mutant) or next((why for _, why in headers.vague_words(mutant)), None)
    except (headers.Malformed, cases.UnknownKernel) as error:
        wrong = str(error)
    if wrong:
        raise Refused(f'mutant {name}: {wrong}')
    return mutant


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    folder = Path(sys.argv[1])
    try:
        found = [checked(x, folder) for x in chosen(folder, sys.argv[2].split() or ['*'])]
    except Refused as error:
        print(f'mutants: {error}', file=sys.stderr)
        return 2
    for x in found:
        print(x.path, x.name, x.arch, x.flavour or '-', x.machine or '-', ' '.join(x.suites),
              sep='\t')
    return 0


if __name__ == '__main__':
    sys.exit(output.run('mutants', main))
