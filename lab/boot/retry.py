# SPDX-License-Identifier: GPL-2.0-only
"""Did the emulator lose this boot? The one rule for repeating a boot.

usage: retry RESULT_DIR     prints KIND<TAB>WHY if the boot may be repeated; else exit status 1

KIND emulator, on QEMU: the guest ended or fell silent before its first suite began, and no
trace on the console names a function of the series. That is one which the series adds or
edits, or into which such a function is inlined. If git cannot tell these functions, or there
is none, the boot does not count as lost. On Bochs: the guest fell silent, and Bochs used no
CPU time meanwhile. A Bochs that does use it runs a guest that hangs.

KIND mutant, on Bochs: a mutant's guest ran code from the page that the VMCS still named.
Bochs says so in its log and ends. In another case than a mutant's that is a failure.
"""
import json
import os
import re
import subprocess
import sys

import output

STANDS = 0.01   # seconds of CPU time per second that a process which stands still may use
SUITE = re.compile(r"# Subtest:")
END = "lab: end"
KERNEL = re.compile(r"Linux version ")
# A place in code as the kernel prints it; the compiler's suffixes are left out.
PLACE = re.compile(r"\b([A-Za-z_]\w*)(?:\.\w+)*\+0x[0-9a-f]+")
HEADER = re.compile(r"^@@ [^@]*@@ (.*)")
DEFINES = re.compile(r"^\+?(?:[A-Za-z_][\w \t*]*[ \t*])?([A-Za-z_]\w*)\(")
FILE = re.compile(r"^\+\+\+ b/(.*)")
VETO = "vetoed direct read"
USERS = ("mm", "virt", "include/linux", "arch/*/mm", "arch/*/include", "arch/*/kvm")


def defined(text):
    """The name of the function that a line at the left margin defines, as a set."""
    found = DEFINES.match(text)
    return {found.group(1)} if found else set()


class Unknown(Exception):
    """Why nobody can tell whether the emulator lost the boot. It then counts as not lost."""


def git(tree, *arguments, fine=(0,)):
    """The lines that a git command prints. It must end with one of these statuses."""
    done = subprocess.run(["git", "-C", tree, *arguments], capture_output=True, check=False,
                          text=True, errors="replace")
    if done.returncode not in fine:
        said = (done.stderr.splitlines() or [f"status {done.returncode}"])[0]
        raise Unknown(f"git {arguments[0]}: {said}")
    return done.stdout.splitlines()


def touched(tree):
    """The functions that the series adds or edits, by file."""
    found, file = {}, ""
    for line in git(tree, "diff", "-U0", "refs/heads/base", "HEAD", "--", "*.c", "*.h", "*.S"):
        begins, hunk = FILE.match(line), HEADER.match(line)
        if begins:
            file = begins.group(1)
        elif hunk:
            found.setdefault(file, set()).update(defined(hunk.group(1)))
        elif line.startswith("+") and not line.startswith("+++"):
            found.setdefault(file, set()).update(defined(line))
    return found


def around(tree, names):
    """The functions that use one of the names, in the folders that use mm's inline functions."""
    found = set()
    patterns = [word for each in sorted(names) for word in ("-e", each)]
    # git grep ends with 1 if there is no match.
    for line in git(tree, "grep", "-h", "-p", "-w", "-F", "-n", *patterns, "--", *USERS, fine=(0, 1)):
        # git grep -p marks the line that begins the function around a match with "=".
        begins = re.match(r"\d+=(.*)", line)
        if begins:
            found |= defined(begins.group(1))
    return found


def functions(tree):
    """The series' functions, and those that use an inline function of its headers."""
    by_file = touched(tree)
    inline = set().union(*(names for file, names in by_file.items() if file.endswith(".h")))
    found = set().union(*by_file.values())
    if not found:
        raise Unknown(f"{tree} has no function of the series")
    return found | around(tree, inline) if inline else found


def lost_by_qemu(run, boot, console):
    """Why QEMU lost this boot, or None."""
    if boot["ended"] not in ("exit", "quiet") or SUITE.search(console) or END in console:
        return None
    if boot["ended"] == "exit" and not KERNEL.search(console):
        return None     # QEMU did not start the kernel, and would not do it again
    named = sorted(set(PLACE.findall(console)) & functions(run["tree"]))
    if named:
        return None
    how = "ended" if boot["ended"] == "exit" else "fell silent"
    lines = [line for line in console.splitlines() if line.strip()]
    return f"the guest {how} before its first suite, after: {lines[-1].strip() if lines else '(nothing)'}"


def lost_by_bochs(boot):
    """Why Bochs lost this boot, or None."""
    if boot["ended"] != "quiet" or boot["silent_cpu"] is None:
        return None
    if boot["silent_cpu"] > STANDS * boot["silent"]:
        return None
    return f"Bochs stood still: {boot['silent_cpu']} s of CPU time in {boot['silent']:.0f} s of silence"


def ended_by_a_mutant(result, console):
    """Why a mutant ended Bochs, or None. Bochs runs no code from the APIC-access page."""
    try:
        with open(os.path.join(result, "bochs.log"), encoding="utf-8", errors="replace") as file:
            vetoed = VETO in file.read()
    except OSError:
        return None
    running = [line for line in console.splitlines() if ": running: " in line]
    if vetoed and running and "# mutant_" in running[-1]:
        return "a mutant's guest ran code from the frame the VMCS still named, and Bochs ended"
    return None


def read(result, name):
    """The text of a file of the result folder."""
    with open(os.path.join(result, name), encoding="utf-8", errors="replace") as file:
        return file.read()


def main():
    """Print why the boot may be repeated."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    result = sys.argv[1]
    run, boot = (json.loads(read(result, name)) for name in ("run.json", "boot.json"))
    console = read(result, "console")
    if run["emulator"]["name"] == "QEMU":
        try:
            kind, why = "emulator", lost_by_qemu(run, boot, console)
        except Unknown as error:
            return output.complain("retry", f"cannot tell whether the emulator lost the boot: {error}")
    else:
        kind, why = "mutant", ended_by_a_mutant(result, console)
        if why is None:
            kind, why = "emulator", lost_by_bochs(boot)
    if why is None:
        return 1
    print(f"{kind}\t{why}")
    return 0


if __name__ == "__main__":
    sys.exit(output.run("retry", main))
