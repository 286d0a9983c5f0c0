# SPDX-License-Identifier: GPL-2.0-only
"""Print docs/dma-table.md from judged runs of the suites of MACHINE=smmu.

usage: dma_table RESULTS_DIR MUTANTS_DIR

RESULTS_DIR has the result folders base, upstream and series, and with -dirty behind these
names those of _dirty_smmu on CPU=max. A missing run is a column of "not run".
Exit status: 0, or 2 without any run.
"""
import re
import sys
from pathlib import Path

import output
from report import columns

COMMANDS = re.compile(r"commands: (\w+) by_va=(\d+) by_asid=(\d+) atc=(\d+) sync=(\d+)")
TRANSFERS = re.compile(r"# (\S+): (\d+) DMA transfers, (\d+) of them faulted")
KILLS = re.compile(r"^Kills: (\S+)$", re.M)
HEAD = """<!-- SPDX-License-Identifier: GPL-2.0-only -->
# What devices see, and what their SMMU is told

`make dma` writes this file from the suites of `MACHINE=smmu`; do not edit it.
[dma.md](dma.md) says what they do.
"""


class Run:
    """A judged run: the SMMU's commands, the DMA transfers and the cases."""

    def __init__(self, folder, summary):
        self.summary = summary
        with open(folder / "console", encoding="utf-8", errors="replace") as file:
            text = file.read()
        self.commands = {name: " / ".join(counts) for name, *counts in COMMANDS.findall(text)}
        self.transfers = {name: counts for name, *counts in TRANSFERS.findall(text)}
        self.cases = {f"{s['name']}.{c['name']}": c["status"]
                      for s in self.summary["suites"] for c in s["cases"]}


def load(folder):
    """The run, or None."""
    summary = columns.load(folder)
    return Run(folder, summary) if summary else None


def load_both(folder):
    """The run, with the cases and transfers of the run with CPU=max; or None."""
    run, dirty = load(folder), load(folder.with_name(folder.name + "-dirty"))
    if run and dirty:
        run.cases |= dirty.cases
        run.transfers |= dirty.transfers
    return run


def keys(runs, member):
    """The keys of all runs, those of the series first."""
    found = [getattr(run, member) for run in reversed(runs) if run]
    return list(dict.fromkeys(key for each in found for key in each))


def rows(first, runs, member, show, more=lambda key: []):
    """The lines of a table with a row for each key and a column for each run."""
    head = [first] + [columns.label(k, r and r.summary) for k, r in zip(columns.KERNELS, runs)] + more(None)
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for key in keys(runs, member):
        cells = ["not run" if run is None else show(getattr(run, member).get(key)) for run in runs]
        lines.append("| " + " | ".join([key] + cells + more(key)) + " |")
    return lines


def killers(folder):
    """The mutants that each case kills, by the case."""
    found = {}
    for path in sorted(Path(folder).rglob("*.patch")):
        for case in KILLS.findall(path.read_text(encoding="utf-8")):
            found.setdefault(case, []).append(path.stem)
    return found


def main():
    """Print the document."""
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    runs = [load_both(Path(sys.argv[1]) / kernel) for kernel in columns.KERNELS]
    if not any(runs):
        print(f"dma: no judged run in {sys.argv[1]}", file=sys.stderr)
        return 2
    kills = killers(sys.argv[2])
    words = {"passed": "ok", "xpass": "ok", "skipped": "-", None: "not there"}
    print(HEAD)
    print("## Commands\n\nInvalidations by address / by ASID / of the device's own TLB / waits.\n")
    print("\n".join(rows("operation", runs, "commands", lambda count: count or "-")))
    print("\n## Cases\n\n`-` is skipped; a run says why.\n")
    print("\n".join(rows("case", runs, "cases", lambda s: words.get(s, "fails"),
                         lambda key: [", ".join(kills.get(key, []))] if key else ["kills mutants"])))
    print("\n## DMA transfers\n\nAll, and how many of them faulted.\n")
    print("\n".join(rows("suite", runs, "transfers",
                         lambda counts: " / ".join(counts) if counts else "-")))
    return 0


if __name__ == "__main__":
    sys.exit(output.run("dma", main))
