# SPDX-License-Identifier: GPL-2.0-only
"""Write the plan of one boot before it begins.

usage: plan RESULT_DIR FILTER     (from lab/boot/boot-and-judge, which exports the settings)

run.json names the kernel, the emulator and what the judge must find. On Bochs grub.cfg has
the kernel's command line for GRUB. FILTER is KUnit's glob of suites or suite.cases.
"""
import json
import os
import shutil
import subprocess
import sys

import output
from boot import machine, provenance


def append(filter_glob):
    """The words of the kernel's command line."""
    env = os.environ
    line = machine.words("common.boot", env["ARCH"] + ".boot", env["FLAVOUR"] + ".boot")
    line.append("kunit.filter_glob=" + filter_glob)
    if env["SEED"]:
        line.append("secondary_tlbs.seed=" + env["SEED"])
    if env["STEPS"]:
        line.append("secondary_tlbs.steps=" + env["STEPS"])
    if env["RUNS"] == "programs":
        line += machine.words("selftests.boot", env["MACHINE"] + ".boot")
        line += ["lab.machine=" + env["MACHINE"], "lab.length=" + env["LENGTH"],
                 "lab.seed=" + env["SEED"]]
    return line


def emulator():
    """The emulator's name, command, version, and its exit status when the guest ended well."""
    if os.environ["machine_emulator"] == "QEMU":
        return {"name": "QEMU", "command": machine.qemu(), "status": 0,
                "version": provenance.emulator_version(machine.qemu()[0])}
    # Bochs calls every end of its guest a panic, a power-off too.
    return {"name": "Bochs", "command": machine.bochs(), "status": 1,
            "version": provenance.package_version("bochs")}


def grub(line):
    """A grub.cfg that boots at once."""
    return f"set timeout=0\nlinux /kernel {' '.join(line)}\ninitrd /initramfs\nboot\n"


def write(result, name, text):
    """Write a file of the result folder."""
    with open(os.path.join(result, name), "w", encoding="utf-8") as out:
        out.write(text)


def machine_settings():
    """The part of the plan without the suites: the kernel and the machine that boots it."""
    env = os.environ
    return {
        "base": env["BASE"], "series": env["SERIES"], "arch": env["ARCH"],
        "machine": env["MACHINE"], "flavour": env["FLAVOUR"],
        "cpu": env["CPU"] or None, "cpus": int(env["CPUS"]), "tree": env["TREE"],
        "emulator": emulator(),
        "kernel": os.path.realpath(os.path.join(env["OUT"], "kernel")),
        "system_map": os.path.join(env["OBJ"], "System.map"),
        "initramfs": os.path.join(env["OUT"], "initramfs"),
        "deadline": int(env["DEADLINE"]), "quiet_limit": int(env["QUIET"]),
    }


def main():
    """Make the result folder with the plan and the kernel's configuration."""
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    result, filter_glob = sys.argv[1:]
    env = os.environ
    suites = subprocess.run([os.path.join(env["LAB"], "boot", "suites"), filter_glob],
                            stdout=subprocess.PIPE, text=True, check=False)
    if suites.returncode:
        return suites.returncode
    os.makedirs(result)
    shutil.copy(os.path.join(env["OBJ"], ".config"), os.path.join(result, ".config"))
    shutil.copy(os.path.join(env["OBJ"], "last_used_kunitconfig"),
                os.path.join(result, "requested.config"))
    run = {
        **machine_settings(), **provenance.gather(),
        "suite_glob": env["SUITE"], "filter": filter_glob, "seed": env["SEED"] or None,
        "suites": suites.stdout.split(),
        "xfail": env["XFAIL"] if os.path.exists(env["XFAIL"]) else None,
        "label": env["LABEL"], "append": append(filter_glob),
        "retries": json.loads(env.get("RETRIES") or "[]"),
    }
    if env["MACHINE"] == "vtx":
        run["iso"] = os.path.join(env["OUT"], "boot.iso")
        write(result, "grub.cfg", grub(run["append"]))
        # Debian's Bochs has the debugger, which waits for the command to continue.
        write(result, "continue", "c\n")
    write(result, "run.json", json.dumps(run, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(output.run("plan", main))
