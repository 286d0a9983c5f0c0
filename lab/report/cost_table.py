# SPDX-License-Identifier: GPL-2.0-only
"""Compare the cost of operations of the mm on three kernels, in instructions.

usage: cost_table RESULTS_DIR     with the result folders base, series and upstream

A row is an operation and the kind of subscriber to its mm. The columns are the base, the
series, upstream, and the ratio of the series to both. Where no secondary TLB subscribes,
the series may exceed the base by the tolerance below. Exit status: 0, 2 (a count is
missing) or 7 (the series costs more).
"""
import re
import sys
from pathlib import Path

import output
from report import columns, table

KERNELS = ("base", "series", "upstream")
COST = re.compile(r"# cost: (\S+) subscriber=(\S+) instructions=(\d+)$")
# Subscribers without a secondary TLB: the series must cost them nothing.
FREE = ("none", "range")
# The state of an allocator changes the count of the same code a little. The suite allows
# the same between two counts on one kernel. Most rows do not differ.
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
    """count / other, for a cell."""
    return f"{count / other:.4f}"


def row(key, counts):
    """(cells, does the series cost too much?) of one operation and subscriber."""
    base, series, upstream = (counts[kernel][key] for kernel in KERNELS)
    dear = key[1] in FREE and series > base * (1 + TOLERANCE)
    return [" ".join(key), base, series, upstream, ratio(series, base),
            ratio(series, upstream), "more" if dear else ""], dear


def main():
    """Print the table and its verdict."""
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
