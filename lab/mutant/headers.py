# SPDX-License-Identifier: GPL-2.0-only
"""The headers of a mutant, in the lines above its diff.

    Kills: SUITE.CASE    the case that must fail; one line for each
    Words: TEXT          a part of its failure, for the Kills: lines directly above
    Splat: TEXT          in place of Words: a part of the splat that kills the mutant
    Arch: Flavour: Machine:     where it runs, if not on x86_64 with the defaults
"""

import re
from pathlib import Path
from typing import NamedTuple

from judge import wording

END = re.compile(r'^(?:---$|diff --git )', re.M)
LINE = re.compile(r'^(Kills|Words|Splat|Arch|Flavour|Machine):[ \t]*(.*?)[ \t]*$', re.M)
CASE = re.compile(r'\w+\.\w+')


class Malformed(Exception):
    """A header that cannot be understood."""


class Killer(NamedTuple):
    """A case, and a part of its failure or of the splat in the boot of its suite."""
    case: str
    words: str | None = None
    splat: str | None = None

    @property
    def suite(self):
        """The suite to boot."""
        return self.case.partition('.')[0]


class Mutant(NamedTuple):
    """A known-bad edit."""
    path: Path
    name: str
    arch: str
    flavour: str
    machine: str
    killers: tuple

    @property
    def suites(self):
        """Each suite once."""
        return sorted({x.suite for x in self.killers})


def killers(lines):
    """A Words: or Splat: line is for all Kills: lines above it that do not have one yet."""
    found, waiting = [], []
    for key, value in lines:
        if key == 'Kills':
            waiting.append(value)
        elif key in ('Words', 'Splat'):
            if not waiting:
                raise Malformed(f'{key}: {value} follows no Kills: line')
            found += [Killer(case, **{key.lower(): value}) for case in waiting]
            waiting = []
    return tuple(found + [Killer(case) for case in waiting])


def only(lines, key):
    """The value of a header that may come once, or nothing."""
    values = [value for name, value in lines if name == key]
    if len(values) > 1:
        raise Malformed(f'has {len(values)} {key}: lines')
    return values[0] if values else ''


def name_of(path, folder):
    """SUBJECT/NAME, the path below the folder of mutants."""
    return path.relative_to(folder).with_suffix('').as_posix()


def read(path, folder):
    """The mutant of a file; raises Malformed."""
    text = path.read_text(encoding='utf-8')
    end = END.search(text)
    lines = LINE.findall(text[:end.start()] if end else text)
    found = Mutant(path, name_of(path, folder), only(lines, 'Arch') or 'x86_64',
                   only(lines, 'Flavour'), only(lines, 'Machine'), killers(lines))
    if not found.killers:
        raise Malformed('has no Kills: line: it must name the case that kills it')
    for each in found.killers:
        if not CASE.fullmatch(each.case):
            raise Malformed(f'Kills: {each.case} is not SUITE.CASE')
    return found


def vague_words(mutant):
    """(case, why) of each case whose words are there and prove nothing."""
    for each in mutant.killers:
        text = each.words or each.splat
        if text and wording.weak(text):
            yield each.case, f'"{text}" {wording.weak(text)}'


def weak_words(mutant):
    """Why the words prove nothing, one line for each case."""
    for each in mutant.killers:
        if not (each.words or each.splat):
            yield f'{mutant.name}: {each.case}: no Words: say how it fails'
    yield from (f'{mutant.name}: {case}: {why}' for case, why in vague_words(mutant))
