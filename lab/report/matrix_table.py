# SPDX-License-Identifier: GPL-2.0-only
"""Print docs/matrix.md from judged runs of the suite secondary_tlbs_matrix.

usage: matrix_table RESULTS_DIR     with result folders base-ARCH, upstream-ARCH, series-ARCH

A missing run is a column of "not run". Exit status: 0, or 2 without any run.
"""
import re
import sys
from pathlib import Path

import output
from judge.datafiles import ARCHES
from report import table
from report.columns import KERNELS, label, load

SUITE, CLAIM = "secondary_tlbs_matrix", "_is_exact"
HEAD = """<!-- SPDX-License-Identifier: GPL-2.0-only -->
# What each path of the mm tells

`make matrix` writes this file from the suite `secondary_tlbs_matrix`; do not edit it.

A cell is calls / pages told / pages changed, as one subscriber saw them; `all` is the
whole address space. What differs from what the contract asks for is marked `fails`. A
number in brackets names the reason below the table: why a path cannot run there, or why
the series cannot tell exactly what changes.
"""
MORE = re.compile(r"# \S+: more: (.+)$")


def rows_of(found):
    """(status, reason, counted or None) by path, in the order of the suite."""
    counted = {x["operation"]: x for x in found["counted"] if x["suite"] == SUITE}
    cases = [c for s in found["suites"] if s["name"] == SUITE for c in s["cases"]]
    names = [(c["name"].removesuffix(CLAIM), c) for c in cases]
    return {name: (c["status"], c["reason"] or more(c), counted.get(name)) for name, c in names}


def more(case):
    """The reason for which a passed path may invalidate more than changes, or nothing."""
    found = [MORE.search(text) for text in case["messages"]]
    return next((m.group(1) for m in found if m), "") if case["status"] == "passed" else ""


def cell(row, reasons):
    """One path on one kernel; a new reason is added to reasons and gets the next number."""
    if row is None:
        return "not run"
    status, reason, count = row
    number = ""
    if reason and status in ("passed", "skipped"):
        if reason not in reasons:
            reasons.append(reason)
        number = f"[{reasons.index(reason) + 1}]"
    if status == "skipped":
        return number
    text = f"{count['calls']} / {table.pages(count['pages'])} / {count['changed']}" if count else "-"
    return f"{text} {number}".rstrip() if status == "passed" else text + " fails"


def table_of(arch, found):
    """The section of one architecture."""
    rows = {kernel: rows_of(found[kernel]) if found[kernel] else {} for kernel in KERNELS}
    paths = list(dict.fromkeys(path for kernel in reversed(KERNELS) for path in rows[kernel]))
    reasons = []
    lines = [f"\n## {arch}\n", "| path | " + " | ".join(label(k, found[k]) for k in KERNELS) + " |",
             "|---|---|---|---|"]
    for path in paths:
        cells = [cell(rows[k].get(path), reasons) for k in KERNELS]
        lines.append(f"| {path} | " + " | ".join(cells) + " |")
    return lines + [""] * bool(reasons) + [f"{n}. {r}" for n, r in enumerate(reasons, 1)]


def main():
    """Print the document."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder, lines = Path(sys.argv[1]), []
    for arch in ARCHES:
        found = {kernel: load(folder / f"{kernel}-{arch}") for kernel in KERNELS}
        if any(found.values()):
            lines += table_of(arch, found)
    if not lines:
        print(f"matrix: no judged run in {folder}", file=sys.stderr)
        return 2
    print(HEAD + "\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(output.run("matrix", main))
