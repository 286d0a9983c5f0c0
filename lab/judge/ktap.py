# SPDX-License-Identifier: GPL-2.0-only
"""Extract the KTAP from a console, and read it.

The result of a case is what the tree's tools/testing/kunit/kunit_parser.py makes of it.
This module gives that parser clean lines, and finds what it does not report: a missing
plan, a result outside every plan, a line that two writers cut, and the time of each result.
"""

import contextlib
import importlib
import io
import re
import sys
from typing import NamedTuple

from judge.datafiles import Unreadable

VERSION = re.compile(r'( *)KTAP version \d+$')
PLAN = re.compile(r'( *)1\.\.(\d+)$')
SUBTEST = re.compile(r'( *)# Subtest: (.+)$')
RESULT = re.compile(r'( *)(not ok|ok) (\d+) (?:- )?([^#]*?)(?: # (.*))?$')
DIAGNOSTIC = re.compile(r' *# \S')
EXPECTATION = re.compile(r' *# .*(EXPECTATION|ASSERTION) FAILED at ')
ALIKE = re.compile(r' *(KTAP version|1\.\.\d|# Subtest:|ok \d|not ok \d)')
STATS = re.compile(r' *# (\S+): pass:(\d+) fail:(\d+) skip:(\d+) total:(\d+)$')
# "# counted: ..." is a note of the suite, not of a case with that name.
OF_CASE = re.compile(r'    # (?!(?:counted|seed|cost): )([^\s:]+): (.*)$')
COUNTED = re.compile(r'(?:# )?counted: (\S.*?) calls=(\d+) pages=(\d+) changed=(\d+)$')
COUNTING = re.compile(r'\bcounted: ')
SEED = re.compile(r'(?:# )?seed: (0x[0-9a-fA-F]+)$')
ANNOUNCED = re.compile(r'announced: (\S+) (\S.*)$')
CASE = 4	# KUnit indents cases by this many spaces, their parameters by twice that
END = 1 << 60	# a number above that of every line


class Entry(NamedTuple):
    """A line of KTAP and where it came from."""
    number: int
    stamp: float | None
    text: str


class Extract(NamedTuple):
    """What a console holds of KTAP."""
    entries: list
    cut: list
    starts: int


def is_grammar(text):
    """Does this line have the form of KTAP?"""
    return any(p.match(text) for p in (VERSION, PLAN, SUBTEST, RESULT, DIAGNOSTIC))


def first_version(console):
    """The line on which the KTAP starts, or None."""
    for line in console.lines:
        match = VERSION.match(line.text)
        if match and not match.group(1) and not line.cut:
            return line
    return None


def unreadable(line, stamped):
    """Did two writers share this line, or has it lost its time?"""
    return line.cut or bool(line.whole.strip()) and (line.stamp is not None) != stamped


def looks_like_ktap(line):
    """Does a part of this line begin like KTAP?"""
    return any(ALIKE.match(s.text) for s in line.segments)


def contradicts(text):
    """Is this a result that KUnit never prints: a skip that failed?"""
    result = RESULT.match(text)
    return bool(result) and result.group(2) == 'not ok' and (result.group(5) or '').startswith('SKIP')


def extract(console):
    """The KTAP lines of a console, without those that were cut or say nothing.

    The message of a failed expectation has free words.  It is one printk record, so its
    lines are known by their time.
    """
    start = first_version(console)
    entries, bad, failing = [], [], []
    for line in console.lines[start.number - 1:] if start else []:
        if unreadable(line, start.stamp is not None):
            bad.append(line)
        elif is_grammar(line.text) and not contradicts(line.text):
            failing = [line.stamp] if EXPECTATION.match(line.text) else []
            entries.append(Entry(line.number, line.stamp, line.text))
        elif failing == [line.stamp] and line.text.strip():
            entries.append(Entry(line.number, line.stamp, line.text))
        elif looks_like_ktap(line):
            bad.append(line)
        elif line.text.strip():
            failing = []
    end = entries[-1].number if entries else 0
    cut = [x for x in bad if x.number < end and x.stamp is None or looks_like_ktap(x)]
    starts = sum(1 for e in entries if e.text.startswith('KTAP version'))
    return Extract(entries, cut, starts)


@contextlib.contextmanager
def importing_from(folder):
    """Import from this folder without writing byte code there."""
    kept, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        sys.dont_write_bytecode = kept


class Parsed(NamedTuple):
    """The parser's tree of tests (None if it gave up), and the errors that it counted."""
    main: object
    errors: int
    error: str


def first_error(said):
    """The first error the parser printed, without its colours and time."""
    lines = [x.split('[ERROR] ', 1)[1] for x in said.splitlines() if '[ERROR] ' in x]
    return lines[0] if lines else 'no message'


def load_parser(tree):
    """Import the tree's kunit_parser, and none that was imported from another tree before."""
    folder = tree / 'tools/testing/kunit'
    if not (folder / 'kunit_parser.py').is_file():
        raise Unreadable(f'no kunit_parser.py under {folder}')
    for stale in ('kunit_parser', 'kunit_printer'):
        sys.modules.pop(stale, None)
    with importing_from(folder):
        return importlib.import_module('kunit_parser')


def parse(tree, entries):
    """Run the tree's parser.  It prints, and some malformed KTAP makes it raise."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        parser = load_parser(tree)
        try:
            main = parser.parse_run_tests(e.text for e in entries)
        except (ValueError, IndexError, AttributeError) as error:
            return Parsed(None, 1, f'kunit_parser gave up: {error}')
    return Parsed(main, main.counts.errors, first_error(said.getvalue()))


class Suite:
    """The lines of one suite: its plan, its results and their times."""

    def __init__(self, name, stamp):
        self.name, self.start, self.end = name, stamp, None
        self.plan, self.numbers, self.cases = None, [], {}
        self.logs, self.running = [], None

    def seconds(self):
        """How long the suite took, or None."""
        return elapsed(self.start, self.end)

    def result(self, match, entry):
        """One case's result line."""
        self.numbers.append(int(match.group(3)))
        self.cases[match.group(4)] = {
            'line': entry.number, 'stamp': entry.stamp, 'reason': match.group(5) or '', 'logs': self.logs}
        self.logs, self.running = [], None

    def log(self, entry):
        """A line between two results."""
        self.logs.append(entry.text)
        match = OF_CASE.match(entry.text)
        if match and match.group(1) != 'module' and '.' not in match.group(1):
            self.running = match.group(1)

    def last_case(self):
        """The case that finished last, or None."""
        return list(self.cases)[-1] if self.cases else None

    def missing(self):
        """The numbers of the planned cases that have no result line."""
        return sorted(set(range(1, (self.plan or 0) + 1)) - set(self.numbers))


def elapsed(start, end):
    """Seconds between two stamps, or None."""
    return None if start is None or end is None else round(end - start, 6)


class Index:
    """The suites in the order of their lines, and the plan of the suites."""

    def __init__(self, entries):
        self.plan, self.suites, self.results, self.ended = None, [], 0, []
        for entry in entries:
            self.take(entry)

    def current(self):
        """The suite that started last and has no result yet, or None."""
        last = self.suites[-1] if self.suites else None
        return last if last and last.end is None and last.name not in self.ended else None

    def take(self, entry):
        """Take one line; its indentation says what it belongs to."""
        plan, sub = PLAN.match(entry.text), SUBTEST.match(entry.text)
        result = RESULT.match(entry.text)
        self.results += bool(result)
        if sub and len(sub.group(1)) == CASE:
            self.suites.append(Suite(sub.group(2), entry.stamp))
        elif plan and not plan.group(1):
            self.plan = int(plan.group(2)) if self.plan is None else self.plan
        elif result and not result.group(1):
            self.close(result, entry)
        elif self.current():
            self.inside(self.current(), entry, plan, result)

    def inside(self, suite, entry, plan, result):
        """A line of the suite that runs."""
        if plan and len(plan.group(1)) == CASE:
            suite.plan = int(plan.group(2))
        elif result and len(result.group(1)) == CASE:
            suite.result(result, entry)
        elif not VERSION.match(entry.text):
            suite.log(entry)

    def close(self, result, entry):
        """A suite's own result."""
        self.ended.append(result.group(4))
        for suite in self.suites:
            if suite.name == result.group(4) and suite.end is None:
                suite.end = entry.stamp

    def find(self, name):
        """A suite by its name, or None."""
        return next((s for s in self.suites if s.name == name), None)

    def progress(self):
        """How far the guest came, in words."""
        suite = self.current()
        if suite is None:
            return f'after suite {self.ended[-1]} had finished' if self.ended \
                else 'before the first suite'
        of = suite.plan if suite.plan is not None else '?'
        done = f'{len(suite.numbers)} of {of} cases done'
        last = f', the last {suite.last_case()}' if suite.last_case() else ''
        running = f', {suite.running} running' if suite.running else ''
        return f'in suite {suite.name}, {done}{last}{running}'


def parameters(logs, case):
    """KUnit's own count of a case's parameters, or None.

    On 6.1 the result of a skipped parameter is a plain "ok"; only this line counts it.
    """
    for text in logs:
        match = STATS.match(text)
        if match and match.group(1) == case:
            return dict(zip(('passed', 'failed', 'skipped', 'total'),
                            map(int, match.groups()[1:])))
    return None


def messages(logs):
    """The messages of a case, without indentation."""
    return [t.strip() for t in logs if not STATS.match(t) and not RESULT.match(t)
            and not SUBTEST.match(t)]


def failures(said):
    """The text of each failed expectation, as one line.

    An expected failure must show its text here, and a mutant's kill its words.
    """
    found, inside = [], False
    for message in said:
        if message.startswith('# '):
            inside = bool(EXPECTATION.match(message))
            if inside:
                found.append(message.split(': ', 1)[-1])
        elif inside:
            found[-1] += ' ' + message
    return [' '.join(x.split()) for x in found]


def unexpected(said, texts):
    """The failures of a case that show none of the texts that its failures may have."""
    return [x for x in failures(said) if not any(text in x for text in texts)]


def as_expected(said, texts):
    """Did the case fail as expected: by failures that each show one of these texts?"""
    return bool(failures(said)) and not unexpected(said, texts)


def notes(entries):
    """Counted notifications, seeds, and the "counted:" lines that cannot be parsed."""
    counted, seeds, unreadable, suite = [], [], [], None
    for entry in entries:
        sub, own = SUBTEST.match(entry.text), OF_CASE.match(entry.text)
        if sub and len(sub.group(1)) == CASE:
            suite = sub.group(2)
        case, text = None, entry.text.strip().removeprefix('# ')
        if own:
            case, text = own.groups()
        match, seed = COUNTED.match(text), SEED.match(text)
        if match:
            numbers = dict(zip(('calls', 'pages', 'changed'), map(int, match.groups()[1:])))
            counted.append({'operation': match.group(1), **numbers,
                            'suite': suite, 'case': case})
        elif COUNTING.match(text):
            unreadable.append(entry)
        if seed:
            seeds.append({'seed': seed.group(1), 'suite': suite, 'case': case})
    return counted, seeds, unreadable


def uncounted(entries):
    """(case, entry) of each failed expectation whose case does not say "not ok" next.

    KUnit forgets the failure of a case that is skipped later, and that of a thread which the
    case has left behind comes too late.
    """
    found, waiting = [], []
    for entry in entries:
        own, result = OF_CASE.match(entry.text), RESULT.match(entry.text)
        if own and EXPECTATION.match(entry.text):
            waiting.append((own.group(1), entry))
        elif result and len(result.group(1)) <= CASE:
            failed = result.group(4) if result.group(2) == 'not ok' else None
            found += [x for x in waiting if x[0] != failed]
            waiting = []
    return found + waiting


def lost_failures(entries):
    """The lines in which KUnit counts more failures than the results above them say.

    "# Totals:" counts the parameters of a case, and not the case: nothing to compare with.
    """
    found, failed = [], {}
    for entry in entries:
        result, stats = RESULT.match(entry.text), STATS.match(entry.text)
        if result:
            depth = len(result.group(1))
            failed = {x: n for x, n in failed.items() if x <= depth}
            failed[depth] = failed.get(depth, 0) + (result.group(2) == 'not ok')
        elif stats and stats.group(1) != 'Totals':
            depth = len(entry.text) - len(entry.text.lstrip()) + CASE
            if int(stats.group(3)) > failed.get(depth, 0):
                found.append(entry)
    return found


class Announced(NamedTuple):
    """A complaint that a case provokes on purpose, and the lines between which it must come."""
    suite: str
    case: str
    name: str
    text: str
    since: int
    until: int = END

    def covers(self, found):
        """Is this the announced complaint?"""
        return (found.name == self.name and self.text in found.text
                and self.since < found.line < self.until)


def announced(entries):
    """The announcements of all cases; each one ends with the result of its case."""
    done, current, suite = [], [], None
    for entry in entries:
        sub, own = SUBTEST.match(entry.text), OF_CASE.match(entry.text)
        result = RESULT.match(entry.text)
        said = ANNOUNCED.match(own.group(2)) if own else None
        if sub and len(sub.group(1)) == CASE:
            suite = sub.group(2)
        elif said:
            current.append(Announced(suite, own.group(1), *said.groups(), entry.number))
        elif result and len(result.group(1)) <= CASE:
            done += [x._replace(until=entry.number) for x in current]
            current = []
    return done + current
