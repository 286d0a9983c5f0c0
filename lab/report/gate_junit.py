# SPDX-License-Identifier: GPL-2.0-only
"""Merge the results of a gate's parts into CHECK_DIR/junit.xml, and print what failed.

usage: gate_junit CHECK_DIR PASSED FAILED SKIPPED     the totals of the gate's last line

CHECK_DIR/parts has a line for each part, with tabs between name, command, exit status,
seconds and the time at which it began. A part that runs a bats file has FILE.tap, one that
boots a guest NAME.xml, and NAME-planted.xml if it booted planted bugs; any other is a case
by itself. Exit status: 0, or 7 when the file does not add up to the totals.
"""

import re
import sys
import xml.etree.ElementTree as xml
from pathlib import Path
from typing import NamedTuple

import output
from judge import junit
from judge.outcomes import Group, Outcome

TAP = re.compile(r'(not )?ok \d+ (.*)')
SHOWN = 12	# lines of a failure's text
SKIPPED = re.compile(r'(.*?) # skip ?(.*)')


class Part(NamedTuple):
    """A line of the file parts."""
    name: str
    command: str
    status: int
    seconds: int
    began: str

    @property
    def about(self):
        """The attributes of its suites; JUnit's word for no host in particular is localhost."""
        return {'timestamp': self.began, 'hostname': 'localhost'}


def parts(path):
    """All parts of a gate."""
    for line in path.read_text(encoding='utf-8').splitlines():
        name, command, status, seconds, began = line.split('\t')
        yield Part(name, command, int(status), int(seconds), began)


def tap(text):
    """The outcomes that a bats file printed; the lines below a failure are its text."""
    found = []
    for line in text.splitlines():
        match = TAP.match(line)
        skip = match and SKIPPED.fullmatch(match.group(2))
        if skip:
            found.append(Outcome(skip.group(1), 'SKIP', 0, skip.group(2)))
        elif match and match.group(1):
            found.append(Outcome(match.group(2), 'FAIL', 0, 'failed'))
        elif match:
            found.append(Outcome(match.group(2), 'PASS'))
        elif found and found[-1].status == 'FAIL' and line.startswith('# '):
            found[-1] = found[-1]._replace(text=found[-1].text + line[2:] + '\n')
    return found


def suite(part, outcomes):
    """A suite of the lab's own."""
    return junit.suite(Group(part.name, part.seconds, outcomes), f'lab.{part.name}', part.about, {})


def failed(part, text=''):
    """The part itself is the case that failed."""
    message = f'{part.command} ended with status {part.status}'
    return suite(part, [Outcome(part.name, 'FAIL', part.seconds, message, text or message)])


def of_bats(folder, part):
    """The suite of a bats file."""
    path = folder / f'{part.command.removeprefix("bats:")}.tap'
    text = path.read_text(encoding='utf-8', errors='replace') if path.exists() else ''
    found = tap(text)
    broken = part.status != 0 and not any(x.status == 'FAIL' for x in found)
    return [suite(part, found)] + [failed(part, text)] * broken


def of_guest(folder, part):
    """The suites of a boot and of its planted bugs."""
    found = []
    for name in (f'{part.name}.xml', f'{part.name}-planted.xml'):
        if (folder / name).exists():
            found += xml.parse(folder / name).getroot()
    for each in found:
        each.set('name', f'{part.name}: {each.get("name")}')
    broken = part.status != 0 and not any(x.get('failures') != '0' for x in found)
    return found + [failed(part)] * broken


def of_target(_folder, part):
    """Any other target."""
    if part.status:
        return [failed(part)]
    return [suite(part, [Outcome(part.name, 'PASS', part.seconds)])]


def suites(folder):
    """All suites of the gate, each part's after that before it."""
    found = []
    for part in parts(folder / 'parts'):
        kind = of_guest if part.command == 'run' else of_target
        found += (of_bats if part.command.startswith('bats:') else kind)(folder, part)
    return found


def totals(found):
    """Passed, failed and skipped cases; an expected failure is none of these."""
    cases = [case for each in found for case in each.iter('testcase')]
    bad = sum(case.find('failure') is not None for case in cases)
    kinds = [case.find('skipped').get('type') for case in cases if case.find('skipped') is not None]
    return [len(cases) - bad - len(kinds), bad, kinds.count('skip')]


def show_failures(found):
    """Each failure once more, so that the end of a long log has them all."""
    for each in found:
        for case in each.iter('testcase'):
            bad = case.find('failure')
            if bad is not None:
                print(f'failed: {each.get("name")}: {case.get("name")}: {bad.get("message")}')
                for line in (bad.text or '').strip().splitlines()[:SHOWN]:
                    print(f'    {line}')


def main():
    """Write the file, and compare its totals with those that the gate counted."""
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    folder, counted = Path(sys.argv[1]), [int(x) for x in sys.argv[2:]]
    found = suites(folder)
    (folder / 'junit.xml').write_text(junit.document('make check', found), encoding='utf-8')
    show_failures(found)
    if totals(found) == counted:
        return 0
    said = ['{} passed, {} failed, {} skipped'.format(*x) for x in (totals(found), counted)]
    print(f'check: {folder}/junit.xml has {said[0]}; the gate counted {said[1]}', file=sys.stderr)
    return 7


if __name__ == '__main__':
    sys.exit(output.run('check', main))
