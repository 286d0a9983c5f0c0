# SPDX-License-Identifier: GPL-2.0-only
"""End a program with one line, and no traceback, when it cannot read or write.

Every program of the lab in Python runs its main() by this:

    sys.exit(output.run('judge', main))
"""

import os
import signal
import sys

FAILED = 2


def complain(name, text):
    """The one line."""
    if sys.stderr is not None:
        print(f'{name}: {text}', file=sys.stderr)
    return FAILED


def give_up():
    """Python flushes standard output once more at its end: let that succeed."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)


def why(error):
    """What the system says, with the file if it names one."""
    place = f'{error.filename}: ' if error.filename else 'cannot write: '
    return place + (error.strerror or str(error))


def run(name, main):
    """main()'s exit status, or that of a program whose files or output failed."""
    if sys.stdout is None:
        return complain(name, 'standard output is closed')
    try:
        status = main()
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        # The reader has gone, as head does: it has what it wanted.
        give_up()
        return 128 + signal.SIGPIPE
    except OSError as error:
        give_up()
        return complain(name, why(error))
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
