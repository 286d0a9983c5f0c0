# SPDX-License-Identifier: GPL-2.0-only
"""Plain-text tables that fit a terminal, and colours for one."""

import os
import shutil
import sys
import textwrap

WIDTH = 100
CODES = {'red': '31', 'green': '32', 'yellow': '33', 'bold': '1'}


def width():
    """The terminal's columns, at most WIDTH."""
    return min(WIDTH, max(40, shutil.get_terminal_size((WIDTH, 25)).columns))


def coloured(colour, text):
    """The text in a colour if it goes to a terminal and NO_COLOR is not set."""
    if os.environ.get('NO_COLOR') or not sys.stdout.isatty():
        return text
    return f'\033[{CODES[colour]}m{text}\033[0m'


def shorten(text, room):
    """Cut in the middle: both ends of a name are worth reading."""
    if len(text) <= room:
        return text
    left = (room - 3) // 2
    return text[:left] + '...' + text[len(text) - (room - 3 - left):]


def lines(head, rows):
    """Aligned columns: the first to the left, shortened to fit; the others to the right."""
    grid = [[str(x) for x in row] for row in [head, *rows]]
    wide = [max(len(row[i]) for row in grid) for i in range(len(head))]
    wide[0] = min(wide[0], max(8, width() - sum(wide[1:]) - 2 * (len(head) - 1)))
    return ['  '.join([shorten(row[0], wide[0]).ljust(wide[0])] +
                      [x.rjust(w) for x, w in zip(row[1:], wide[1:])]).rstrip()
            for row in grid]


def whole(number):
    """Does this number of pages stand for a whole address space?"""
    return number >= 1 << 40


def pages(number):
    """A number of pages for a reader."""
    return 'all' if whole(number) else str(number)


def wrapped(text, indent='  '):
    """Text folded to the width; the first line is indented less than the others."""
    return textwrap.wrap(text, width(), initial_indent=indent,
                         subsequent_indent=indent + '    ') or [indent.rstrip()]
