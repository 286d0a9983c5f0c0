# SPDX-License-Identifier: GPL-2.0-only
"""The judge's data files: splat patterns, what is allowed, what must fail.

Every reader here is strict.  A line that cannot be parsed raises Unreadable, and the
judge then fails the run: a rule that is ignored could hide a failure.
"""

import re
from pathlib import Path
from typing import NamedTuple

from judge import wording

DATA = Path(__file__).resolve().parent.parent / 'data'
ARCHES = tuple(sorted(x.name for x in (DATA / 'arch').iterdir()))
MACHINES = tuple(sorted(x.name for x in (DATA / 'machine').iterdir()))
BASES = tuple(sorted(x.name.removeprefix('linux-')
                     for x in (DATA.parent.parent / 'patches').glob('linux-*')))
ALLOWED = re.compile(r'(\S+)\s+(\S+)\s+(\S.*?)\s+#\s*(\S.*)')
EXPECTED = re.compile(r'(\S+)\s+([^\s.]+\.[^\s.]+)\s+"([^"]*[^"\s][^"]*)"\s+(\S.*)')
KERNEL = re.compile(r'(\d+\.\d+|\*)(?:-(full|none))?')
SKIP = re.compile(r'(?:(\d+\.\d+\S*|\*-\S*)\s+)?(\S+)\s+(\S+)\s+([^\s.]+\.[^\s.]+)'
                  r'\s+"([^"]*[^"\s][^"]*)"\s+#\s*(\S.*)')
FLAVOUR = re.compile(r'[a-z0-9_]+|\*')
OPTION = re.compile(r'(CONFIG_\w+)=(.+)')
UNSET = re.compile(r'# (CONFIG_\w+) is not set')


class Unreadable(Exception):
    """An input of the judge is missing or malformed."""


class Splat(NamedTuple):
    """A console line that means the kernel complained."""
    name: str
    pattern: re.Pattern


class Allow(NamedTuple):
    """A splat or taint that is explained, on an architecture or a machine."""
    place: str
    flavour: str
    pattern: re.Pattern
    reason: str


class Expected(NamedTuple):
    """A case that must fail, and a text that explains a failure of it."""
    arch: str
    case: str
    text: str
    reason: str


class Skip(NamedTuple):
    """Cases that may be skipped for one reason: on which kernel, where, which flavour."""
    where: str
    base: str
    series: str
    place: str
    flavour: str
    case: str
    text: str
    reason: str


def text_of(path):
    """The text of a file that the judge needs."""
    try:
        return path.read_text(encoding='utf-8')
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(f'{path.name}: {error}') from error


def numbered(path):
    """FILE:LINE and the text of each line that is neither empty nor a comment."""
    for number, line in enumerate(text_of(path).splitlines(), 1):
        if line.strip() and not line.lstrip().startswith('#'):
            yield f'{path.name}:{number}', line


def compiled(where, regex):
    """The compiled pattern.  One that matches every line is refused."""
    try:
        pattern = re.compile(regex)
    except re.error as error:
        raise Unreadable(f'{where}: bad pattern: {error}') from error
    if pattern.search(''):
        raise Unreadable(f'{where}: the pattern matches every line')
    return pattern


def known_arch(where, arch, others=()):
    """Refuse a name that is neither "*", an architecture nor one of the others."""
    if arch not in ('*', *ARCHES, *others):
        raise Unreadable(f'{where}: unknown architecture {arch!r}')
    return arch


def splats(path):
    """Read NAME<TAB>regex lines."""
    found = []
    for where, line in numbered(path):
        name, tab, regex = line.partition('\t')
        if not tab or not name.strip() or not regex.strip():
            raise Unreadable(f'{where}: not NAME<TAB>regex')
        found.append(Splat(name.strip(), compiled(where, regex.strip())))
    if not found:
        raise Unreadable(f'{path.name}: no pattern')
    return found


def allowed(path):
    """Read `ARCH FLAVOUR regex  # reason` lines; a machine may stand for ARCH."""
    found = []
    for where, line in numbered(path):
        match = ALLOWED.fullmatch(line.strip())
        if not match:
            raise Unreadable(f'{where}: not "ARCH FLAVOUR regex  # reason"')
        place, flavour, regex, reason = match.groups()
        if not FLAVOUR.fullmatch(flavour):
            raise Unreadable(f'{where}: not a flavour: {flavour!r}')
        found.append(Allow(known_arch(where, place, MACHINES), flavour,
                           compiled(where, regex), reason))
    return found


def expected(path):
    """Read `ARCH SUITE.CASE "text"  reason` lines; a case has one for each of its failures."""
    found = []
    for where, line in numbered(path):
        match = EXPECTED.fullmatch(line.strip())
        if not match:
            raise Unreadable(f"{where}: not 'ARCH SUITE.CASE \"text\"  reason'")
        arch, case, text, reason = match.groups()
        if wording.weak(text):
            raise Unreadable(f'{where}: {case}: the text "{text}" {wording.weak(text)}')
        if any(x.case == case and x.text == text and (x.arch == arch or '*' in (x.arch, arch))
               for x in found):
            raise Unreadable(f'{where}: {case} is listed twice with this text for one architecture')
        found.append(Expected(known_arch(where, arch), case, text, reason))
    return found


def known_kernel(where, kernel):
    """(base, series) of BASE, BASE-none, BASE-full, *-none or *-full; nothing means all."""
    if kernel is None:
        return '*', '*'
    match = KERNEL.fullmatch(kernel)
    if not match or match.group(1) not in ('*', *BASES):
        raise Unreadable(f'{where}: unknown kernel {kernel!r}')
    return match.group(1), match.group(2) or '*'


def skips(path):
    """Read `[KERNEL] PLACE FLAVOUR SUITE.CASE "text"  # reason`; the case may be a glob."""
    found = []
    for where, line in numbered(path):
        match = SKIP.fullmatch(line.strip())
        if not match:
            raise Unreadable(
                f"{where}: not '[KERNEL] PLACE FLAVOUR SUITE.CASE \"text\"  # reason'")
        kernel, place, flavour, case, text, reason = match.groups()
        if not FLAVOUR.fullmatch(flavour):
            raise Unreadable(f'{where}: not a flavour: {flavour!r}')
        known_arch(where, place.split('/')[0], MACHINES)
        found.append(Skip(where, *known_kernel(where, kernel), place, flavour, case, text, reason))
    return found


def options(path, strict):
    """Read a .config; None stands for "is not set".  The last line of an option counts."""
    found = {}
    for number, line in enumerate(text_of(path).splitlines(), 1):
        line = line.strip()
        match, unset = OPTION.fullmatch(line), UNSET.fullmatch(line)
        if match:
            value = match.group(2)
            found[match.group(1)] = None if value == 'n' else value
        elif unset:
            found[unset.group(1)] = None
        elif strict and line and not line.startswith('#'):
            raise Unreadable(f'{path.name}:{number}: not an option: {line}')
    return found
