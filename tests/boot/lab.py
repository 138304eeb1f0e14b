#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs scenarios in jails: the part that `run` and `demo` share.

Started as a program it is the inside of a jail: it bakes a layer, or runs one scenario.
"""
import argparse
import fcntl
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
sys.path[:0] = [str(HERE), str(HERE.parent)]

import scenarios  # noqa: E402
from rig import baseroot, container, jail  # noqa: E402
from trial import Trial  # noqa: E402

LIMIT_S = 900  # for one scenario; the slowest takes about two minutes


def newest_deb():
    found = sorted((TOP / "build" / "packages").glob("ofed-init_*.deb"), key=os.path.getmtime)
    if not found:
        sys.exit("tests/boot: no package in build/packages; ./bootstrap package makes one")
    return found[-1]


class Job:
    """A jailed run of this program, with a scratch folder of its own."""

    def __init__(self, what, suite, name, scratch, logs, options):
        self.suite, self.name, self.logs = suite, name, logs
        shutil.rmtree(logs, ignore_errors=True)
        logs.mkdir(parents=True)
        self.work = tempfile.mkdtemp(prefix=f"{suite}-{name}.", dir=scratch)
        self.started = time.monotonic()
        self.output = open(logs / "output.log", "wb")
        argv = [sys.executable, __file__, what, "--suite", suite, "--name", name,
                "--work", self.work, "--logs", str(logs)]
        for option, value in options.items():
            argv += [f"--{option}", str(value)]
        self.jail = jail.Jail(f"{suite}-{name}", argv, stdin=subprocess.DEVNULL,
                              stdout=self.output, stderr=self.output)

    def done(self):
        return self.jail.done() or self.seconds() > LIMIT_S

    def end(self):
        self.jail.end()
        self.output.close()
        shutil.rmtree(self.work)
        self.took_s = self.seconds()

    def seconds(self):
        return time.monotonic() - self.started

    def assertions(self):
        try:
            return json.loads((self.logs / "assertions.json").read_text())
        except FileNotFoundError:
            tail = (self.logs / "output.log").read_text(errors="replace")[-1500:]
            return [{"ok": False, "what": "the scenario ran to its end", "detail": tail}]


def in_parallel(makers, width):
    """Make the jobs, so that at most WIDTH run at a time; yield each when it is done."""
    waiting, running = list(makers), []
    try:
        while waiting or running:
            while waiting and len(running) < width:
                running.append(waiting.pop(0)())
            time.sleep(0.1)
            for job in [j for j in running if j.done()]:
                running.remove(job)
                job.end()
                yield job
    finally:
        for job in running:
            job.end()


def trials(pairs, deb, scratch, logs, width):
    """Run (suite, scenario) pairs, logs under LOGS; yield each job when it is done."""
    logs.mkdir(parents=True, exist_ok=True)
    lock = open(logs / ".lock", "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"tests/boot: another run is using {logs}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what is open gets closed
    scratch = pathlib.Path(scratch)
    layers = prepare(sorted({suite for suite, _ in pairs}), deb, scratch, logs, width)
    yield from in_parallel(
        [lambda s=s, n=n: Job("trial", s, n, scratch, logs / f"{s}-{n}", layers[s])
         for s, n in pairs], width)
    lock.close()


def prepare(suites, deb, scratch, logs, width):
    """Base roots (built when they are not in the cache) and the layers with the .deb on them."""
    layers = {}
    for suite in suites:
        root, took = baseroot.get(suite, logs / f"{suite}-mmdebstrap.log")
        if took:
            print(f"# base root of {suite} built in {took:.0f} s", flush=True)
        baked = scratch / f"baked-{suite}"
        baked.mkdir()
        layers[suite] = {"root": root, "baked": baked, "deb": deb}
    makers = [lambda s=s: Job("bake", s, "bake", scratch, logs / f"{s}-bake", layers[s]) for s in suites]
    for job in in_parallel(makers, width):
        if job.jail.process.returncode != 0:
            for log in sorted(job.logs.glob("*.log")):
                print(log.read_text(errors="replace")[-3000:])
            sys.exit(f"tests/boot: {deb.name} cannot be installed on {job.suite}")
    return layers


# --- the inside of a jail -------------------------------------------------------------------


def bake(args, work):
    """Install the .deb as an image builder does; what that changed becomes a layer."""
    machine = container.Container(f"{args.suite}-bake", [pathlib.Path(args.root)], work, args.logs)
    machine.copy(args.deb, "srv/ofed-init.deb")
    machine.run("apt-get", "-q", "-y", "update")
    machine.run("apt-get", "-q", "-y", "install", "/srv/ofed-init.deb")
    subprocess.run(["cp", "-a", f"{work}/upper/.", args.baked], check=True)


def trial(args, work):
    function, _ = scenarios.load()[args.name]
    Trial(args.suite, args.name, args.root, args.baked, args.deb, work, args.logs).run(function)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("bake", "trial"))
    for option in ("--suite", "--name", "--work", "--logs", "--root", "--baked", "--deb"):
        parser.add_argument(option, required=True)
    args = parser.parse_args()
    jail.private_run()
    work = pathlib.Path(args.work) / "machine"
    work.mkdir()
    (bake if args.what == "bake" else trial)(args, work)


if __name__ == "__main__":
    main()
