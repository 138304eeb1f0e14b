# SPDX-License-Identifier: GPL-2.0-or-later
"""What a run says of its end must be what doc/reasons.md says: reason, exit code, sentence, remedy.

Whoever reads a result of the program in a test reads it through these, so that whichever reason a
layer provokes, its words are compared, and the form of the whole with its schema. Each reason that
was leaves its name in check/reasons of the build folder, where the layer `docs` counts them.
"""
import contextlib
import functools
import json
import os
import pathlib
import re
import subprocess

import jsonschema

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("TOP_BUILDDIR") or TOP / "build").resolve()
COMPARED = BUILD / "check/reasons"

# The end of a run, an image or a removal, in a log or on a terminal; and an error of a command.
END = re.compile(r"\bexit (\d+) \([^()]*\): ([a-z0-9-]+): (.*)$", re.M)
ERROR = re.compile(r"^ofed-init: .*\n {2}([a-z0-9-]+): (.*)$", re.M)
LONG = 1000  # the status log cuts very long lines, and the remedy is their end


@functools.cache
def documented():
    """{id: (exit code, sentence, remedy)} of doc/reasons.md"""
    rows = re.findall(r"^\| `([^`]+)` \| (\d+) \| (.*?) \| (.*?) \|$",
                      (TOP / "doc/reasons.md").read_text(), re.M)
    assert len(rows) > 100
    return {name: (int(code), text.replace("\\|", "|"), remedy.strip().replace("\\|", "|"))
            for name, code, text, remedy in rows}


@functools.cache
def schemas():
    return {path.name: json.loads(path.read_text()) for path in sorted((TOP / "doc/schemas").glob("*.json"))}


def complaints(name, document):
    """What a document has that its schema does not allow, and the other way round."""
    validator = jsonschema.Draft202012Validator(
        schemas()[name], resolver=jsonschema.RefResolver("", schemas()[name], store=schemas()))
    return [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:300]}" for e in validator.iter_errors(document)]


def agree(said):
    """A result.json, what `status` and `plan` print as JSON: returned as it is."""
    reason = (said or {}).get("reason")
    if "state" in (said or {}):
        wrong = complaints("result.schema.json", said)
        assert not wrong, wrong
    if reason:
        assert reason in documented(), f"{reason} is not in doc/reasons.md"
        compare(reason, said["exit_code"], said["message"], said.get("remedy") or "")
    return said


def agree_text(text):
    """The ends of runs in a log, and errors in what a command has printed: returned as it is."""
    for code, reason, rest in END.findall(text):
        message, _, remedy = rest.partition(" Remedy: ")
        if reason in documented() and len(rest) < LONG:
            compare(reason, int(code), message, remedy)
    for reason, remedy in ERROR.findall(text):
        if reason in documented():
            equal(reason, remedy, documented()[reason][2])
            mark(reason)
    return text


def compare(reason, code, message, remedy):
    wanted, sentence, wanted_remedy = documented()[reason]
    # what the stanza allows to be skipped is no failure, and needs no remedy
    skipped = code == 0 and wanted != 0 and not remedy
    if not skipped:
        equal(reason, code, wanted)
        # a plan that needs another repository says which
        if reason != "driver-needed" or not re.fullmatch("Enable .+ first: .+", remedy):
            equal(reason, remedy, wanted_remedy)
    begin = sentence.rstrip(".")
    assert message.startswith(begin), f"{reason}: {message!r} does not begin with {begin!r}"
    mark(reason)


def equal(reason, said, wanted):
    assert said == wanted, f"{reason}: the program says {said!r}, doc/reasons.md {wanted!r}"


def mark(reason):
    with contextlib.suppress(OSError):  # a test inside of a machine, which has no such folder
        COMPARED.mkdir(parents=True, exist_ok=True)
        (COMPARED / reason).touch()


@functools.cache
def options_of(program, command):
    """The long options that `COMMAND --help` names."""
    page = subprocess.run([program, command, "--help"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True)
    return {word.strip(",.;") for word in page.stdout.decode().split() if word.startswith("--")}


def taken(program, command, options):
    """Of these options, {name: value}, the words of those that the command takes."""
    known = options_of(str(program), command)
    return [str(word) for option in options.items() if option[0] in known for word in option]
