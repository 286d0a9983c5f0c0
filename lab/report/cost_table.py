# SPDX-License-Identifier: GPL-2.0-only
"""Compare what operations of the mm cost on three kernels, in instructions.

usage: cost_table RESULTS_DIR     with the result folders base, series and upstream

Every row is an operation and who subscribes to its mm; a column each for the base, the
series and upstream, and how the series compares. Where no secondary TLB subscribes, the
series must not exceed the base by more than the tolerance below. Exit status: 0, 2
(a count is missing) or 7 (the series costs more).
"""
import re
import sys
from pathlib import Path

import output
from report import columns, table

KERNELS = ("base", "series", "upstream")
COST = re.compile(r"# cost: (\S+) subscriber=(\S+) instructions=(\d+)$")
# Who must not pay for what others have.
FREE = ("none", "range")
# What the state of an allocator makes of the same code: the suite allows it one
# kernel's two counts, too. Most rows differ by nothing.
TOLERANCE = 0.001


def load(folder):
    """(summary, {(operation, subscriber): instructions}) of one judged boot."""
    found = columns.load(folder)
    counts = {}
    for suite in found["suites"] if found else []:
        for case in suite["cases"]:
            for text in case["messages"]:
                match = COST.search(text)
                if match:
                    counts[match.group(1, 2)] = int(match.group(3))
    return found, counts


def ratio(count, other):
    return f"{count / other:.4f}"


def row(key, counts):
    base, series, upstream = (counts[kernel][key] for kernel in KERNELS)
    dear = key[1] in FREE and series > base * (1 + TOLERANCE)
    return [" ".join(key), base, series, upstream, ratio(series, base),
            ratio(series, upstream), "more" if dear else ""], dear


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    runs, counts = {}, {}
    for kernel in KERNELS:
        runs[kernel], counts[kernel] = load(Path(sys.argv[1]) / kernel)
    keys = list(counts["base"])
    missing = [k for k in KERNELS if list(counts[k]) != keys or not keys]
    if missing:
        print(f"cost: not the same operations were counted on: {' '.join(missing)}",
              file=sys.stderr)
        return 2
    rows, dear = zip(*(row(key, counts) for key in keys))
    head = ["instructions", *(columns.label(k, runs[k]) for k in KERNELS), "/ base",
            "/ upstream", ""]
    print("\n".join(table.lines(head, rows)))
    verdict = "passed" if not any(dear) else f"FAILED: {sum(dear)} cost more than the base"
    print(f"\nverdict: {verdict}")
    return 7 if any(dear) else 0


if __name__ == "__main__":
    sys.exit(output.run("cost", main))
