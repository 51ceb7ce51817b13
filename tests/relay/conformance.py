#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Conformance of relaytun-relay, one case a function, numbered as the protocol
notes number them (R01..R71; X cases are our own: bad input, files, signals).

usage: conformance.py [--program FILE] [--slack-kib N] [--long] [--jobs N]
                      [CASE...]

Each case gets a relay that all share unless it says otherwise; a case that
leaves the shared relay dead fails, and the next one gets a new relay.  Most
cases wait most of the time: with --jobs, so many runs share them.
"""

import argparse
import os
import subprocess
import sys
import traceback

# The cases register themselves, in this order.
import listener_cases  # noqa: F401 pylint: disable=unused-import
import sender_cases  # noqa: F401 pylint: disable=unused-import
import http_cases  # noqa: F401 pylint: disable=unused-import
import limit_cases  # noqa: F401 pylint: disable=unused-import
import operation_cases  # noqa: F401 pylint: disable=unused-import
import own_cases  # noqa: F401 pylint: disable=unused-import
import stop_cases  # noqa: F401 pylint: disable=unused-import
from registry import CASES, OPTIONS, own_relay


def run_case(number, relay):
    """Return None, or what is wrong."""
    text, function, _ = CASES[number]
    try:
        function(relay)
        assert relay.process.poll() is None, "the relay died"
    except Exception:  # pylint: disable=broad-except
        print(f"FAIL {number} {text}", flush=True)
        print(traceback.format_exc(), end="")
        print("\n".join("  log: " + line for line in relay.lines[-8:]),
              flush=True)
        return False
    print(f"ok {number} {text}", flush=True)
    return True


def run_cases(wanted):
    """Return how many failed."""
    failed = 0
    relay = None
    try:
        for number in wanted:
            if relay is None:
                relay = own_relay().__enter__()
            if not run_case(number, relay):
                failed += 1
                relay.__exit__()
                relay = None
        if relay is not None and relay.stop() != 0:
            print("FAIL the shared relay did not end cleanly")
            print("\n".join(relay.lines[-20:]))
            failed += 1
    finally:
        if relay is not None:
            relay.__exit__()
    return failed


def share_cases(wanted):
    """The same by several runs of this program."""
    options = ["--program", OPTIONS.program,
               "--slack-kib", str(OPTIONS.slack_kib)]
    runs = []
    for i in range(OPTIONS.jobs):
        if wanted[i :: OPTIONS.jobs]:
            # pylint: disable=consider-using-with
            runs.append((wanted[i :: OPTIONS.jobs], subprocess.Popen(
                [sys.executable, __file__, *options,
                 *wanted[i :: OPTIONS.jobs]],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)))
    failed = 0
    for cases, run in runs:
        output = run.communicate()[0].rstrip("\n").split("\n")
        print("\n".join(output[:-1]), flush=True)
        if run.returncode:
            told = output[-1].split()
            failed += int(told[2]) if told[1:2] == ["passed,"] else len(cases)
    return failed


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default=os.path.join(
        here, "../../build/libexec/relaytun/relaytun-relay"))
    parser.add_argument("--slack-kib", type=int, default=0,
                        help="memory a sanitizer's own books may take")
    parser.add_argument("--long", action="store_true",
                        help="also the cases that take minutes")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("cases", nargs="*")
    parser.parse_args(namespace=OPTIONS)
    wanted = [n for n, (_, _, long) in CASES.items()
              if n in OPTIONS.cases or (not OPTIONS.cases
                                        and (OPTIONS.long or not long))]
    failed = (share_cases if OPTIONS.jobs > 1 else run_cases)(wanted)
    print(f"{len(wanted) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
