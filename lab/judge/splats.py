# SPDX-License-Identifier: GPL-2.0-only
"""Find the kernel's complaints on a console, and tell the explained from the rest."""

import re
from typing import NamedTuple

PANIC = re.compile(r'^Kernel panic - not syncing: ?(.*)')
CUT_HERE = re.compile(r'^-+\[ cut here \]-+')
END_TRACE = re.compile(r'^---\[ end trace ')
RULER = re.compile(r'^={20,}$')
OUR_LIST = 'lab: error '	# the guest repeats what the console has shown before
CUT = 700		# the guest cuts long lines of its list, behind more characters than this
CHANGING = re.compile(r'0x[0-9a-f]+|\b[0-9a-f]{8,16}\b|\d+')
WARN_HEAD = 5		# WARN()'s message stands between "cut here" and "WARNING: CPU:"
DUMP_REACH = 400	# a lockdep report can hold this many lines before its stack
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
    line: int		# where the guest's list has it


def pieces(console):
    """Every writer's text with its line number."""
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
    """The first pattern that knows this text, or None."""
    return next((s.name for s in splats if s.pattern.search(text)), None)


def warn_message(console, number):
    """WARN() prints its message above its WARNING line: fetch it."""
    above = console.lines[max(0, number - 1 - WARN_HEAD):number - 1]
    for back, line in enumerate(reversed(above)):
        if CUT_HERE.match(line.text):
            said = [x.text for x in above[len(above) - back:]]
            return ' '.join(x.strip() for x in said if x.strip())
    return ''


def opens_warning(console, number, splats):
    """Is this "cut here" the top of a WARNING or BUG that has its own line?"""
    below = console.lines[number:number + WARN_HEAD + 1]
    return any(name_of(x.text, splats) not in (None, 'stack-dump') for x in below)


def worded(console, name, text, number):
    """The complaint as one line; a WARNING with the message it was given."""
    message = warn_message(console, number) if name == 'warning' else ''
    return Found(name, f'{text}: {message}' if message else text.strip(), number)


def complaints(console, splats):
    """Every complaint in order."""
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
    """Is this text of a line that error? The guest cuts long ones."""
    return text == error.text or len(error.text) > CUT and text.startswith(error.text)


class Places:
    """Finds by its time and text where a line stands."""

    def __init__(self, lines):
        self.by_stamp = {}
        for number, stamp, text in lines:
            self.by_stamp.setdefault(stamp, []).append((number, text))

    def find(self, error):
        """The number of the line that this error is, or None."""
        lines = self.by_stamp.get(error.stamp, ())
        return next((n for n, text in lines if is_line(error, text.rstrip())), None)


def told(console, heads, errors):
    """The lines of errors that the report of a known complaint consists of.

    They follow its head without another line between, up to a closing ruler.
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
    """The errors that are neither lines of KTAP nor told by a known complaint."""
    of_ktap = Places(entries)
    shown = Places((x.number, s.stamp, s.text) for x in console.lines for s in x.segments)
    lines = {shown.find(e) or e.line: e.text for e in errors if of_ktap.find(e) is None}
    skip = told(console, {x.line for x in known}, lines)
    return [Found('error', text, number) for number, text in sorted(lines.items())
            if number not in skip]


def explanation(text, allow, places, flavour):
    """The reason why this is allowed here, or None."""
    for rule in allow:
        if rule.place in ('*', *places) and rule.flavour in ('*', flavour) \
                and rule.pattern.search(text):
            return rule.reason
    return None


def likeness(found):
    """Two complaints with the same likeness are one complaint, twice."""
    return found.name, CHANGING.sub('N', found.text)


def taints(mask):
    """The names of the taint bits that KUnit does not explain."""
    bits = [b for b in range(mask.bit_length()) if mask >> b & 1 and b != TAINT_TEST]
    return [f'TAINT_{TAINTS[b] if b < len(TAINTS) else "UNKNOWN"} (bit {b})' for b in bits]
