# SPDX-License-Identifier: GPL-2.0-or-later
"""Our YAML reader against PyYAML, called as cloud-init calls it: texts of cloud-configs, mutated.

A text that only one of the two takes, or from which they make two things, is a failure. Where we
refuse on purpose what PyYAML takes, ON_PURPOSE says why, and our words say it to the user.
The same texts each time, so that a failure is of the change. OI_YAML_SECONDS is for how long to look
for others; OI_YAML_SEED repeats such a run.
"""
import ast
import datetime
import os
import random
import re
import subprocess
import time

import yaml

from rig import lookalike

SECONDS = float(os.environ.get("OI_YAML_SECONDS", "0"))
SEED = int(os.environ.get("OI_YAML_SEED", "0")) or (random.SystemRandom().randrange(1, 1 << 32) if SECONDS else 1)
MUTATED = 8000 # where nobody says for how long

# Words of ours for what PyYAML takes and we do not.
ON_PURPOSE = {
    "nested too deeply": "a limit",
    "too many": "a limit",
    "alias of an unknown anchor": "an alias within its own anchor has no end",
    "a ? stands in a word": "PyYAML mostly does not take it either",
    "found unexpected ':'": "libyaml's; nobody writes {a:, b}",
    "a tab character where an indentation": "libyaml's",
    "found incompatible YAML document": "%YAML 1.3 behind a line break of Unicode's",
    "a NUL byte stands": "no text of ours may hold one",
    "a byte order mark stands within": "nobody means it",
    "an unknown tag": "!!set, !!omap, !!pairs and !!python of old",
}

TEXTS = [
    "#cloud-config\ninfiniband:\n  driver: inbox\n  on_failure: block\nruncmd:\n  - [ls, -l]\n  - echo \"a: b\" # c\n",
    "a: &x {driver: inbox, b: [1, 2]}\ninfiniband:\n  <<: *x\n  driver: auto\nc: *x\n",
    "a: &x {k: 1}\nb: &y {k: 2, l: 3}\nc: {<<: [*x, *y], m: 4}\nd:\n  <<: *y\n  <<: *x\n",
    "x: |\n  #!/bin/sh\n  \techo\t1\n\n  done\ny: >-\n   folded\n   text\n\n   more\nz: end\n",
    "x: 'it''s'\ny: \"tab\\there \\u263a \\x41\"\n'q': \"a\n  b\"\n",
    "n: [1_000, 0b11, 30:00, 0755, 0x1F, 1:30.5, .5, 1.e+3, -.inf, .NaN, 089, 1e5, +1, ~, null, yes, Off, y, =]\n",
    "d: 2026-12-01\nt: 2026-12-01 10:00:00 +1:30\nu: 2001-12-14t21:59:43.10-05:00\nv: 2026-13-45\n",
    "i: !!int \"60\"\ns: !!str 60\nf: !!float 1\nb: !!bool \"yes\"\nn: !!null x\ny: !!binary aGFsbG8=\nz: !x y\n",
    "%YAML 1.3\n---\na: 1\n...\n", "---\na: 1\n---\nb: 2\n", "%TAG ! tag:yaml.org,2002:\n---\na: !int 5\n",
    "users:\n  - default\n  - name: hpc\n    sudo: ALL=(ALL) NOPASSWD:ALL\n    ssh_authorized_keys: [ssh-rsa AAAA== me@host]\n",
    "write_files:\n- path: /etc/x\n  permissions: '0644'\n  content: |\n    infiniband:\n      driver: auto\n- {path: /y, encoding: b64, content: !!binary |\n    aGFsbG8=\n  }\n",
    "apt:\n  sources:\n    x.list: {source: 'deb http://x/ $RELEASE main', keyid: F430BBA5}\nntp: {servers: [a, b], enabled: on}\n",
    "? a\n: b\n? [1]\n: c\n", "a: b: c\n", "{a: 1, b: [x, {y: z}], 'c': \"d\", e}\n", "- a\n- b:\n    - c\n", "a:\n- 1\n-\n- - 2\n",
    "a: x # c\nb:\t1\n", "a\t: 1\n", "- \ta\n", "a: [1,\t2]\n", "a: b\t# c\n", "a: |\t\n  x\n", "a: \"\tx\"\n", "\ta: 1\n", "a:\n  \tb: 1\n",
    "\ufeffa: 1\n", "a: \ufeffb\n", "a: \u0085b\nc: \u2028d\n", "k: &a *a\n", "*a : 1\n", "&k key: 1\nx: *k\n", "a: *nope\n",
    "infiniband: {driver: inbox, <<: 5}\n", "a: <<\n", "=: 1\n", "1: x\nyes: y\n", "a: !!python/unicode x\n", "a: @x\n", "a: `x`\n", "a: %x\n",
    "a: {b: c, d}\ne: [f: g, h]\n", "a: http://x:80/y#z\nb: a:b\nc: {d:e, f: g}\n", "a: -\nb: -x\nc: ?x\nd: :x\ne: ?\n", "a: 'x\n\n  y'\n",
]
PIECES = ["\t", " ", "\n", ":", ": ", "- ", "#", " #", "{", "}", "[", "]", ",", ", ", "'", "\"", "&a ", "*a", "!!int ", "!!str ", "!t ", "|", ">", "|-\n",
          "<<: ", "---\n", "...\n", "%YAML 1.2\n", "? ", "=", "~", "yes", "1_0", "0b1", "1:30", ".5", "2026-02-30", "\\", "\u00e9", "\u0085", "\ufeff",
          "\r\n", "\r", "infiniband:", "  ", "@", "`", "a: 1\n", "!", "!!binary ", "!<x>", "+", "0x", "_", "\x00", "\x07", "null"]


ODD = ["a key that is no string", ["other"]]  # our reader keeps such a key as it is written


def mutate(rng, text):
    for _ in range(rng.choice((0, 1, 1, 1, 2, 2, 3, 6))):
        at, to = sorted(rng.randrange(len(text) + 1) for _ in range(2))
        what = rng.randrange(6)
        if what < 3:
            text = text[:at] + rng.choice(PIECES) + text[at:]
        elif what == 3:
            text = text[:at] + text[min(to, at + 4):]
        elif what == 4:
            lines = text.split("\n")
            lines.insert(rng.randrange(len(lines) + 1), rng.choice(lines))
            text = "\n".join(lines)
        else:
            text = text[:at] + rng.choice(TEXTS)[:rng.randrange(1, 60)] + text[at:]
    return text


def tree(value):
    """A value in the words of tree.c."""
    if value is None:
        return ["null"]
    if isinstance(value, bool):
        return ["bool", int(value)]
    if isinstance(value, int):
        return ["int", value] if -1 << 63 <= value < 1 << 63 else ["real", float(value)]
    if isinstance(value, float):
        return ["real", value if value == value and abs(value) != float("inf") else str(value)]
    if isinstance(value, str):
        return ["str", value.encode(errors="surrogatepass").hex()]
    if isinstance(value, datetime.date):
        return ["date"]
    if isinstance(value, bytes):
        return ["bytes"]
    if isinstance(value, list):
        return ["list", *map(tree, value)]
    return ["map", *sorted([key.encode(errors="surrogatepass").hex(), tree(item)] if isinstance(key, str)
                           else ODD for key, item in value.items())]


def last_of_each(seen, known):
    """Our tree as a dict has it: the last of a key counts; keys that are no strings are left out."""
    if seen[0] == "list":
        pairs = zip(seen[1:], known[1:] if known[0] == "list" else [["null"]] * len(seen))
        return ["list", *(last_of_each(*pair) for pair in pairs)]
    if seen[0] != "map":
        return seen
    theirs = dict(known[1:]) if known[0] == "map" else {}
    odd = known.count(ODD) if known[0] == "map" else 0
    ours = {key: last_of_each(item, theirs.get(key, ["null"])) for key, item in seen[1:]}
    if odd:
        ours = {key: item for key, item in ours.items() if key in theirs}
        return ["map", *sorted([*([key, item] for key, item in ours.items()), *([ODD] * odd)])]
    return ["map", *sorted([key, item] for key, item in ours.items())]


def python_takes(text):
    """As cloud-init's util.load_yaml(): the value, or why it drops the text."""
    try:
        return tree(yaml.safe_load(text)), None
    except RecursionError:
        return None, "recursion"
    except Exception as e:  # what load_yaml does not catch, the part's handler does
        return None, str(e)


class Ours:
    def __init__(self):
        self.process = subprocess.Popen([lookalike.BUILD / "tests/userdata/tree"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)

    def __call__(self, text):
        data = text.encode()
        self.process.stdin.write(b"%d\n%s" % (len(data), data))
        self.process.stdin.flush()
        line = self.process.stdout.readline().decode()
        value = ast.literal_eval(line[2:])
        return (None, bytes.fromhex(value).decode(errors="replace")) if line[0] == "-" else (value, None)


def difference(ours, text):
    """What the two do not agree about; None: nothing."""
    seen, wrong = ours(text)
    known, error = python_takes(text)
    if seen is None and known is None:
        return None
    if seen is None:
        return None if any(word in wrong for word in ON_PURPOSE) else f"only PyYAML takes it; ours: {wrong}"
    if known is None:
        return f"only we take it; PyYAML: {error}"
    seen = last_of_each(seen, known)
    return None if seen == known else f"\n  ours   {seen}\n  PyYAML {known}"


def try_reader_is_cloud_inits(_vm):
    ours = Ours()
    rng = random.Random(SEED)
    texts = list(TEXTS)
    for path in sorted((lookalike.TOP / "examples").rglob("*.yaml")):
        texts.append(path.read_text())
    until = time.monotonic() + SECONDS
    n = 0
    found = {}
    while time.monotonic() < until if SECONDS and n >= len(texts) else n < len(texts) + MUTATED:
        text = texts[n] if n < len(texts) else mutate(rng, rng.choice(texts))
        n += 1
        try:
            wrong = difference(ours, text)
        except RecursionError:
            continue  # a tree that holds itself
        if wrong:
            kind = re.sub(r"line \d+, column \d+|\d+:\d+", "", wrong)[:90]
            if len(found) < 20 and kind not in found:
                found[kind] = f"{text!r}: {wrong}"
    print(f"# {n} texts, OI_YAML_SEED={SEED}", flush=True)
    assert not found, f"seed {SEED}:\n" + "\n".join(found.values())
