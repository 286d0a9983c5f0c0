# SPDX-License-Identifier: GPL-2.0-only
"""What the documents tell a reader to do, for the tests that do it.

usage: documents.py commands FILE...      each command line, as FILE<TAB>COMMAND
       documents.py steps FILE SECTION    what a section says, as a shell script

A command stands in an indented or fenced block, or in a code span, and begins with
one of the words below. In help.txt it ends where two spaces begin. A section's fenced
blocks are its steps: one with a path is that file's content, any other "sh" is run; these
are no commands by themselves, for each needs those before it.
"""

import re
import sys
from pathlib import Path

COMMAND = re.compile(r'(?:time )?(?:make |git |\.ci/|lab/make/\w+ )')
SPAN = re.compile(r'`([^`\n]+)`')
FENCE = re.compile(r'^```(\S*)[ \t]*(\S*)$')


def blocks(text):
    """Each fenced block: its language, its path or '', and its lines."""
    inside = None
    for line in text.split('\n'):
        fence = FENCE.match(line)
        if fence and inside is None:
            inside = (fence[1], fence[2], [])
        elif fence:
            yield inside
            inside = None
        elif inside is not None:
            inside[2].append(line)


def outside(text):
    """The lines that are in no fenced block."""
    fenced = False
    for line in text.split('\n'):
        if FENCE.match(line):
            fenced = not fenced
        elif not fenced:
            yield line


def without_comment(line):
    """A command line as it is typed."""
    return re.sub(r'\s+#.*', '', line).strip()


def said(path):
    """Everything in a document that looks like a command."""
    text = path.read_text(encoding='utf-8')
    if path.suffix == '.txt':
        for line in text.split('\n'):
            yield re.split(r'\s\s+', line.strip())[0]
        return
    for language, file, lines in blocks(text):
        if language != 'sh' and not file:
            yield from map(without_comment, lines)
    for line in outside(text):
        if line.startswith('    '):
            yield without_comment(line)
        else:
            yield from SPAN.findall(line)


def commands(names):
    """One line for each command, in order, each once a document."""
    for name in names:
        for line in dict.fromkeys(x for x in said(Path(name)) if COMMAND.match(x)):
            print(f'{name}\t{line}')


def section(text, title):
    """The part of a document under this heading."""
    found = re.search(rf'^## {re.escape(title)}\n(.*?)(?=^## |\Z)', text, re.M | re.S)
    if not found:
        sys.exit(f'there is no section "{title}"')
    return found[1]


def steps(name, title):
    """The steps of a worked example as one shell script."""
    for language, path, lines in blocks(section(Path(name).read_text(encoding='utf-8'), title)):
        body = '\n'.join(lines)
        if path:
            print(f'mkdir -p "$(dirname {path})"\ncat > {path} <<\'END_OF_FILE\'\n{body}\nEND_OF_FILE')
        elif language == 'sh':
            print(body)


if __name__ == '__main__':
    if sys.argv[1] == 'commands':
        commands(sys.argv[2:])
    else:
        steps(*sys.argv[2:])
