#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""guide_az.py - Are a text's `az` commands such as the Azure CLI takes?

  guide_az.py TABLE FILE.md

Each command in FILE's blocks, and each whole one in `backticks`, must be in TABLE
(tests/guide.az) with all options that it needs and none that it has not.  One that
is only mentioned, without an option, must be there as a group or command.  Prints
one line for each fault, then how many commands there were.
"""

import re
import shlex
import sys

EVERYWHERE = {"--output", "--query"}


def split_option(word):
    """"--key=A|B" as ("--key", {"A", "B"}); no values mean any."""
    name, _, values = word.partition("=")
    return name, set(filter(None, values.split("|")))


def read_table(path):
    """Command words to (options needed, all options), each with its values."""
    table = {}
    for line in open(path, encoding="utf-8"):
        if line.startswith("#"):
            continue
        needed, _, others = line.rstrip("\n").partition(" |")
        words = shlex.split(needed)
        options = [word for word in words if word.startswith("--")]
        name = " ".join(words[: len(words) - len(options)])
        needs = dict(map(split_option, options))
        table[name] = needs, needs | dict(map(split_option, shlex.split(others)))
    return table


def commands(text):
    """All that begins with az, one line each, without what encloses it."""
    blocks = re.findall(r"^```\n(.*?)^```$", text, re.M | re.S)
    prose = re.sub(r"^```\n.*?^```$", "", text, flags=re.M | re.S)
    for block in blocks:
        for line in re.sub(r"\\\n", " ", block).splitlines():
            yield from re.findall(r"(?:^|[(;\s])az ([^|>;)#]+)", line)
    for quoted in re.findall(r"`az ([^`]+)`", prose):
        yield " ".join(quoted.split())


def parse(command):
    """(words, {option: its values})"""
    words, options, last = [], {}, None
    for word in shlex.split(command):
        if word.startswith("-"):
            last = options.setdefault(word, [])
        elif last is None:
            words.append(word)
        else:
            last.append(word)
    return " ".join(words), options


def faults(table, command):
    """What is wrong with one, in words."""
    name, options = parse(command)
    if not options and any(f"{known} ".startswith(f"{name} ") for known in table):
        return
    if name not in table:
        yield "no such command"
        return
    needed, allowed = table[name]
    for option in needed.keys() - options.keys():
        yield f"{option} is missing"
    for option in options.keys() - allowed.keys() - EVERYWHERE:
        yield f"it has no {option}"
    for option, values in options.items():
        for value in values:
            if allowed.get(option) and value not in allowed[option]:
                yield f"{option} is no {value}"


def main():
    """Command line."""
    table = read_table(sys.argv[1])
    found = list(commands(open(sys.argv[2], encoding="utf-8").read()))
    bad = 0
    for command in found:
        for fault in faults(table, command):
            print(f"az {command.strip()}: {fault}")
            bad = 1
    unused = table.keys() - {parse(command)[0] for command in found}
    for name in sorted(unused):
        print(f"az {name}: in the table, but not in the text")
        bad = 1
    print(f"{len(found)} commands")
    sys.exit(bad)


if __name__ == "__main__":
    main()
