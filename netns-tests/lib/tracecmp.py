#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""tracecmp.py - Does `relaytun trace` say what the kernel does?

  tracecmp.py plan COUNT SEED           random packets, one a line, from what
                                        stdin offers (NAME PROTO DADDR DPORT)
  tracecmp.py send                      send the packets on stdin
  tracecmp.py compare MONITOR COMMAND...
                                        COMMAND --from SADDR NAME for each packet
                                        on stdin, against `nft monitor trace`

A packet is NUMBER NAME PROTO SADDR DADDR DPORT; its source port is BASE plus its
number, by which the kernel's trace is found again.
"""

import random
import re
import socket
import subprocess
import sys

BASE = 20000
SOURCES = ["203.0.113.2"] + [f"203.0.113.{i}" for i in range(16, 32)]


def plan(count, seed):
    """Random packets."""
    offers = [line.split() for line in sys.stdin if line.strip()]
    dice = random.Random(seed)
    for number in range(count):
        name, proto, daddr, dport = dice.choice(offers)
        print(number, name, proto, dice.choice(SOURCES), daddr, dport)


def packets():
    """Those on stdin."""
    for line in sys.stdin:
        number, name, proto, saddr, daddr, dport = line.split()
        yield int(number), name, proto, saddr, daddr, int(dport)


def send():
    """Each as the first of a flow; answers do not matter."""
    for number, _, proto, saddr, daddr, dport in packets():
        kind = socket.SOCK_STREAM if proto == "tcp" else socket.SOCK_DGRAM
        with socket.socket(socket.AF_INET, kind) as sock:
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((saddr, BASE + number))
            try:
                sock.connect((daddr, dport))
                if proto == "udp":
                    sock.send(b"x")
            except BlockingIOError:
                pass


def monitored(path):
    """Steps by source port: [(table, chain, verdict)], first packet only."""
    steps = {}
    port_of = {}
    ports = set()
    line_re = re.compile(r"^trace id (\S+) (\S+) (\S+) (\S+) (packet|rule|verdict|policy)[: ]?(.*)$")
    with open(path, encoding="utf-8") as file:
        for line in file:
            match = line_re.match(line.rstrip())
            if not match:
                continue
            trace, family, table, chain, what, rest = match.groups()
            if what == "packet":
                sport = re.search(r"(?:tcp|udp) sport (\d+)", rest)
                if sport and trace not in port_of:
                    number = int(sport.group(1)) - BASE
                    if number in ports:
                        port_of[trace] = None  # a retransmission
                    else:
                        ports.add(number)
                        port_of[trace] = number
                        steps[number] = []
                continue
            number = port_of.get(trace)
            if number is None or table == "tracer":
                continue
            if what == "rule":
                verdict = re.search(r"\(verdict ([^)]*)\)$", rest).group(1)
                if verdict == "continue":
                    continue
            elif what == "policy":
                verdict = "policy " + rest.split()[0]
            else:
                continue  # the end of a chain that was called
            steps[number].append((f"{family} {table}", chain, verdict))
    return steps


def told(command, name, saddr):
    """The same from relaytun trace."""
    said = subprocess.run(command + ["--from", saddr, name], capture_output=True, text=True, check=False)
    steps = []
    for line in said.stdout.splitlines():
        match = re.match(r"^(?:prerouting|input|forward|postrouting) +(\S+ \S+) (\S+): (.*?)(?:  \[.*)?$", line)
        if not match:
            continue
        table, chain, what = match.groups()
        if what.startswith(("ct mark", "meta mark", "notrack")):
            continue
        if what.startswith(("dnat", "snat", "masquerade")):
            what = "accept"
        if what == "reject":
            what = "drop"
        if table != "inet tracer":
            steps.append((table, chain, what))
    return steps, said.stdout + said.stderr


def compare(path, command):
    """All packets; the first difference is told."""
    kernel = monitored(path)
    cache = {}
    kinds = {}
    count = 0
    for number, name, _, saddr, _, _ in packets():
        if number not in kernel:
            sys.exit(f"packet {number} is not in the kernel's trace")
        if (name, saddr) not in cache:
            cache[name, saddr] = told(command, name, saddr)
        steps, text = cache[name, saddr]
        if steps != kernel[number]:
            sys.exit(
                f"packet {number} to {name} from {saddr}: the kernel:\n"
                + "\n".join(map(str, kernel[number]))
                + "\nrelaytun trace:\n"
                + "\n".join(map(str, steps))
                + "\n"
                + text
            )
        kinds[steps[-1]] = kinds.get(steps[-1], 0) + 1
        count += 1
    for kind, times in sorted(kinds.items()):
        print(times, *kind)
    print(f"{count} packets, {len(cache)} different questions, {len(kinds)} ends")


if __name__ == "__main__":
    if sys.argv[1] == "plan":
        plan(int(sys.argv[2]), int(sys.argv[3]))
    elif sys.argv[1] == "send":
        send()
    else:
        compare(sys.argv[2], sys.argv[3:])
