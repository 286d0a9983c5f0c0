# SPDX-License-Identifier: GPL-2.0-only
"""The conditions of a pass, each a function of the evidence.

A condition returns the reasons why it does not hold.  A run passes when no condition
returns a reason.  Nothing here reads or writes a file.
"""

import collections
from fnmatch import fnmatchcase
from typing import NamedTuple

from judge import ktap, splats

CODES = {'pass': 0, 'input': 2, 'configuration': 3, 'boot': 6, 'test': 7, 'splat': 8}
PRECEDENCE = ('input', 'boot', 'splat', 'test', 'configuration')
EVERY_SUITE = (None, '', '*', '[!_]*')	# filters that choose every suite of a plain run
FAR = 1 << 60	# sorts reasons without a line behind those with one


class Reason(NamedTuple):
    """Why a run failed: class, short name, text, console line (or None), how often."""
    kind: str
    name: str
    text: str
    line: int | None = None
    count: int = 1

    def record(self):
        """The reason as it stands in summary.json."""
        return {'class': self.kind, 'name': self.name, 'text': self.text,
                'line': self.line, 'count': self.count}


class Evidence(NamedTuple):
    """All that is known of one boot."""
    run: dict
    boot: dict
    emulator_said: str	# the emulator's own error message, or nothing
    console: object
    config: dict
    requested: dict
    complaints: list	# the known splats, then the other errors of the kernel's log
    logged: int		# errors in the guest's list that can be read
    counts: list	# the length of each list as the guest gives it (None: cannot be read)
    allow: list
    skips: list		# the skips that are permitted
    expected: list
    extract: object
    index: object
    errors: int		# errors of the KTAP's form that the tree's parser counted
    error: str		# the first of them
    read: int		# results the tree's parser read
    suites: list
    end: tuple | None	# (debug_locks, tainted) of the guest's end marker
    ends: int		# lines that begin like the end marker
    unreadable: list	# "counted:" lines that cannot be parsed
    announced: list	# complaints that the cases provoke on purpose
    uncounted: list	# (name, entry) of failed expectations that no "not ok" follows
    lost: list		# lines in which KUnit counts more failures than there are results


# --- boot: did the guest run to its end, and is the console whole? -----------------

def where(ev):
    """How far the guest came, with the last line it printed.

    KUnit prints a case's result without a newline.  printk holds such a line back until
    the next one, so the count may be one too low.
    """
    last = ev.console.last()
    tail = f'; last line: {last.whole.strip()}' if last else '; it printed nothing'
    held = ' (or one more: printk holds the last back)' if ev.index.current() else ''
    return ev.index.progress() + held + tail


def status_text(status):
    """How a process ended, in words."""
    if status is not None and status < 0:
        return f'was killed by signal {-status}'
    return f'ended with status {status}'


def emulator_ended(ev):
    """The emulator ended by itself, in time, with the status of a guest that ended."""
    ended, status = ev.boot['ended'], ev.boot['status']
    name = ev.run['emulator']['name']
    said = f': {ev.emulator_said}' if ev.emulator_said else ''
    texts = {
        'quiet': f'no output for {ev.boot["quiet_limit"]} s: the guest hung {where(ev)}',
        'deadline': f'not done after {ev.boot["deadline"]} s: {where(ev)}',
        'interrupted': f'interrupted {where(ev)}',
        'no-emulator': f'{name} could not be started{said}',
    }
    if ended != 'exit':
        return [Reason('boot', 'hang' if ended == 'quiet' else ended,
                       texts.get(ended, f'unknown end {ended!r}'))]
    if ev.boot['seconds'] > ev.boot['deadline']:
        return [Reason('boot', 'deadline', texts['deadline'])]
    if status != ev.run['emulator']['status']:
        return [Reason('boot', 'status', f'{name} {status_text(status)}{said}')]
    return []


def no_panic(ev):
    """The kernel did not panic (QEMU exits with 0 after a panic too)."""
    found = splats.panic(ev.console)
    return [Reason('boot', 'panic', f'panic: {found.text}', found.line)] if found else []


def console_whole(ev):
    """The console holds one boot, and no byte of it is lost."""
    if not ev.console.last():
        return [Reason('boot', 'empty-console', 'the console is empty')]
    if ev.console.nuls:
        return [Reason('boot', 'nul-bytes',
                       f'{ev.console.nuls} NUL bytes from offset {ev.console.first_nul}: '
                       'two writers, or a truncated file')]
    boots = [n for n, text in splats.pieces(ev.console) if text.startswith('Linux version ')]
    if len(boots) > 1:
        return [Reason('boot', 'rebooted', f'the kernel started {len(boots)} times', boots[1])]
    return []


def came_to_the_end(ev):
    """The guest's /init printed its end marker, once."""
    if ev.end is None:
        why = 'cannot be read' if ev.ends else 'is missing'
        return [Reason('boot', 'end-marker',
                       f'the end marker "lab: end" {why}: {ev.index.progress()}')]
    if ev.ends > 1:
        return [Reason('boot', 'end-marker', f'{ev.ends} end markers')]
    if any(s['cases'] for s in ev.suites) and not ev.end[1] >> splats.TAINT_TEST & 1:
        return [Reason('boot', 'end-marker', f'tainted={ev.end[1]} lacks the bit that KUnit '
                       'sets: the end marker cannot be trusted')]
    return []


def errors_listed(ev):
    """The guest listed the errors of its log once, and the list is complete."""
    if ev.end is None or ev.counts == [ev.logged]:
        return []
    if not ev.counts:
        text = 'is missing: the log could not be read, or its beginning was gone'
    elif len(ev.counts) > 1:
        text = f'came {len(ev.counts)} times'
    elif ev.counts[0] is None:
        text = 'cannot be read'
    else:
        text = f'says {ev.counts[0]}, but {ev.logged} can be read'
    return [Reason('boot', 'errors', f'the list of errors "lab: errors" {text}')]


# --- test: is the KTAP complete, and did each case do what it must? ----------------

def plan_kept(ev):
    """The KTAP has a plan, and a result for every planned suite."""
    if not ev.extract.entries:
        return [Reason('test', 'no-ktap', 'no KTAP on the console')]
    if ev.extract.starts > 1:
        return [Reason('test', 'plan', f'the KTAP started {ev.extract.starts} times')]
    if ev.index.plan is None:
        return [Reason('test', 'plan', 'the KTAP has no plan')]
    if len(ev.index.ended) != ev.index.plan:
        return [Reason('test', 'plan', f'{len(ev.index.ended)} of {ev.index.plan} '
                       'planned suites have a result')]
    return []


def suite_plans_kept(ev):
    """Every suite has a plan, and a result for every planned case."""
    reasons = []
    for suite in ev.index.suites:
        if suite.plan is None:
            reasons.append(Reason('test', 'plan', f'suite {suite.name} has no plan'))
        for number in suite.missing():
            reasons.append(Reason('test', 'missing-case', f'suite {suite.name}: no result '
                                  f'for case {number} of {suite.plan}'))
        if suite.name not in ev.index.ended:
            reasons.append(Reason('test', 'missing-result',
                                  f'suite {suite.name} started and has no result'))
    return reasons


def parser_agrees(ev):
    """The kernel's parser found no error and read every result line."""
    reasons = []
    if ev.errors:
        reasons.append(Reason('test', 'ktap', f'the KTAP is malformed: {ev.error}',
                              None, ev.errors))
    if ev.read != ev.index.results:
        reasons.append(Reason('test', 'ktap', f'{ev.index.results} result lines, but the '
                              f'plans hold {ev.read}'))
    return reasons


def lines_readable(ev):
    """No KTAP line was cut by another writer, and every "counted:" line can be parsed."""
    reasons = [Reason('test', 'cut-line', f'cannot be read: {x.whole.strip()}', x.number)
               for x in ev.extract.cut]
    return reasons + [Reason('test', 'counted-line', f'cannot be read: {e.text.strip()}',
                             e.number) for e in ev.unreadable]


def suites_present(ev):
    """Every suite that the run asked for ran."""
    ran = {s['name'] for s in ev.suites if s['cases']}
    return [Reason('test', 'missing-suite', f'suite {name} did not run')
            for name in ev.run['suites'] if name not in ran]


def something_ran(ev):
    """At least one case ran and was not skipped."""
    cases = [c for s in ev.suites for c in s['cases']]
    if not cases:
        return [Reason('test', 'no-cases', 'no test case ran')]
    if all(c['status'] == 'skipped' for c in cases):
        return [Reason('test', 'no-cases', f'no test case ran: all {len(cases)} skipped')]
    return []


def cases_passed(ev):
    """Each case that is expected to fail failed, and no other case did."""
    texts = {'failed': ('failed-case', 'failed'),
             'missing': ('missing-case', 'has no result'),
             'xpass': ('unexpected-success', 'unexpected success'),
             'xskip': ('unexpected-success', 'is expected to fail, but was skipped')}
    reasons = []
    for suite in ev.suites:
        for case in suite['cases']:
            if case['status'] in texts:
                name, text = texts[case['status']]
                reasons.append(Reason('test', name, case_text(suite, case, text),
                                      case['line']))
    return reasons


def failures_counted(ev):
    """Each failed expectation has failed its case. A name that no case has is that of a test
    inside a case, which may have to fail.
    """
    cases = {c['name'] for s in ev.suites for c in s['cases']}
    return [Reason('test', 'uncounted', 'failed, but the case is not "not ok": '
                   f'{entry.text.strip().removeprefix("# ")}', entry.number)
            for name, entry in ev.uncounted if name in cases]


def failures_found(ev):
    """KUnit counts no more failures than its results say."""
    return [Reason('test', 'lost-failure', 'KUnit counts more failures than its results say: '
                   f'{entry.text.strip().removeprefix("# ")}', entry.number)
            for entry in ev.lost]


def texts_of(case):
    """The texts that the failures of a case may have, if it is expected to fail."""
    return (case['wanted'] or '').splitlines()


def failure(case):
    """The first failure that is not expected, or the case's last message."""
    found = ktap.failures(case['messages'])
    other = ktap.unexpected(case['messages'], texts_of(case))
    return next(iter(other or found or case['messages'][-1:]), '')


def case_text(suite, case, text):
    """SUITE.CASE, what happened, and the expectation's reason or the failure's words."""
    more = failure(case) if case['status'] in ('failed', 'missing') else case['reason']
    if case['status'] == 'failed' and case['wanted']:
        wanted = ' or '.join(f'"{x}"' for x in texts_of(case))
        text = f'failed for another reason than the expected {wanted}'
    return f'{suite["name"]}.{case["name"]} {text}' + (f': {more}' if more else '')


def skipped(ev):
    """(suite, case, why) of each skip; why is "N of M parameters" if only some were skipped."""
    for suite in ev.suites:
        for case in suite['cases']:
            some = case['parameters'] or {'skipped': 0}
            if case['status'] == 'skipped':
                yield suite, case, case['reason']
            elif some['skipped']:
                yield suite, case, f'{some["skipped"]} of {some["total"]} parameters'


def here(ev, rule):
    """Is this rule for the kernel, place, CPU or number of CPUs, and flavour of this run?"""
    place, _, cpu = rule.place.partition('/')
    return (rule.base in ('*', ev.run['base']) and rule.series in ('*', ev.run['series'])
            and place in ('*', ev.run['arch'], ev.run['machine'])
            and cpu in ('', ev.run['cpu'] or 'usual', f'{ev.run["cpus"]}-cpu')
            and rule.flavour in ('*', ev.run['flavour']))


def permits(rule, suite, case, why):
    """Does the rule permit this skip?"""
    return fnmatchcase(f'{suite["name"]}.{case["name"]}', rule.case) and rule.text in why


def unlisted(ev):
    """The skips that no line of lab/data/skips permits here."""
    rules = [x for x in ev.skips if here(ev, x)]
    return [(suite, case, why) for suite, case, why in skipped(ev)
            if not any(permits(x, suite, case, why) for x in rules)]


def skips_permitted(ev):
    """Every skip is permitted by lab/data/skips."""
    return [Reason('test', 'skip', f'{suite["name"]}.{case["name"]} skipped without permission: '
                   f'{why or "no reason given"}', case['line'])
            for suite, case, why in unlisted(ev)]


def skip_lines(ev):
    """A line of lab/data/skips for each unlisted skip, without the reason a person must add."""
    run = ev.run
    kernel = run['base'] + ('-none' if run['series'] == 'none' else '')
    place = run['arch'] if run['machine'] == 'qemu' else run['machine']
    one = '1-cpu' if run['cpus'] == 1 else ''
    place += f'/{run["cpu"] or one}' if run['cpu'] or one else ''
    return [f'{kernel} {place} {run["flavour"]} {suite["name"]}.{case["name"]} "{text}"  #'
            for suite, case, why in unlisted(ev)
            for text in [max(why.split('"'), key=len).strip()] if text]


def ran_whole(ev):
    """The suites that ran with all their cases."""
    if '.' in (ev.run['filter'] or '*'):
        return []
    return [s['name'] for s in ev.suites if s['cases'] and not s['missing']]


def skips_needed(ev):
    """Every permission for this run was needed, if its suite ran with all its cases."""
    ran = ran_whole(ev)
    found = list(skipped(ev))
    must = {f'{s["name"]}.{c["name"]}' for s in ev.suites for c in s['cases'] if c['wanted']}
    return [Reason('test', 'stale-skip', f'{x.where}: {x.case} may be skipped ("{x.text}"), '
                   'but nothing was: remove the line')
            for x in ev.skips if here(ev, x)
            and any(fnmatchcase(name, x.case.split('.')[0]) for name in ran)
            and not any(fnmatchcase(name, x.case) for name in must)
            and not any(permits(x, *each) for each in found)]


def suites_passed(ev):
    """A suite's own result agrees with the results of its cases."""
    reasons = []
    for suite in ev.suites:
        failed = any(c['status'] in ('failed', 'xfail', 'missing') for c in suite['cases'])
        if suite['status'] == 'failed' and not failed:
            reasons.append(Reason('test', 'failed-suite', f'suite {suite["name"]} failed '
                                  'although none of its cases did'))
        if suite['status'] in ('passed', 'skipped') and failed:
            reasons.append(Reason('test', 'failed-suite', f'suite {suite["name"]} says ok '
                                  'although a case failed'))
    return reasons


def suites_due(ev):
    """The suites whose expected failures can be checked for cases that are gone.

    These are the suites that ran whole, and, in a plain run, suites that did not run at all.
    """
    chosen = ev.run['filter'] or '*'
    absent = set()
    if chosen in EVERY_SUITE:
        named = {x.case.split('.')[0] for x in ev.expected}
        absent = {x for x in named if fnmatchcase(x, chosen)} - {
            s['name'] for s in ev.suites if s['cases']}
    return absent.union(ran_whole(ev))


def nothing_stale(ev):
    """Every expected failure of this architecture names a case of its suite."""
    due = suites_due(ev)
    ran = {f'{s["name"]}.{c["name"]}' for s in ev.suites for c in s['cases']}
    return [Reason('test', 'stale-xfail', f'{x.case} is expected to fail ({x.reason}), '
                   'but there is no such case')
            for x in ev.expected if x.arch in ('*', ev.run['arch']) and x.case not in ran and
            x.case.split('.')[0] in due]


# --- splat: did the kernel complain, and could it still? ---------------------------

def explained(ev, text):
    """The reason of the line of lab/data/allow that explains this text here, or None."""
    places = ev.run['arch'], ev.run['machine']
    return splats.explanation(text, ev.allow, places, ev.run['flavour'])


def excused(ev, found):
    """Why this complaint is no reason to fail, or None: it is explained, or was announced."""
    announced = (f'announced by {x.suite}.{x.case}' for x in ev.announced if x.covers(found))
    return explained(ev, found.text) or next(announced, None)


def no_splat(ev):
    """Every complaint is excused.  Complaints that differ in numbers only are one reason."""
    alike = {}
    for found in ev.complaints:
        if excused(ev, found) is None:
            first, count = alike.get(splats.likeness(found), (found, 0))
            alike[splats.likeness(found)] = first, count + 1
    return [Reason('splat', f.name, f.text, f.line, n) for f, n in alike.values()]


def lockdep_stayed_on(ev):
    """lockdep was still on at the end."""
    locks = ev.end[0] if ev.end else None
    proving = ev.config.get('CONFIG_PROVE_LOCKING') == 'y'
    if locks == '0' or locks == '-' and proving:
        return [Reason('splat', 'lockdep-off', 'lockdep switched itself off '
                       f'(debug_locks={locks} at the end)')]
    return []


def times(found):
    """How often one place complained: a compiler may make two places of a WARN_ON_ONCE()."""
    places = collections.Counter(x.text.split()[-1] for x in found)
    return max(places.values(), default=0)


def announced_came(ev):
    """What a passed case announced came: a warning once, an error at least once."""
    passed = {(s['name'], c['name']) for s in ev.suites for c in s['cases']
              if c['status'] == 'passed'}
    reasons = []
    for each in ev.announced:
        came = times([found for found in ev.complaints if each.covers(found)])
        wrong = came == 0 if each.name == 'error' else came != 1
        if wrong and (each.suite, each.case) in passed:
            reasons.append(Reason('test', 'announced', f'{each.suite}.{each.case} announced '
                                  f'"{each.text}", which came {came} times', each.since))
    return reasons


def taint_explained(ev):
    """Each taint is KUnit's own, of warnings that are all excused, or explained."""
    warnings = [x for x in ev.complaints if x.name == 'warning']
    warned = bool(warnings) and all(excused(ev, x) for x in warnings)
    return [Reason('splat', 'taint', f'tainted: {text}')
            for text in splats.taints(ev.end[1] if ev.end else 0)
            if not (warned if text == splats.WARNED else explained(ev, text))]


# --- configuration: is this the kernel that was asked for? -------------------------

def options_landed(ev):
    """Every requested option has its value in .config."""
    if not ev.requested:
        return [Reason('configuration', 'option', 'requested.config asks for nothing')]
    reasons = []
    for name, want in ev.requested.items():
        have = ev.config.get(name)
        if have != want:
            reasons.append(Reason('configuration', 'option', f'{setting(name, want)} was '
                                  f'requested, .config has {setting(name, have)}'))
    return reasons


def setting(name, value):
    """An option and its value for a reader."""
    return f'{name} not set' if value is None else f'{name}={value}'


CONDITIONS = (
    no_panic, emulator_ended, console_whole, came_to_the_end, errors_listed,
    no_splat, lockdep_stayed_on, taint_explained, announced_came,
    plan_kept, suite_plans_kept, suites_present, something_ran,
    cases_passed, failures_counted, failures_found, skips_permitted, skips_needed, suites_passed,
    nothing_stale, lines_readable, parser_agrees, options_landed,
)


def reasons(ev):
    """Why the run failed, the leading reason first; empty if it passed."""
    found = [r for condition in CONDITIONS for r in condition(ev)]
    return sorted(found, key=lambda r: (PRECEDENCE.index(r.kind),
                                        FAR if r.line is None else r.line))


def kind(found):
    """The class of a run is that of its leading reason."""
    return found[0].kind if found else 'pass'


def against(expect, lead):
    """(met, message): was a planted bug caught for the reason that is expected of it?"""
    wanted, _, text = expect.partition(':')
    if lead is None:
        return False, f'unexpected success: {expect} was expected'
    if lead.kind == wanted and (text in lead.text or text in lead.name):
        return True, f'caught as expected: {lead.kind}: {lead.text}'
    return False, f'caught for another reason: {lead.kind}: {lead.text}; expected {expect}'
