# SPDX-License-Identifier: GPL-2.0-or-later
"""Every reason is provoked by a test, and what the program says is what the document says."""
import csv
import json
import os
import pathlib
import re
import tempfile

from common import PROGRAM, TOP, ask, commands, ofed_init, schema
from rig import words

# What a line of a test looks like that demands a reason, rather than mentions one: an assertion
# or a helper of that layer which asserts, or a row of a table that is walked by one.
DEMANDS = re.compile(r"assert|\b(equal|check|contains|ended|refused|failed|unfinished|later|scene)\(|"
                     r"reason == |^\{|^OI_R_\w+(, NULL)? \}")
ROW = re.compile(r'OI_REASON\((\w+),\s*"([^"]+)",\s*(\d+),')


def known():
    """[(enum, id, exit code)]"""
    rows = ROW.findall((TOP / "src/model/codes.def").read_text())
    assert len(rows) > 100
    return rows


def decided():
    """{reason: (folder or table that expects it, folder or None)} of tests/cases."""
    found = {}
    for file in sorted((TOP / "tests/cases").glob("*/expect.json")):
        reason = json.loads(file.read_text()).get("reason")
        if reason:
            found.setdefault(reason, (f"cases: {file.parent.name}", file.parent))
    for file in sorted((TOP / "tests/cases").glob("*.tsv")):
        with open(file, newline="") as rows:
            for row in csv.DictReader(rows, delimiter="\t"):
                if row.get("reason"):
                    found.setdefault(row["reason"], (f"cases: {file.name}", None))
    return found


def lines_of_tests():
    """[(layer, file, line)] of all tests but the cases, the fuzzers and this one."""
    found = []
    for file in sorted((TOP / "tests").rglob("*")):
        parts = file.relative_to(TOP / "tests").parts
        if parts[0] in ("cases", "data", "fuzz", "bench", "docs") or file.suffix not in ("", ".c", ".py") \
                or not file.is_file() or file.stat().st_size > 1 << 20:
            continue
        try:
            text = file.read_text()
        except UnicodeDecodeError:
            continue  # a compiled test
        found += [(parts[0], "/".join(parts[1:]), line.strip()) for line in text.splitlines()]
    return found


# Provoked here, by the program itself: {reason: (what is put before it, arguments)}.
def by_hand(folder):
    nobody = ["setpriv", "--reuid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    machine = pathlib.Path(folder) / "machine"
    machine.mkdir()
    os.chmod(folder, 0o755)
    return {"usage": ([], ["--colour"]),
            "not-root": (nobody, ["uninstall"]),
            "verified-unproven": ([], ["verify", "--sysroot", str(machine), "--imds",
                                       "http://127.0.0.1:9/"])}


def test_every_reason_is_provoked():
    """Returns the list: reason, and the test that demands it."""
    lines = lines_of_tests()
    cases = decided()
    with tempfile.TemporaryDirectory() as folder:
        here = by_hand(folder)
    listed, missing = [], []
    for enum, name, _ in known():
        word = re.compile(rf"\bOI_R_{enum}\b|[\"' :]{re.escape(name)}[\"':]")
        tests = [cases[name][0]] if name in cases else []
        tests += [f"{layer}: {file}" for layer, file, line in lines
                  if word.search(line) and DEMANDS.search(line)]
        tests += ["docs: reasons.py"] if name in here else []
        if tests:
            listed.append(f"{name}\t{', '.join(dict.fromkeys(tests[:5]))}")
        else:
            missing.append(name)
    assert not missing, f"no test provokes {', '.join(missing)}"
    return listed


def test_document_says_what_the_program_says():
    """Sentence and remedy, for each reason that a case or a bare command brings about; and how many
    were compared by other layers that have run in this build folder (tests/rig/words.py)."""
    ids = {name for _, name, _ in known()}
    assert set(words.documented()) == ids
    with tempfile.TemporaryDirectory() as folder:
        for name, (_, case) in decided().items():
            if not case:
                continue
            argv = ["plan", "--format=json", "--facts", str(case / "facts.json"),
                    "--config", str(case / "config.yaml")]
            if (case / "catalog").is_dir():
                argv += ["--catalog", str(case / "catalog")]
            said = words.agree(json.loads(ofed_init(*argv, status=None)))
            assert said["reason"] == name, (case.name, said["reason"])
        for name, (before, argv) in by_hand(folder).items():
            code, sentence, remedy = words.documented()[name]
            said = " ".join(ask(*before, PROGRAM, *argv, status=code).split())
            # An error says what it was about in the place of the sentence.
            assert remedy in said and (code or sentence.rstrip(".") in said), (name, said)
            words.mark(name)
    compared = {path.name for path in words.COMPARED.iterdir()} & ids
    assert len(compared) >= 30, len(compared)
    print(f"{len(compared)} of {len(ids)} reasons: exit code, sentence and remedy of a real end are the document's")
    return sorted(compared)


def test_remedies_name_what_exists():
    """A command or a key of the stanza that a remedy sends people to."""
    listed, _ = commands()
    keys = schema()
    prose = {"does", "or"}  # "which ofed-init does not ..."
    for name, (_, _, remedy) in words.documented().items():
        for command in re.findall(r"\bofed-init ([a-z]+)\b", remedy):
            assert command in listed | prose, f"{name}: ofed-init {command}"
        for key in re.findall(r"\b((?:source|verify|secure_boot|modules_cache|vm_sizes|tuning)\.\w+)",
                              remedy):
            assert key in keys, f"{name}: {key}"
