#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""peer.py - A peer that greets as it should, and then sends what it must not.

  peer.py cloud HOST PORT CA PATH TOKEN    as edge-1, to the site gateway at PATH
  peer.py site HOST PORT CA PATH TOKEN     as oslo-a, to the cloud gateway

  peer.py deaf HOST PORT CA PATH TOKEN     as oslo-a, who takes channels and reads no
                                          more, but answers PINGs that it never saw

One line for each trick that did not end as it should; at the end one for each drop
counter, with how far it must have gone up, and two with how many tricks ended an open
channel and how many there were.
Exits 1 if any went wrong.
"""

import collections
import struct
import sys
import time

import cases
import channel as ch
from packets import ICMP, echo, ip4, record

# An end comes at once.  It must not be taken for what comes later anyway: a greeting
# has five seconds, a channel that answers no PING seven.
AT_ONCE_S = 4

# Who we are, what we may send, and the tunnel addresses of both ends.
SELVES = {
    "cloud": (
        {"name": "edge-1", "role": "cloud", "site": ""},
        ("100.64.0.1", "10.1.0.5", "100.64.0.1", "100.64.0.11"),
    ),
    "site": (
        {"name": "oslo-a", "role": "site", "site": "oslo"},
        ("10.1.0.5", "100.64.0.1", "100.64.0.11", "100.64.0.1"),
    ),
}


def await_echo(channel, own, far, number):
    """A ping through the channel: what was sent before it has been looked at."""
    channel.send(ch.message(ch.DATA, record(ip4(own, far, ICMP, echo(number)))))
    while True:
        kind, body = channel.receive()
        if kind is None:
            return False
        if kind == ch.PING:
            channel.answer(body)
        if kind == ch.DATA and struct.pack("!HH", 4711, number) in body:
            return True


class Attack:
    """All tricks, one after the other."""

    def __init__(self, role, relay):
        self.who, self.ways = SELVES[role]
        self.relay = relay
        self.wrong = 0
        self.count = 0
        self.ends = 0
        self.drops = collections.Counter()

    def judge(self, name, got, want):
        """Did a trick end as it should?"""
        self.count += 1
        if got == want or isinstance(want, tuple) and got in want:
            return
        self.wrong += 1
        print("%s: %s, not %s" % (name, got, want), flush=True)

    def packets(self):
        """All on one channel, which survives."""
        channel = ch.Channel(self.relay, self.who).open()
        for number, (name, data, counter) in enumerate(
            cases.packet_cases(*self.ways)
        ):
            channel.send(ch.message(ch.DATA, data))
            alive = await_echo(channel, self.ways[2], self.ways[3], number)
            self.judge(name, "open" if alive else "closed", "open")
            self.drops[counter] += 1
            if not alive:
                channel = ch.Channel(self.relay, self.who).open()
        channel.close()

    def messages(self):
        """Each on a channel of its own."""
        for name, messages, end in cases.message_cases(*self.ways[:2]):
            channel = ch.Channel(self.relay, self.who).open()
            try:
                for one in messages:
                    channel.send(one)
            except OSError:
                pass
            if end == "open":
                alive = await_echo(channel, self.ways[2], self.ways[3], 7)
                self.judge(name, "open" if alive else "closed", "open")
            else:
                channel.ws.tls.settimeout(AT_ONCE_S)
                self.judge(name, channel.verdict(), end)
                self.ends += 1
            channel.close()
        channel = ch.Channel(self.relay, self.who).open()
        channel.send(b"hello", ch.TEXT)
        self.judge("text on an open channel", channel.verdict(), cases.PROTOCOL)
        channel.close()

    def greetings(self):
        """Each on a channel of its own."""
        for name, greet, end in cases.greeting_cases(self.who["role"]):
            channel = ch.Channel(self.relay, self.who)
            channel.ws.tls.settimeout(AT_ONCE_S)
            try:
                greet(channel)
                got = channel.verdict()
            except (OSError, EOFError):
                got = "closed"
            self.judge(name, got, end)
            channel.close()


def deafen(relay, who):
    """One channel at a time: the answer to the first PING, again and again, and
    nothing is read after that.  A later PING it cannot answer: who has not read
    does not know how much came before it.  The gateway believes it for a while."""
    while True:
        channel = ch.Channel(relay, who).open()
        while True:
            kind, body = channel.receive()
            if kind == ch.PING:
                break
        print("deaf", flush=True)
        try:
            while True:
                channel.answer(body)
                time.sleep(0.2)
        except OSError:
            channel.close()


def main():
    """Command line."""
    role, host, port, authority, path, token = sys.argv[1:]
    if role == "deaf":
        relay = ch.Relay(host, port, authority, path, token, True)
        deafen(relay, SELVES["site"][0])
    relay = ch.Relay(host, port, authority, path, token, role == "site")
    attack = Attack(role, relay)
    attack.packets()
    attack.messages()
    attack.greetings()
    for counter, count in attack.drops.items():
        print("drops", counter, count)
    print("ends", attack.ends)
    print("tricks", attack.count)
    sys.exit(1 if attack.wrong else 0)


if __name__ == "__main__":
    main()
