# SPDX-License-Identifier: GPL-2.0-only
"""Boot the built kernel in its emulator and keep everything for the judge.

usage: boot RESULT_DIR

What to boot comes from RESULT_DIR/run.json. Written there: console (as it came),
cmdline (the exact command), emulator.err (what the emulator itself said), boot.json
(how it ended). A guest that says nothing for too long, or that takes longer than its
deadline, is ended; the judge says how far it came. Exit status: 0 whatever came
of it, 130 when interrupted.
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

from boot import emulators

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

    def add(self, data):
        self.last = time.monotonic()
        self.file.write(data)
        found = DOING.findall(self.tail + data)
        if found:
            self.doing = b"".join(found[-1]).decode(errors="replace")
        self.tail = (self.tail + data)[-200:]

    def show(self, word=""):
        if sys.stdout.isatty() or word:
            seconds = int(time.monotonic() - self.start)
            line = f"  {self.label:<52} {seconds // 60:>4}:{seconds % 60:02d}"
            end = "\n" if word else f"  {self.doing:<20.20}"
            start = "\r\033[K" if sys.stdout.isatty() else ""
            print(f"{start}{line}  {word}".rstrip() if word else f"{start}{line}", end=end, flush=True)


def interrupted(number, _frame):
    raise KeyboardInterrupt(number)


def follow(serial, console, run):
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
            now = time.monotonic()
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


def record(result, run, console, ended, status):
    """How it ended, for the judge and, in a word, for the user."""
    words = {"exit": "ended", "deadline": "no end: stopped", "quiet": "silent: stopped"}
    console.show(words.get(ended, ended))
    with open(os.path.join(result, "boot.json"), "w", encoding="utf-8") as out:
        json.dump({"ended": ended, "status": status,
                   "seconds": round(time.monotonic() - console.start, 1),
                   "quiet_limit": run["quiet_limit"], "deadline": run["deadline"]}, out)


def boot(result, run, emulator):
    console = Console(os.path.join(result, "console"), run["label"])
    ended = "interrupted"
    signal.signal(signal.SIGTERM, interrupted)
    # What the emulator itself says must not stand between the guest's lines.
    with open(os.path.join(result, "emulator.err"), "wb") as errors:
        try:
            child, serial = emulator.start(errors)
        except FileNotFoundError:
            record(result, run, console, "no-emulator", None)
            return
    try:
        ended = follow(serial, console, run)
    finally:
        record(result, run, console, ended, end(child, ended))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    result = sys.argv[1]
    with open(os.path.join(result, "run.json"), encoding="utf-8") as file:
        run = json.load(file)
    emulator = emulators.BY_NAME[run["emulator"]["name"]](run, result)
    with open(os.path.join(result, "cmdline"), "w", encoding="utf-8") as out:
        out.write(shlex.join(emulator.command) + "\n")
    try:
        boot(result, run, emulator)
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
