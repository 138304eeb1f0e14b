# SPDX-License-Identifier: GPL-2.0-or-later
"""A layer of tests made of scenes: each is a function that gets its checks and a maker of machines.

The machines are those of box.py. All scenes run in one jail, one after the other, and each says what it
has seen in a line of JSON. Closing line: "N passed, N failed".
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

import lab
from rig import box, container, jail
from rig.checks import Checks

SUITE = "bookworm"
TOP = pathlib.Path(__file__).resolve().parents[2]


class Maker:
    """Makes machines that are about to install the vendor's stack, all alike."""

    def __init__(self, args, logs):
        self.layers = [args.root, args.baked, args.ready]
        self.work, self.logs, self.n = pathlib.Path(args.work), logs, 0

    def __call__(self, name, layers=None, options=()):
        self.n += 1
        made = box.Box(f"{name}-{self.n}", layers or self.layers, self.work / f"{name}-{self.n}",
                       self.logs / name)
        made.nspawn_options = list(options)
        return made


def prepare(args, logs, variant):
    """What all machines have in common, as a layer."""
    jail.private_run()
    work = pathlib.Path(args.work)
    (work / "machine").mkdir(parents=True)
    machine = container.Container("ready", [args.root, args.baked], work / "machine", logs)
    box.prepare(machine, work / "vendor", variant)
    subprocess.run(["cp", "-a", f"{work}/machine/upper/.", args.ready], check=True)


def inside(args, scenes, logs):
    jail.private_run()
    pathlib.Path(args.work).mkdir()
    make = Maker(args, logs)
    for scene in scenes:
        if args.names and scene.__name__ not in args.names:
            continue
        t, started = Checks(), time.monotonic()
        shutil.rmtree(logs / scene.__name__, ignore_errors=True)
        try:
            scene(t, make)
        except Exception:  # a scene that breaks is a failure like any other
            t.check(False, "the scene itself", traceback.format_exc())
        print(json.dumps({"name": scene.__name__, "took_s": time.monotonic() - started,
                          "checks": t.checks}), flush=True)


def report(found):
    bad = [c for c in found["checks"] if not c["ok"]]
    print(f"{'FAIL' if bad else 'ok'} {found['name']}: {len(found['checks'])} assertions, "
          f"{len(bad)} failed, {found['took_s']:.0f} s")
    for c in bad:
        print(f"     - {c['what']}")
        for line in c["detail"].rstrip().splitlines()[:25]:
            print(f"         {line}")
    sys.stdout.flush()
    return len(found["checks"]) - len(bad), len(bad)


def argv(program, args, what, layers, work):
    return [sys.executable, program, "--inside", what, "--work", str(work),
            *(f"--{name}={path}" for name, path in layers.items() if name != "deb"), *args]


def make_layers(program, scratch, logs):
    """Base root, ofed-init on it, and what makes the machine one that is about to be changed."""
    layers = lab.prepare([SUITE], lab.newest_deb(), scratch, logs, 1)[SUITE]
    layers["ready"] = scratch / "ready"
    layers["ready"].mkdir()
    cell = jail.Jail(f"{program.parent.name}-prepare",
                     argv(program, [], "prepare", layers, scratch / "prepare"), stdin=subprocess.DEVNULL)
    try:
        if cell.process.wait():
            sys.exit(f"{program}: the machine cannot be prepared")
    finally:
        cell.end()
    return layers


def main(program, usage, scenes, variant="good"):
    """Both sides of the jail: the exit status of the program. variant: of vendor.py."""
    program = pathlib.Path(program).resolve()
    logs = pathlib.Path(os.environ.get("OI_CHECK_DIR", TOP / "build" / "check" / program.parent.name))
    parser = argparse.ArgumentParser(usage=usage)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--inside", choices=("prepare", "scenes"), help=argparse.SUPPRESS)
    for option in ("--root", "--baked", "--ready", "--work"):
        parser.add_argument(option, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.inside:
        return prepare(args, logs, variant) if args.inside == "prepare" else inside(args, scenes, logs)
    if os.geteuid() != 0:
        sys.exit(f"{program}: must be root")
    unknown = set(args.names) - {s.__name__ for s in scenes}
    if unknown:
        sys.exit(f"no {', '.join(unknown)}; there are " + ", ".join(s.__name__ for s in scenes))
    logs.mkdir(parents=True, exist_ok=True)
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix=f"ofed-init-{program.parent.name}.") as scratch:
        scratch = pathlib.Path(scratch)
        layers = make_layers(program, scratch, logs)
        cell = jail.Jail(program.parent.name, argv(program, args.names, "scenes", layers, scratch / "work"),
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        try:
            for line in cell.process.stdout:
                p, f = report(json.loads(line))
                passed, failed = passed + p, failed + f
            if cell.process.wait():
                print("FAIL the jail ended early")
                failed += 1
        finally:
            cell.end()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0
