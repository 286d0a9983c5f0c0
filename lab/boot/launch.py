# SPDX-License-Identifier: GPL-2.0-only
"""Boot the built kernel in its emulator and keep everything for the judge.

usage: launch RESULT_DIR

RESULT_DIR/run.json says what to boot. This writes there:

console       every byte that the guest printed
cmdline       the emulator's exact command
emulator.err  the emulator's own messages
boot.json     how the boot ended
guest-state   only of a guest that fell silent: what QEMU's monitor says of it, with the
              kernel's symbols

A guest that prints nothing for too long, or that runs beyond its deadline, is ended; the
judge says how far it came. Exit status: 0 however the guest ended, 2 when standard output
takes nothing any more, 129, 130 or 143 when a signal ended it.
"""
import json
import os
import re
import selectors
import shlex
import signal
import subprocess
import sys
import time

import output
from boot import emulators, monitor
from stage.interrupts import Interrupts

DOING = re.compile(rb"# (?:Subtest: (\S+)|(\S+): running)")


class Console:
    """Writes what the guest prints to a file, and shows the user what it is doing."""

    def __init__(self, path, label):
        self.file = open(path, "wb", buffering=0)
        self.label = label
        self.doing = ""
        self.tail = b""
        self.start = time.monotonic()
        self.last = self.start
        self.unheard = None

    def add(self, data):
        self.last = time.monotonic()
        self.file.write(data)
        found = DOING.findall(self.tail + data)
        if found:
            self.doing = b"".join(found[-1]).decode(errors="replace")
        self.tail = (self.tail + data)[-200:]

    def show(self, word=""):
        """Show one line. An output that takes nothing any more is noted in unheard."""
        try:
            self.write(word)
        except OSError as error:
            self.unheard = error.strerror
            output.give_up()

    def write(self, word):
        """The line, on a terminal again and again; elsewhere only with the last word."""
        if sys.stdout.isatty() or word:
            seconds = int(time.monotonic() - self.start)
            line = f"  {self.label:<52} {seconds // 60:>4}:{seconds % 60:02d}"
            end = "\n" if word else f"  {self.doing:<20.20}"
            start = "\r\033[K" if sys.stdout.isatty() else ""
            print(f"{start}{line}  {word}".rstrip() if word else f"{start}{line}", end=end, flush=True)


def cpu_seconds(pid):
    """The CPU time that a process has used, all its threads together."""
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Silence:
    """How long the console has been silent, and the CPU time the emulator used meanwhile."""

    def __init__(self, pid):
        self.pid = pid
        self.since = None
        self.began = self.used = 0.0

    def watch(self, last, now):
        """Note the CPU time when a silence begins; last is the time of the console's last byte."""
        if self.since != last and now - last >= 0.5:
            self.since, self.began, self.used = last, now, cpu_seconds(self.pid)

    def record(self, last, now):
        """For boot.json: the seconds of the last silence that were watched, and CPU seconds."""
        if self.since != last:
            return {"silent": 0, "silent_cpu": None}
        return {"silent": round(now - self.began, 1),
                "silent_cpu": round(cpu_seconds(self.pid) - self.used, 2)}


def follow(serial, console, run, silence):
    """Read until the guest ends or a limit does; return why it ended."""
    with selectors.DefaultSelector() as ready:
        ready.register(serial, selectors.EVENT_READ)
        while True:
            if ready.select(timeout=0.5):
                data = os.read(serial, 65536)
                if not data:
                    return "exit"
                console.add(data)
            console.show()
            if console.unheard:
                return "interrupted"
            now = time.monotonic()
            silence.watch(console.last, now)
            if now - console.start > run["deadline"]:
                return "deadline"
            if now - console.last > run["quiet_limit"]:
                return "quiet"


def end(emulator, ended):
    """Wait for an emulator that ended by itself and return its status; kill any other one.

    Bochs ignores SIGTERM.
    """
    if ended == "exit":
        try:
            return emulator.wait(timeout=30)
        except subprocess.TimeoutExpired:
            pass
    emulator.kill()
    emulator.wait()
    return None


def keep_state(result, run, emulator):
    """Keep the guest's state before it is killed, if the emulator can tell it."""
    state = emulator.state()
    if state is not None:
        with open(os.path.join(result, "guest-state"), "w", encoding="utf-8") as out:
            out.write(monitor.symbolized(state, run["system_map"]))


def record(result, run, console, ended, status, silence=None):
    """Write boot.json for the judge, and tell the user in a word how the boot ended."""
    words = {"exit": "ended", "deadline": "no end: stopped", "quiet": "silent: stopped",
             "no-emulator": "not started"}
    console.show(words.get(ended, ended))
    with open(os.path.join(result, "boot.json"), "w", encoding="utf-8") as out:
        json.dump({"ended": ended, "status": status,
                   "seconds": round(time.monotonic() - console.start, 1),
                   "quiet_limit": run["quiet_limit"], "deadline": run["deadline"],
                   **(silence or {"silent": 0, "silent_cpu": None})}, out)


def start(result, emulator):
    """The emulator's process and its console, or None; its messages go to emulator.err."""
    with open(os.path.join(result, "emulator.err"), "wb") as errors:
        try:
            return emulator.start(errors)
        except OSError as error:
            errors.write(f"{emulator.command[0]}: {error.strerror}\n".encode())
            return None


def boot(result, run, emulator, console):
    """Run the guest to its end; emulator.err and boot.json are written."""
    ended, used = "interrupted", None
    interrupts = Interrupts()
    started = start(result, emulator)
    if started is None:
        record(result, run, console, "no-emulator", None)
        interrupts.release()
        return
    child, serial = started
    silence = Silence(child.pid)
    try:
        interrupts.release()
        ended = follow(serial, console, run, silence)
        if ended in ("quiet", "deadline"):
            used = silence.record(console.last, time.monotonic())
            keep_state(result, run, emulator)
    finally:
        record(result, run, console, ended, end(child, ended), used)
        emulator.close()


def emulator_of(result, run):
    """The emulator that the run names; its command is written to cmdline."""
    emulator = emulators.BY_NAME[run["emulator"]["name"]](run, result)
    with open(os.path.join(result, "cmdline"), "w", encoding="utf-8") as out:
        out.write(shlex.join(emulator.command) + "\n")
    return emulator


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    result = sys.argv[1]
    with open(os.path.join(result, "run.json"), encoding="utf-8") as file:
        run = json.load(file)
    console = Console(os.path.join(result, "console"), run["label"])
    try:
        boot(result, run, emulator_of(result, run), console)
    except KeyboardInterrupt as stop:
        return 128 + (stop.args[0] if stop.args else signal.SIGINT)
    if console.unheard:
        return output.complain("boot", f"standard output takes nothing any more: {console.unheard}")
    return 0


if __name__ == "__main__":
    sys.exit(output.run("boot", main))
