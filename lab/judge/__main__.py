# SPDX-License-Identifier: GPL-2.0-only
"""Judge one boot from the folder that lab/boot/launch.py left.

A run has failed until every condition of a pass holds.  The judge writes summary.json,
junit.xml, kcidb.json and ktap, and .diags when something is wrong.  The exit status is the
class of the first reason: 0 pass, 2 usage or unreadable input, 3 configuration, 6 boot,
7 test, 8 splat.
"""

import argparse
import sys
from pathlib import Path

import output
from judge import conditions, datafiles, evidence, summary
from judge.datafiles import Unreadable

MISSED = 7	# a planted bug was not caught, or for another reason than its own


def arguments():
    """The command line."""
    parser = argparse.ArgumentParser(prog='judge', description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('result', metavar='RESULT_DIR', type=Path)
    parser.add_argument('--expect', metavar='CLASS:TEXT',
                        help='a planted bug: succeed only if the run failed, the leading '
                        'reason is of CLASS and TEXT stands in it')
    parser.add_argument('--splats', type=Path, default=datafiles.DATA / 'splats')
    parser.add_argument('--allow', type=Path, default=datafiles.DATA / 'allow')
    parser.add_argument('--skips', type=Path, default=datafiles.DATA / 'skips')
    args = parser.parse_args()
    if args.expect is not None and not well_formed(args.expect):
        parser.error(f'--expect {args.expect}: not CLASS:TEXT')
    if not args.result.is_dir():
        parser.error(f'{args.result}: not a folder')
    return args


def well_formed(expect):
    """CLASS:TEXT with a class that a guest can fail with."""
    kind, _, text = expect.partition(':')
    return kind in ('configuration', 'boot', 'test', 'splat') and bool(text.strip())


def weigh(args):
    """Judge, and write down the result."""
    ev = evidence.gather(args.result, evidence.Files(args.splats, args.allow, args.skips))
    found = summary.summarise(ev, conditions.reasons(ev), args.expect)
    summary.write(args.result, found, ev)
    return found


def unjudged(args, text):
    """A run that cannot be judged has failed."""
    found = summary.unproven(text, evidence.plan_or_nothing(args.result), args.expect)
    summary.write(args.result, found)
    return found


def say(found):
    """Print each reason, or the pass; return the exit status."""
    if found['expect']:
        print(found['expect']['message'])
        return 0 if found['expect']['met'] else MISSED
    if not found['reasons']:
        print(f'passed: {found["totals"]["passed"]} cases')
    for reason in found['reasons']:
        print(f'{reason["class"]}: {reason["text"]}')
    return conditions.CODES[found['class']]


def main():
    """Judge.  Whatever goes wrong here, the run has failed."""
    args = arguments()
    try:
        unjudged(args, 'the judge did not finish')
        found = weigh(args)
    except Unreadable as error:
        found = unjudged(args, str(error))
    except OSError as error:
        print(f'judge: {error}', file=sys.stderr)
        return 2
    except (Exception, SystemExit) as error:  # a judge that fails has proved nothing
        found = unjudged(args, f'the judge failed: {type(error).__name__}: {error}')
    return say(found)


if __name__ == '__main__':
    sys.exit(output.run('judge', main))
