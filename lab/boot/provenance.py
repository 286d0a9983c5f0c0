# SPDX-License-Identifier: GPL-2.0-only
"""Tell what is run: the commits, the compiler, the emulator, the SHA-256 of the kernel."""
import datetime
import hashlib
import os
import re
import subprocess

COMPILER = re.compile(r'^CONFIG_CC_VERSION_TEXT="(.*)"$', re.M)


def output(*command):
    """The first line that a command prints, or None when it fails."""
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60,
                              stdin=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError):
        return None
    return said.stdout.partition("\n")[0].strip() or None


def emulator_version(program):
    """QEMU's version as QEMU prints it."""
    return output(program, "--version")


def package_version(name):
    """The version of a package: Bochs has no option that prints its own and ends."""
    version = output("dpkg-query", "-W", "-f", "${Version}", name)
    return f"{name} {version}" if version else None


def compiler(config):
    """The compiler and its version, from the kernel's configuration."""
    with open(config, encoding="utf-8") as file:
        found = COMPILER.search(file.read())
    return found.group(1) if found else None


def sha256(path):
    """The SHA-256 of a file, or None if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def gather():
    """All of it, for run.json."""
    env = os.environ
    tree = ("git", "-C", env["TREE"], "rev-parse")
    return {
        "version": output("make", "-s", "-C", env["TREE"], "kernelversion"),
        "started": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "project": output("git", "-C", env["TOP"], "describe", "--always", "--dirty", "--tags")
                   or "no git",
        "tree_commit": output(*tree, "HEAD"), "base_commit": output(*tree, "refs/heads/base"),
        "compiler": compiler(os.path.join(env["OBJ"], ".config")),
        "kernel_sha256": sha256(os.path.join(env["OUT"], "kernel")),
    }
