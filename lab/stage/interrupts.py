# SPDX-License-Identifier: GPL-2.0-only
"""Signals that end a program which has started a process.

    interrupts = Interrupts()
    child = subprocess.Popen(...)
    try:
        interrupts.release()
        ...
    except KeyboardInterrupt as stop:
        ...end the child; stop.args[0] is the signal's number

Until release() a signal is only noted: between the start of the child and the try block
nothing would end the child.
"""
import signal

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """SIGINT, SIGTERM and SIGHUP raise KeyboardInterrupt, once, and not before release().

    A signal that is ignored stays ignored: SIGHUP under nohup, SIGINT of a background job.
    """

    def __init__(self):
        self.released = False
        self.noted = None
        for each in SIGNALS:
            if signal.getsignal(each) != signal.SIG_IGN:
                signal.signal(each, self.came)

    def came(self, number, _frame):
        """The handler."""
        self.noted = self.noted or number
        if self.released:
            self.stop()

    def release(self):
        """From here on a signal stops the program; one that came before does so now."""
        self.released = True
        if self.noted:
            self.stop()

    def stop(self):
        """A second signal must not interrupt the program while it ends the child."""
        for each in SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt(self.noted)
