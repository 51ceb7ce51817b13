#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""told.py - Does the documentation say what the programs say and do?

  told.py BUILD

Words: what the troubleshooting table of docs/operations.md quotes in its first
column stands in the sources' strings.  Numbers: those of tests/told.txt are the
same in a #define and in a text.  Keys of configuration files have their place in the
manual.  Defaults: the relay's, of its normal form, stand in
etc/relay.cfg and relaytun-relay.cfg(5).  One line for each fault.
"""

import ast
import glob
import os
import re
import subprocess
import sys
import tempfile

# What others say, and what their words are here: libcurl.
OTHERS = {"Could not resolve host", "Couldn't connect to server"}


def read(path):
    """A file's text."""
    with open(path, encoding="utf-8") as file:
        return file.read()


def strings(paths):
    """All string literals of C sources, those side by side as one."""
    literal = r'"(?:[^"\\\n]|\\.)*"'
    for path in paths:
        for found in re.findall(rf"{literal}(?:\s*{literal})*", read(path)):
            yield "".join(
                ast.literal_eval(part) for part in re.findall(literal, found)
            )


def words():
    """Faults of the troubleshooting table."""
    table = read("docs/operations.md")
    said = "\n".join(strings(glob.glob("src/*/*.c") + ["src/carrier/drops.h"]))
    rows = re.findall(r"^\| (?!it says|---)(.*?) \| .*? \| .*? \|$", table, re.M)
    for row in rows:
        for quoted in re.findall(r"`([^`]+)`", row):
            if quoted not in said and quoted not in OTHERS:
                yield f"docs/operations.md: nobody says {quoted!r}"
    if len(rows) < 20:
        yield f"docs/operations.md: a table of {len(rows)} rows"


def numbers():
    """Faults of told.txt: SOURCE NAME VALUE | TEXT | WORDS."""
    for line in read("tests/told.txt").splitlines():
        if not line or line.startswith("#"):
            continue
        define, path, said = (part.strip() for part in line.split("|", 2))
        source, name, value = define.split(None, 2)
        if not re.search(rf"^#define {name}\s+{re.escape(value)}(?=\s|$)",
                         read(source), re.M):
            yield f"{source}: {name} is not {value} any more; {path} says {said!r}"
        if said not in " ".join(read(path).split()):
            yield f"{path}: {said!r} is gone; see tests/told.txt"


# Where a file's keys are told.
PAGES = {
    "src/policy/gateway_conf.c": ["docs/man/relaytun-gateway.cfg.5"],
    "src/policy/access.c": ["docs/man/relaytun-gateway.cfg.5"],
    "src/policy/keys.c": ["docs/man/relaytun-policy.5", "docs/policy.md"],
    "src/relay/relay_conf.c": ["docs/man/relaytun-relay.cfg.5"],
}


def keys():
    """Faults of configuration files' keys: each that is read is told."""
    for source, pages in PAGES.items():
        form = r"\bkeys\[\]\s*=\s*\{(.*?)\}|KEYS\((\".*?)\)"
        lists = re.findall(form, read(source), re.S)
        if not lists:
            yield f"{source}: no keys"
        for key in re.findall(r'"(\w+)"', " ".join(map(" ".join, lists))):
            for page in pages:
                if not re.search(rf"(^\.(It )?Ic |`|Ic ){key}\b", read(page), re.M):
                    yield f"{page}: nothing of {key}, which {source} reads"


def private(path, flags):
    """For open(): readable by its owner only."""
    return os.open(path, flags, 0o600)


def defaults(build):
    """Faults of the relay's defaults."""
    with tempfile.TemporaryDirectory() as folder:
        key, config = f"{folder}/key", f"{folder}/relay.cfg"
        with open(key, "w", opener=private, encoding="utf-8") as file:
            file.write("a key")
        with open(config, "w", encoding="utf-8") as file:
            file.write(
                'listen = "127.0.0.1:443"; plaintext = true;\n'
                'connections = ( { path = "a"; keys = ( { name = "k";\n'
                f'  key_file = "{key}"; rights = [ "manage" ]; }} ); }} );\n'
            )
        normal = subprocess.run(
            [f"{build}/bin/relaytun", "relay", "--check", "-c", config],
            check=True, stdout=subprocess.PIPE, text=True,
        ).stdout
    found = re.findall(r"^  (\w+) = (\d+);$", normal, re.M)
    example, manual = read("etc/relay.cfg"), read("docs/man/relaytun-relay.cfg.5")
    for name, value in found:
        if not re.search(rf"^#   {name} += {value};", example, re.M):
            yield f"etc/relay.cfg: {name} is {value}"
        if not re.search(rf"^\.Ic {name}\n\({value}\)", manual, re.M):
            yield f"relaytun-relay.cfg(5): {name} is {value}"
    if len(found) < 10:
        yield f"only {len(found)} limits in: {normal}"


def main():
    """Command line."""
    faults = [*words(), *numbers(), *keys(), *defaults(sys.argv[1])]
    print("\n".join(faults))
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
