# SPDX-License-Identifier: GPL-2.0-only
"""Gather what lab/boot/launch.py left in a result folder into one Evidence."""

import json
import re
from pathlib import Path
from typing import NamedTuple

from judge import conditions, console, datafiles, ktap, splats
from judge.datafiles import Unreadable

# The keys of run.json that summary.json has too, and those that only the judge needs.
SHOWN = ('base', 'version', 'series', 'arch', 'machine', 'flavour', 'cpu', 'cpus', 'suite_glob',
         'seed', 'filter', 'started', 'project', 'tree_commit', 'base_commit', 'compiler',
         'kernel_sha256', 'retries')
RUN_KEYS = (*SHOWN, 'emulator', 'suites', 'tree', 'xfail')
EMULATOR_KEYS = ('name', 'version', 'status')
BOOT_KEYS = ('ended', 'status', 'seconds', 'quiet_limit', 'deadline')
ERROR = re.compile(r'lab: error [0-3] (\d+\.\d{6})(?: (.*))?')
ERRORS = re.compile(r'lab: errors (\d+)')
END = re.compile(r'lab: end debug_locks=([01-]) tainted=(\d+)')
BY_EMULATOR = re.compile(r'(?:\S*/)?(?:qemu-system-[\w-]+|bochs): ')
STATUS = {'SUCCESS': 'passed', 'FAILURE': 'failed', 'SKIPPED': 'skipped'}


def complete(name, found, keys):
    """A JSON object that has all of these keys."""
    missing = [k for k in keys if not isinstance(found, dict) or k not in found]
    if missing:
        raise Unreadable(f'{name}: no {", ".join(missing)}')
    return found


def record(path, keys):
    """The JSON object in a file, with all of these keys."""
    try:
        found = json.loads(datafiles.text_of(path))
    except ValueError as error:
        raise Unreadable(f'{path.name}: {error}') from error
    return complete(path.name, found, keys)


def plan(folder):
    """run.json: what was to be booted."""
    run = record(folder / 'run.json', RUN_KEYS)
    complete('run.json: emulator', run['emulator'], EMULATOR_KEYS)
    return run


def plan_or_nothing(folder):
    """run.json, or nothing when it cannot be read."""
    try:
        return plan(folder)
    except Unreadable:
        return {}


def raw(path):
    """A file's bytes."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Unreadable(f'{path.name}: {error}') from error


def emulator_said(path):
    """The first error of the emulator itself, else its first other line, a warning last."""
    try:
        text = path.read_text(encoding='utf-8', errors='replace')
    except OSError:
        return ''
    lines = [x.strip() for x in text.splitlines() if x.strip()]
    others = [x for x in lines if 'warning:' not in x]
    return next(iter([x for x in others if BY_EMULATOR.match(x)] + others + lines), '')


def said_by_guest(con, start):
    """(line number, text) of what the guest printed that begins with these words."""
    return [(x.number, s.text) for x in con.lines for s in x.segments
            if s.text.startswith(start)]


def end_marker(con):
    """(debug_locks, tainted) of the guest's end marker or None; how many markers there are."""
    seen = [text for _, text in said_by_guest(con, 'lab: end')]
    match = END.fullmatch(seen[-1]) if seen else None
    return (match.group(1), int(match.group(2))) if match else None, len(seen)


def errors_logged(con):
    """The guest's list of errors, and the length it gives, once for each "lab: errors" line."""
    read = [(n, ERROR.fullmatch(text)) for n, text in said_by_guest(con, 'lab: error ')]
    counts = [ERRORS.fullmatch(text) for _, text in said_by_guest(con, 'lab: errors')]
    return ([splats.Error(float(m.group(1)), (m.group(2) or '').rstrip(), n)
             for n, m in read if m],
            [int(m.group(1)) if m else None for m in counts])


def status_of(test):
    """The parser's status as summary.json has it; what the parser could not read is missing."""
    return STATUS.get(test.status.name, 'missing')


def expected_status(status, texts, messages):
    """The status of a case that is expected to fail with certain texts, or of any other."""
    if not texts or status == 'failed' and not ktap.as_expected(messages, texts):
        return status
    return {'failed': 'xfail', 'passed': 'xpass', 'skipped': 'xskip'}.get(status, status)


class Cases:
    """Makes the summary's suites and cases of the parser's tree and the index of lines."""

    def __init__(self, index, run, expected):
        self.index = index
        self.expected = {}
        for each in expected:
            if each.arch in ('*', run['arch']):
                self.expected.setdefault(each.case, []).append(each)

    def case(self, suite, test, before):
        """One case; before is the time of the result above it."""
        known = suite.cases.get(test.name, {}) if suite else {}
        must = self.expected.get(f'{suite.name}.{test.name}', []) if suite else []
        texts = [x.text for x in must]
        status = status_of(test)
        if status == 'passed' and any(not sub.ok_status() for sub in test.subtests):
            status = 'failed'
        reason = known.get('reason', '').removeprefix('SKIP').strip() if status == 'skipped' else ''
        logs = known.get('logs', [])
        messages = ktap.messages(logs)
        return {'name': test.name, 'status': expected_status(status, texts, messages),
                'reason': '; '.join(dict.fromkeys(x.reason for x in must)) or reason,
                'wanted': '\n'.join(texts) or None,
                'time': ktap.elapsed(before, known.get('stamp')),
                'line': known.get('line'), 'messages': messages,
                'parameters': ktap.parameters(logs, test.name)}

    def suite(self, test):
        """One suite with its cases; a result without a name is left out, it counts as missing."""
        suite = self.index.find(test.name)
        cases, before = [], suite.start if suite else None
        for sub in test.subtests:
            if sub.name:
                cases.append(self.case(suite, sub, before))
                before = (suite.cases.get(sub.name) or {}).get('stamp') if suite else None
        return {'name': test.name, 'status': status_of(test), 'cases': cases,
                'missing': len(suite.missing()) if suite else 0,
                'time': suite.seconds() if suite else None}

    def suites(self, main, wanted):
        """Every suite that ran, then the wanted ones that did not."""
        found = [self.suite(t) for t in main.subtests if t.name] if main else []
        names = {s['name'] for s in found}
        return found + [{'name': n, 'status': 'missing', 'cases': [], 'missing': 0,
                         'time': None} for n in wanted if n not in names]


def results_read(test):
    """How many result lines the parser's tree accounts for."""
    own = 1 if test.name != 'main' and status_of(test) != 'missing' else 0
    return own + sum(results_read(t) for t in test.subtests)


class Files(NamedTuple):
    """The judge's own data files."""
    splats: Path = datafiles.DATA / 'splats'
    allow: Path = datafiles.DATA / 'allow'
    skips: Path = datafiles.DATA / 'skips'


def gather(folder, files=Files()):
    """Read a result folder; raises Unreadable."""
    run, boot = plan(folder), record(folder / 'boot.json', BOOT_KEYS)
    datafiles.text_of(folder / 'cmdline')
    con = console.read(raw(folder / 'console'))
    expected = datafiles.expected(Path(run['xfail'])) if run['xfail'] else []
    extract = ktap.extract(con)
    index = ktap.Index(extract.entries)
    parsed = ktap.parse(Path(run['tree']), extract.entries)
    end, ends = end_marker(con)
    errors, counts = errors_logged(con)
    known = splats.complaints(con, datafiles.splats(files.splats))
    return conditions.Evidence(
        run=run, boot=boot, console=con,
        emulator_said=emulator_said(folder / 'emulator.err'),
        config=datafiles.options(folder / '.config', strict=False),
        requested=datafiles.options(folder / 'requested.config', strict=True),
        complaints=known + splats.logged(con, extract.entries, errors, known),
        logged=len(errors), counts=counts,
        allow=datafiles.allowed(files.allow), skips=datafiles.skips(files.skips),
        expected=expected, extract=extract, index=index,
        errors=parsed.errors, error=parsed.error,
        read=results_read(parsed.main) if parsed.main else index.results,
        suites=Cases(index, run, expected).suites(parsed.main, run['suites']),
        end=end, ends=ends, unreadable=ktap.notes(extract.entries)[2],
        announced=ktap.announced(extract.entries),
        uncounted=ktap.uncounted(extract.entries),
        lost=ktap.lost_failures(extract.entries))
