# SPDX-License-Identifier: GPL-2.0-only
"""The emulators that lab/boot/launch.py can start: their command lines and their console.

Both are one process, whose end is its guest's, and hand the guest's serial port over
as a pipe, so that the console ends when they do.
"""
import os
import pty
import select
import subprocess
import threading
import tty

from boot.monitor import Monitor


def lab_lock():
    """The lab's lock, file 9 when there is one: held as long as the emulator lives."""
    return [9] if os.path.exists("/proc/self/fd/9") else []


class Qemu:
    """QEMU: the serial port is its standard output. It can be asked how the guest is."""

    def __init__(self, run, _result):
        emulator = run["emulator"]["command"]
        self.command = emulator + ["-smp", str(run["cpus"]), "-kernel", run["kernel"],
                                   "-initrd", run["initramfs"],
                                   "-append", " ".join(run["append"])]
        self.monitor = Monitor()

    def start(self, errors):
        """The process and the console."""
        child = subprocess.Popen(self.command + self.monitor.options(), stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=errors, start_new_session=True,
                                 pass_fds=[self.monitor.far.fileno(), *lab_lock()])
        self.monitor.far.close()
        return child, child.stdout.fileno()

    def state(self):
        """What its monitor says of the guest."""
        return self.monitor.state()

    def close(self):
        """The process has gone; so does our end of its monitor."""
        self.monitor.close()


def own_terminals(pid):
    """The far ends of the terminals that a process has made itself, opened."""
    found = []
    for descriptor in os.scandir(f"/proc/{pid}/fdinfo"):
        with open(descriptor.path, encoding="utf-8") as info:
            for line in info:
                if line.startswith("tty-index:"):
                    found.append(os.open("/dev/pts/" + line.split()[1], os.O_RDWR | os.O_NOCTTY))
                    tty.setraw(found[-1])
    return found


def drain(pid, screen):
    """Read what nobody looks at, until Bochs ends: a full terminal stops it for good.

    Beside the terminal it is given, which the debugger takes, Bochs makes one of its own
    and draws the guest's screen on it.
    """
    terminals, own = [screen], []
    try:
        while True:
            if not own:
                own = own_terminals(pid)
                terminals += own
            for terminal in select.select(terminals, [], [], 0.2)[0]:
                os.read(terminal, 65536)
    except OSError:
        for terminal in terminals:
            os.close(terminal)


class Bochs:
    """Bochs: the serial port is a file, here a pipe; its display wants a terminal."""

    def __init__(self, run, result):
        self.console, self.serial = os.pipe()
        self.command = run["emulator"]["command"] + [
            "-rc", os.path.join(result, "continue"),
            f"cpu: count={run['cpus']}:1:1",
            f"ata0-master: type=cdrom, path={run['iso']}, status=inserted",
            f"com1: enabled=1, mode=file, dev=/dev/fd/{self.serial}",
            f"log: {os.path.join(result, 'bochs.log')}"]

    def start(self, errors):
        """The process and the console."""
        screen, terminal = pty.openpty()
        try:
            child = subprocess.Popen(self.command, stdin=terminal, stdout=terminal, stderr=errors,
                                     pass_fds=[self.serial, *lab_lock()], start_new_session=True,
                                     env={**os.environ, "TERM": "xterm"})
        finally:
            os.close(terminal)
            os.close(self.serial)
        threading.Thread(target=drain, args=(child.pid, screen), daemon=True).start()
        return child, self.console

    def state(self):
        """Bochs has no monitor that could be asked while it runs."""
        return None

    def close(self):
        """Its terminals are closed by who reads them."""


BY_NAME = {"QEMU": Qemu, "Bochs": Bochs}
