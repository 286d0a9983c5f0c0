# SPDX-License-Identifier: GPL-2.0-only
"""Boot the built kernel in its emulator and keep everything for the judge.

usage: boot RESULT_DIR

What to boot comes from RESULT_DIR/run.json. Written there: console (as it came),
cmdline (the exact command), emulator.err (what the emulator itself said), boot.json
(how it ended), and of a guest that fell silent guest-state (what QEMU's monitor says of
it, with the kernel's names). A guest that says nothing for too long, or that takes longer than its
deadline, is ended; the judge says how far it came. Exit status: 0 whatever came
of it, 2 when nobody takes its output, 130 when interrupted.
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

from boot import emulators, monitor

DOING = re.compile(rb"# (?:Subtest: (\S+)|(\S+): running)")


class Console:
    """What the guest prints: into the file, and what it is doing to the terminal."""

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
        """To the terminal. When nobody takes it any more, that is kept in unheard."""
        try:
            self.write(word)
        except OSError as error:
            self.unheard = error.strerror
            # Python would try once more at its end, and complain.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def write(self, word):
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
    """How long the console has been silent, and what CPU time the emulator used meanwhile."""

    def __init__(self, pid):
        self.pid = pid
        self.since = None
        self.began = self.used = 0.0

    def watch(self, last, now):
        """Note the CPU time when a silence has begun: last is when the console last spoke."""
        if self.since != last and now - last >= 0.5:
            self.since, self.began, self.used = last, now, cpu_seconds(self.pid)

    def record(self, last, now):
        """Of the silence at the end: its seconds that were watched, CPU seconds in them."""
        if self.since != last:
            return {"silent": 0, "silent_cpu": None}
        return {"silent": round(now - self.began, 1),
                "silent_cpu": round(cpu_seconds(self.pid) - self.used, 2)}


def interrupted(number, _frame):
    raise KeyboardInterrupt(number)


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
    """Its status when it went by itself; else it is killed: Bochs ignores SIGTERM."""
    if ended == "exit":
        try:
            return emulator.wait(timeout=30)
        except subprocess.TimeoutExpired:
            pass
    emulator.kill()
    emulator.wait()
    return None


def keep_state(result, run, emulator):
    """What the emulator can tell of a guest that will now be killed."""
    state = emulator.state()
    if state is not None:
        with open(os.path.join(result, "guest-state"), "w", encoding="utf-8") as out:
            out.write(monitor.symbolized(state, run["system_map"]))


def record(result, run, console, ended, status, silence=None):
    """How it ended, for the judge and, in a word, for the user."""
    words = {"exit": "ended", "deadline": "no end: stopped", "quiet": "silent: stopped"}
    console.show(words.get(ended, ended))
    with open(os.path.join(result, "boot.json"), "w", encoding="utf-8") as out:
        json.dump({"ended": ended, "status": status,
                   "seconds": round(time.monotonic() - console.start, 1),
                   "quiet_limit": run["quiet_limit"], "deadline": run["deadline"],
                   **(silence or {"silent": 0, "silent_cpu": None})}, out)


def boot(result, run, emulator, console):
    """Run the guest to its end; emulator.err and boot.json are written."""
    ended, used = "interrupted", None
    signal.signal(signal.SIGTERM, interrupted)
    # Under nohup it stays ignored.
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signal.signal(signal.SIGHUP, interrupted)
    # What the emulator itself says must not stand between the guest's lines.
    with open(os.path.join(result, "emulator.err"), "wb") as errors:
        try:
            child, serial = emulator.start(errors)
        except FileNotFoundError:
            record(result, run, console, "no-emulator", None)
            return
    silence = Silence(child.pid)
    try:
        ended = follow(serial, console, run, silence)
        if ended in ("quiet", "deadline"):
            used = silence.record(console.last, time.monotonic())
            keep_state(result, run, emulator)
    finally:
        record(result, run, console, ended, end(child, ended), used)
        emulator.close()


def emulator_of(result, run):
    """The emulator that the run names; its exact command is kept."""
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
        print(f"boot: nobody takes the output: {console.unheard}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
