# SPDX-License-Identifier: GPL-2.0-only
"""Ask QEMU's monitor for the state of a guest that fell silent."""
import json
import re
import socket
import time

# Seconds. Some answers need the machine's lock: a QEMU that hangs itself never gives it.
PATIENCE = 10
ADDRESS = re.compile(r"\b(RIP|PC|NIP)[ =]+([0-9a-f]{16})\b")
COMMANDS = ("info status", "info cpus", "info registers -a")
# x86 only; QEMU for another architecture answers that it has no such command.
INTERRUPTS = ("info lapic 0", "info lapic 1", "info lapic 2", "info lapic 3", "info pic")


class Monitor:
    """One end of a socket whose other end QEMU has as its monitor."""

    def __init__(self):
        self.socket, self.far = socket.socketpair()
        self.socket.settimeout(PATIENCE)

    def options(self):
        """The options of QEMU's command that make the monitor."""
        return ["-chardev", f"socket,id=lab,fd={self.far.fileno()}", "-mon", "chardev=lab,mode=control"]

    def request(self, stream, name, **arguments):
        """Send one command of the protocol and return its answer; events are left out."""
        text = json.dumps({"execute": name, "arguments": arguments})
        self.socket.sendall(text.encode() + b"\n")
        while True:
            line = stream.readline()
            if not line:
                raise OSError("the monitor has closed")
            said = json.loads(line)
            if "return" in said or "error" in said:
                return said.get("return", said.get("error"))

    def state(self):
        """The answers to all commands. The first ones are asked twice: does the guest move?"""
        out = []
        try:
            stream = self.socket.makefile("r", encoding="utf-8")
            stream.readline()
            self.request(stream, "qmp_capabilities")
            for command in (*COMMANDS, *INTERRUPTS, *COMMANDS):
                said = self.request(stream, "human-monitor-command", **{"command-line": command})
                out.append(f"== {time.strftime('%H:%M:%S', time.gmtime())} {command}\n{said}")
        except (OSError, ValueError) as error:
            out.append(f"== the monitor does not answer: {error}")
        return "\n".join(out) + "\n"

    def close(self):
        self.socket.close()
        self.far.close()


def symbols(path):
    """The text symbols of a System.map, by address."""
    found = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            address, kind, name = line.split()
            if kind in "tTwW":
                found.append((int(address, 16), name))
    return sorted(found)


def name(known, address):
    """symbol+0xOFFSET of an address, or nothing."""
    below = [each for each in known if each[0] <= address][-1:]
    return f"{below[0][1]}+{address - below[0][0]:#x}" if below else "?"


def symbolized(text, system_map):
    """The text, and below it the place of each CPU as a symbol of the kernel."""
    try:
        known = symbols(system_map)
    except (OSError, ValueError) as error:
        return f"{text}== no symbols: {error}\n"
    places = [f"{register}={value} {name(known, int(value, 16))}"
              for register, value in ADDRESS.findall(text)]
    return text + "\n".join(["== where the CPUs stood", *places]) + "\n"
