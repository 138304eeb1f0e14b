# SPDX-License-Identifier: GPL-2.0-or-later
"""What the checks of the documents share: the program, and the folders."""
import json
import os
import pathlib
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests"))  # for the rig
BUILD = pathlib.Path(os.environ.get("TOP_BUILDDIR", TOP / "build")).resolve()
PROGRAM = str(BUILD / "ofed-init")
KEPT = pathlib.Path(os.environ.get("OI_CHECK_DIR", BUILD / "check/docs")).resolve()
KEPT.mkdir(parents=True, exist_ok=True)
ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
               **{name: value for name, value in os.environ.items()
                  if name.endswith("SAN_OPTIONS")}}

Ended = subprocess.SubprocessError


def ask(*argv, status=0, **popen):
    """Run a program and take what it says; @status: the exit status that is wanted, None: any."""
    run = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True, timeout=120, check=False,
                         env=ENVIRONMENT, **popen)
    assert status is None or run.returncode == status, (argv, run.returncode, run.stdout[-2000:])
    return run.stdout


def ofed_init(*argv, **how):
    return ask(PROGRAM, *argv, **how)


def commands():
    """(commands, long options) that --help names."""
    text = ofed_init("--help")
    named, _, options = text.partition("\nOptions:\n")
    listed = [line.split()[0] for line in named.partition("Commands:\n")[2].splitlines()
              if line.startswith("  ") and line[2] != " "]
    longs = {word.strip(",():.") for word in text.replace(";", " ").split()
             if word.startswith("--")}
    assert listed and longs
    return set(listed), longs


def options_of(command):
    """The long options that `COMMAND --help` lists."""
    listed = ofed_init(command, "--help").partition("\nOptions:\n")[2]
    return {word for line in listed.splitlines() if line.startswith("  ") for word in line[:21].split()
            if word.startswith("--")}


def schema():
    """{path of a key: its schema}, maps included."""
    found = {}

    def walk(prefix, node):
        for name, value in node["properties"].items():
            found[prefix + name] = value
            if "properties" in value:
                walk(f"{prefix}{name}.", value)

    walk("", json.loads(ofed_init("schema")))
    return found
