# SPDX-License-Identifier: GPL-2.0-only
"""Split the guest's console into numbered lines with their printk times.

A line of printk begins with its time, `[    1.234567] `.  If a line has two times, two
writers have printed at once.  Such a line is cut: each writer's part is a segment of its
own, so that a splat in the second part is found too.
"""

import re
from typing import NamedTuple

STAMP = re.compile(r'\[(?= *\d)[ \d]{5,}\.\d{6}\](?:\[ *[CT]\d+\])? ?')
ESCAPES = re.compile(r'\x1b(?:\[[0-9;?=]*[A-Za-z]|[A-Za-z])')


class Segment(NamedTuple):
    """One writer's text, and its time (None if printk did not print it)."""
    stamp: float | None
    text: str


class Line(NamedTuple):
    """One line of the console; number counts from 1."""
    number: int
    whole: str
    segments: list

    @property
    def cut(self):
        """Did two writers share this line?"""
        return len(self.segments) > 1

    @property
    def stamp(self):
        """When the line began, or None."""
        return self.segments[0].stamp

    @property
    def text(self):
        """The first segment's text."""
        return self.segments[0].text


class Console(NamedTuple):
    """All lines of a console, its size in bytes and its NUL bytes."""
    size: int
    first_nul: int
    nuls: int
    lines: list

    def last(self):
        """The last line that is not empty, or None."""
        return next((x for x in reversed(self.lines) if x.whole.strip()), None)


def stamp_time(match):
    """The seconds in a printk prefix."""
    return float(match.group(0).strip('[').split(']')[0])


def segments(text):
    """Split one line before each printk prefix."""
    marks = list(STAMP.finditer(text))
    if not marks:
        return [Segment(None, text)]
    found = []
    if text[:marks[0].start()].strip():
        found.append(Segment(None, text[:marks[0].start()]))
    ends = [m.start() for m in marks[1:]] + [len(text)]
    for mark, end in zip(marks, ends):
        found.append(Segment(stamp_time(mark), text[mark.end():end]))
    return found


def read(raw):
    """Make a Console of the bytes that the emulator wrote."""
    lines = []
    text = raw.decode('utf-8', errors='replace').replace('\0', '')
    for number, line in enumerate(text.split('\n'), 1):
        line = ESCAPES.sub('', line).rstrip('\r\t ')
        lines.append(Line(number, line, segments(line)))
    return Console(len(raw), raw.find(b'\0'), raw.count(b'\0'), lines)
