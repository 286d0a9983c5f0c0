# SPDX-License-Identifier: GPL-2.0-only
"""Gather what lab/boot/launch.py left in a result folder into one Evidence."""

import json
import re
from pathlib import Path
from typing import NamedTuple

from judge import conditions, console, datafiles, ktap, splats
from judge.datafiles import Unreadable

RUN_KEYS = ('base', 'version', 'series', 'arch', 'machine', 'emulator', 'flavour', 'cpu', 'cpus',
            'suite_glob', 'seed', 'suites', 'tree', 'xfail', 'filter')
BOOT_KEYS = ('ended', 'status', 'seconds', 'quiet_limit', 'deadline')
ERROR = re.compile(r'lab: error [0-3] (\d+\.\d{6})(?: (.*))?')
ERRORS = re.compile(r'lab: errors (\d+)')
END = re.compile(r'lab: end debug_locks=([01-]) tainted=(\d+)')
STATUS = {'SUCCESS': 'passed', 'FAILURE': 'failed', 'SKIPPED': 'skipped'}


def record(path, keys):
    """A JSON object with all of its keys."""
    try:
        found = json.loads(datafiles.text_of(path))
    except ValueError as error:
        raise Unreadable(f'{path.name}: {error}') from error
    missing = [k for k in keys if not isinstance(found, dict) or k not in found]
    if missing:
        raise Unreadable(f'{path.name}: no {", ".join(missing)}')
    return found


def raw(path):
    """The console's bytes."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Unreadable(f'{path.name}: {error}') from error


def said_by_guest(con, start):
    """The guest's own words that begin like this, with their line numbers."""
    return [(x.number, s.text) for x in con.lines for s in x.segments
            if s.text.startswith(start)]


def end_marker(con):
    """(debug_locks, tainted) of the guest's last word or None; how many there are."""
    seen = [text for _, text in said_by_guest(con, 'lab: end')]
    match = END.fullmatch(seen[-1]) if seen else None
    return (match.group(1), int(match.group(2))) if match else None, len(seen)


def errors_logged(con):
    """The guest's list of errors, and how many it says there are, each time it does."""
    read = [(n, ERROR.fullmatch(text)) for n, text in said_by_guest(con, 'lab: error ')]
    counts = [ERRORS.fullmatch(text) for _, text in said_by_guest(con, 'lab: errors')]
    return ([splats.Error(float(m.group(1)), (m.group(2) or '').rstrip(), n)
             for n, m in read if m],
            [int(m.group(1)) if m else None for m in counts])


def status_of(test):
    """The parser's status in this lab's words; what it could not read is missing."""
    return STATUS.get(test.status.name, 'missing')


def expected_status(status, expected, messages):
    """What becomes of a case that must fail, and for its own reason."""
    if expected is None:
        return status
    if status == 'failed' and not any(expected.text in x for x in ktap.failures(messages)):
        return 'failed'
    return {'failed': 'xfail', 'passed': 'xpass', 'skipped': 'xskip'}.get(status, status)


class Cases:
    """Joins the parser's tree with the index of lines."""

    def __init__(self, index, run, expected):
        self.index = index
        self.expected = {x.case: x for x in expected if x.arch in ('*', run['arch'])}

    def case(self, suite, test, before):
        """One case; before is when the one above it was done."""
        known = suite.cases.get(test.name, {}) if suite else {}
        must = self.expected.get(f'{suite.name}.{test.name}') if suite else None
        status = status_of(test)
        if status == 'passed' and any(not sub.ok_status() for sub in test.subtests):
            status = 'failed'
        reason = known.get('reason', '').removeprefix('SKIP').strip() if status == 'skipped' else ''
        logs = known.get('logs', [])
        messages = ktap.messages(logs)
        return {'name': test.name, 'status': expected_status(status, must, messages),
                'reason': must.reason if must else reason,
                'wanted': must.text if must else None,
                'time': ktap.elapsed(before, known.get('stamp')),
                'line': known.get('line'), 'messages': messages,
                'parameters': ktap.parameters(logs, test.name)}

    def suite(self, test):
        """One suite with its cases; results without a name are missing ones."""
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
        """Every suite that ran, then those that should have."""
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
    run, boot = record(folder / 'run.json', RUN_KEYS), record(folder / 'boot.json', BOOT_KEYS)
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
        announced=ktap.announced(extract.entries))
