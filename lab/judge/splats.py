# SPDX-License-Identifier: GPL-2.0-only
"""Find the kernel's complaints on a console: known splats, and errors of its log."""

import re
from typing import NamedTuple

PANIC = re.compile(r'^Kernel panic - not syncing: ?(.*)')
CUT_HERE = re.compile(r'^-+\[ cut here \]-+')
END_TRACE = re.compile(r'^---\[ end trace ')
RULER = re.compile(r'^={20,}$')
OUR_LIST = 'lab: error '	# begins a line of the guest's list, which repeats others
CUT = 700		# the guest shortens a line of its list only if it is longer than this
CHANGING = re.compile(r'0x[0-9a-f]+|\b[0-9a-f]{8,16}\b|\d+')
WARN_HEAD = 5		# WARN()'s message stands between "cut here" and "WARNING: CPU:"
DUMP_REACH = 400	# so many lines a lockdep report can have above its stack
TAINTS = ('PROPRIETARY_MODULE', 'FORCED_MODULE', 'CPU_OUT_OF_SPEC', 'FORCED_RMMOD',
          'MACHINE_CHECK', 'BAD_PAGE', 'USER', 'DIE', 'OVERRIDDEN_ACPI_TABLE', 'WARN',
          'CRAP', 'FIRMWARE_WORKAROUND', 'OOT_MODULE', 'UNSIGNED_MODULE', 'SOFTLOCKUP',
          'LIVEPATCH', 'AUX', 'RANDSTRUCT', 'TEST')
TAINT_TEST = 18
WARNED = 'TAINT_WARN (bit 9)'	# as taints() names it


class Found(NamedTuple):
    """A complaint: what kind, its text, its first line."""
    name: str
    text: str
    line: int


class Error(NamedTuple):
    """A line that the kernel logged at level error or worse."""
    stamp: float
    text: str
    line: int		# its line in the guest's list


def pieces(console):
    """(line number, text) of each writer's part of each line."""
    for line in console.lines:
        for segment in line.segments:
            yield line.number, segment.text


def panic(console):
    """The first panic, or None."""
    for number, text in pieces(console):
        match = PANIC.match(text)
        if match:
            return Found('panic', match.group(1) or 'without a message', number)
    return None


def name_of(text, splats):
    """The name of the first pattern that matches this text, or None."""
    return next((s.name for s in splats if s.pattern.search(text)), None)


def warn_message(console, number):
    """The message of a WARN(), which stands above its WARNING line."""
    above = console.lines[max(0, number - 1 - WARN_HEAD):number - 1]
    for back, line in enumerate(reversed(above)):
        if CUT_HERE.match(line.text):
            said = [x.text for x in above[len(above) - back:]]
            return ' '.join(x.strip() for x in said if x.strip())
    return ''


def opens_warning(console, number, splats):
    """Does a WARNING or BUG with a line of its own follow this "cut here"?"""
    below = console.lines[number:number + WARN_HEAD + 1]
    return any(name_of(x.text, splats) not in (None, 'stack-dump') for x in below)


def worded(console, name, text, number):
    """The complaint in one line; that of a WARNING has its message too."""
    message = warn_message(console, number) if name == 'warning' else ''
    return Found(name, f'{text}: {message}' if message else text.strip(), number)


def complaints(console, splats):
    """Every known splat, in the order of the lines."""
    found, head = [], -DUMP_REACH - 1
    for number, text in pieces(console):
        if text.startswith(OUR_LIST):
            continue
        name = name_of(text, splats)
        if name == 'stack-dump' and (number - head <= DUMP_REACH or
                                     opens_warning(console, number, splats)):
            continue
        if name:
            found.append(worded(console, name, text, number))
        if name or PANIC.match(text):
            head = number
        elif END_TRACE.match(text):
            head = -DUMP_REACH - 1
    return found


def is_line(error, text):
    """Is this line that error of the list?  The guest shortens long ones."""
    return text == error.text or len(error.text) > CUT and text.startswith(error.text)


class Places:
    """Finds the line of the console that has an error's time and text."""

    def __init__(self, lines):
        self.by_stamp = {}
        for number, stamp, text in lines:
            self.by_stamp.setdefault(stamp, []).append((number, text))

    def find(self, error):
        """The number of the error's line, or None."""
        lines = self.by_stamp.get(error.stamp, ())
        return next((n for n, text in lines if is_line(error, text.rstrip())), None)


def told(console, heads, errors):
    """The lines of errors that belong to the report of a known splat.

    They follow its first line without another line between, up to a closing ruler.
    """
    found = set(heads)
    for head in heads:
        if head > 1 and RULER.match(console.lines[head - 2].text):
            found.add(head - 1)
        for line in console.lines[head:]:
            if line.number not in errors:
                break
            found.add(line.number)
            if RULER.match(line.text):
                break
    return found


def logged(console, entries, errors, known):
    """The errors that are neither KTAP nor a part of a known splat's report."""
    of_ktap = Places(entries)
    shown = Places((x.number, s.stamp, s.text) for x in console.lines for s in x.segments)
    lines = {shown.find(e) or e.line: e.text for e in errors if of_ktap.find(e) is None}
    skip = told(console, {x.line for x in known}, lines)
    return [Found('error', text, number) for number, text in sorted(lines.items())
            if number not in skip]


def explanation(text, allow, places, flavour):
    """The reason of the first rule that allows this text here, or None."""
    for rule in allow:
        if rule.place in ('*', *places) and rule.flavour in ('*', flavour) \
                and rule.pattern.search(text):
            return rule.reason
    return None


def likeness(found):
    """Name and text without numbers: the same complaint has the same likeness."""
    return found.name, CHANGING.sub('N', found.text)


def taints(mask):
    """The names of the taint bits, without KUnit's own."""
    bits = [b for b in range(mask.bit_length()) if mask >> b & 1 and b != TAINT_TEST]
    return [f'TAINT_{TAINTS[b] if b < len(TAINTS) else "UNKNOWN"} (bit {b})' for b in bits]
