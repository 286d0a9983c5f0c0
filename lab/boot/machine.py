# SPDX-License-Identifier: GPL-2.0-only
"""The command of the emulated machine, made of files of configs/ and the settings.

usage: machine [program | words FILE...]    (the settings are exported)

Prints the words of QEMU's command, each on a line; with "program" only the first one. With
"words" it prints those of files of configs/, each on a line.
"""
import os
import sys

import output


def words(*names):
    """The words of those files of configs/ that exist, without comments."""
    found = []
    for name in names:
        path = os.path.join(os.environ["TOP"], "configs", name)
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                for line in file:
                    found += line.split("#", 1)[0].split()
    return found


def unpacked(command, folder):
    """The command for a QEMU that is unpacked in a folder.

    QEMU looks for its data there first. Firmware of another package, as SeaBIOS, is the
    installed one.
    """
    data = [os.path.join(root, "share", name)
            for root in (os.path.join(folder, "usr"), "/usr") for name in ("qemu", "seabios")]
    paths = [word for path in data for word in ("-L", path)]
    return [os.path.join(folder, "usr", "bin", command[0]), *paths, *command[1:]]


def qemu():
    """QEMU's command for this machine, with CPU= in the last -cpu option."""
    env = os.environ
    command = words(*[name + ".qemu" for name in (env["machine_qemu"] or env["ARCH"]).split()])
    if env["CPU"]:
        command[len(command) - command[::-1].index("-cpu")] = env["CPU"]
    return unpacked(command, env["QEMU_DIR"]) if env["QEMU_DIR"] else command


def bochs():
    """Bochs' command."""
    return ["bochs", "-q", "-f", os.path.join(os.environ["TOP"], "configs", "vtx.bochsrc")]


def main():
    """Print the words."""
    if sys.argv[1:2] == ["words"]:
        print("\n".join(words(*sys.argv[2:])))
        return 0
    if sys.argv[1:] not in ([], ["program"]):
        sys.exit(__doc__)
    command = qemu()
    print("\n".join(command[:1] if sys.argv[1:] else command))
    return 0


if __name__ == "__main__":
    sys.exit(output.run("machine", main))
