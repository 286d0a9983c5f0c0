# SPDX-License-Identifier: GPL-2.0-only
"""Boot one kernel many times, and count the boots that are lost.

usage: count_lost RESULTS_DIR NUMBER [TEXT]     (from lab/make/boots, which exports the settings)

No boot runs a suite. A boot is good when TEXT comes on its console; the guest is then
ended. Without TEXT it is "lab: end", the end marker of /init. A boot that ends before that
or falls silent is lost: its folder is kept, with what QEMU's monitor says.
Exit status: 0 no boot was lost, 7 some were.
"""
import json
import os
import re
import shutil
import sys
import time

import output
from boot import launch, plan, provenance

END = "lab: end"


class Watch(launch.Console):
    """A console that ends the boot at a text."""

    def __init__(self, path, text):
        super().__init__(path, "")
        self.wanted = re.compile(re.escape(text.encode()))
        self.reached = False

    def add(self, data):
        self.reached = self.reached or bool(self.wanted.search(self.tail + data))
        super().add(data)
        if self.reached:
            # Ends follow() as an output does that takes nothing any more.
            self.unheard = "the text has come"

    def show(self, word=""):
        """Show nothing: all boots together have one line."""


def one(folder, run, text):
    """Boot once: was it good, and how many seconds did it take?"""
    os.makedirs(folder)
    plan.write(folder, "run.json", json.dumps(run, indent=1))
    console = Watch(os.path.join(folder, "console"), text)
    launch.boot(folder, run, launch.emulator_of(folder, run), console)
    return console.reached, time.monotonic() - console.start


def line(number, lost, seconds):
    """The sum so far."""
    mean = sum(seconds) / len(seconds) if seconds else 0
    return f"{number:>6} boots, {lost} lost, {mean:.1f} s each"


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    results, number, text = sys.argv[1], int(sys.argv[2]), (sys.argv[3:] or [END])[0]
    run = {**plan.machine_settings(), **provenance.gather()}
    run["append"] = plan.append("*") + ["kunit.enable=0"]
    lost, seconds = 0, []
    for count in range(1, number + 1):
        folder = os.path.join(results, f"{count:04d}")
        good, took = one(folder, run, text)
        seconds += [took] if good else []
        if good:
            shutil.rmtree(folder)
        else:
            lost += 1
            print(f"  lost: {folder}", flush=True)
        if sys.stdout.isatty():
            print(f"\r\033[K  {line(count, lost, seconds)}", end="", flush=True)
    wipe = "\r\033[K" if sys.stdout.isatty() else ""
    print(f"{wipe}  {line(number, lost, seconds)}", flush=True)
    plan.write(results, "boots.json", json.dumps(
        {"boots": number, "lost": lost, "seconds": round(sum(seconds) / max(len(seconds), 1), 2),
         "until": text, "arch": run["arch"], "flavour": run["flavour"],
         "emulator": run["emulator"]["version"]}))
    return 7 if lost else 0


if __name__ == "__main__":
    sys.exit(output.run("boots", main))
