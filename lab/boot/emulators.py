# SPDX-License-Identifier: GPL-2.0-only
"""The emulators that lab/boot/launch.py can start: their commands and their consoles.

Each is one process and ends with its guest. The guest's serial port comes through a pipe,
so the console ends when the emulator does.
"""
import os
import pty
import select
import subprocess
import threading
import tty

from boot.monitor import Monitor


def lab_lock():
    """The lab's lock is file 9, if there is one. The emulator holds it as long as it lives."""
    return [9] if os.path.exists("/proc/self/fd/9") else []


class Qemu:
    """QEMU: the serial port is its standard output; its monitor tells the guest's state."""

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
        """What the monitor says of the guest."""
        return self.monitor.state()

    def close(self):
        """Close this end of the monitor; the process has ended."""
        self.monitor.close()


def own_terminals(pid):
    """Open the far ends of the terminals that a process has made itself."""
    found = []
    for descriptor in os.scandir(f"/proc/{pid}/fdinfo"):
        with open(descriptor.path, encoding="utf-8") as info:
            for line in info:
                if line.startswith("tty-index:"):
                    found.append(os.open("/dev/pts/" + line.split()[1], os.O_RDWR | os.O_NOCTTY))
                    tty.setraw(found[-1])
    return found


def drain(pid, screen):
    """Read what Bochs writes to its terminals until it ends: a full terminal stops it.

    The debugger has the terminal that Bochs is given. Bochs makes another one itself and
    draws the guest's screen on it.
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
    """Bochs: the serial port is a file, here a pipe; its display needs a terminal."""

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
        """Nothing: Bochs has no monitor to ask while it runs."""
        return None

    def close(self):
        """Nothing: drain() closes the terminals."""


BY_NAME = {"QEMU": Qemu, "Bochs": Bochs}
