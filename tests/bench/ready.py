#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How long a VM's first boot waits for its driver, with ofed-init and with a script.

    tests/bench/ready.py RUNS NAME...       ready-cold, ready-cache, ready-baked

The machines are those of tests/rig/box.py: Debian with its own apt, dpkg, dkms, compiler and headers, without
compiler and headers at first, and a doca-host package of ours. Its driver is the kernel's own, as Debian has its
source (driver.py), and compiles for minutes; with BENCH_READY_DRIVER=asks it asks as many questions of the headers
before that as the vendor's, and with BENCH_READY_DRIVER=small it is fourteen modules of a few lines. Its
doca-ofed wants what the vendor's brings, as far as Debian has it: libraries, tools, a subnet manager, tests, UCX
and MPI. All packages lie in a folder of the machine, so nothing is downloaded, and
its index is short, so the script's second update costs next to nothing. What is written goes to the disk below /tmp, as
it does in a VM: much of an installation is waiting for it. The modules are not loaded: a container has no
kernel of its own.

    theirs          what image recipes do: apt-get install of dkms, compiler and headers, dpkg -i doca-host,
                    apt-get update, apt-get install doca-ofed
    ready-cold      `ofed-init run` that compiles
    ready-cache     the same with the modules in modules_cache
    ready-baked     the same in an image that `ofed-init bake` has made
"""
import argparse
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "boot")]

import driver  # noqa: E402
from rig import baseroot, box, container, jail, scenes, vendor  # noqa: E402

LAYERS = ("root", "baked", "ready", "image", "modules")
CACHE = "srv/modules"
BUILD = ["gcc", "make", "linux-headers-amd64"]
# Not Debian's MPI for developers: it brings compilers.
USERLAND = ["rdma-core", "ibverbs-providers", "ibverbs-utils", "libibverbs-dev", "librdmacm-dev", "rdmacm-utils",
            "infiniband-diags", "ibacm", "srptools", "opensm", "perftest", "mstflint", "ucx-utils", "openmpi-bin"]
RECIPE = f"""
export DEBIAN_FRONTEND=noninteractive
apt-get -q update
apt-get -q install -y --no-install-recommends dkms gcc make "linux-headers-$1"
dpkg -i /srv/doca/{vendor.ARTEFACT}
apt-get -q update
apt-get -q install -y --no-install-recommends doca-ofed
dkms status | grep -q installed
"""


# --- what the machines are made of ---------------------------------------------------------------


def driver_source(machine, kernel, work):
    """The driver's source, for the very headers that the machine's archive has."""
    kind = os.environ.get("BENCH_READY_DRIVER")
    if kind == "small":
        return None
    name = driver.package(kernel)
    machine.run("sh", "-ec", 'cd /srv; apt-get -q download "$1=$(dpkg-query -W -f \'${Version}\' "$2")"',
                "sh", name, f"linux-headers-{kernel}")
    deb, = machine.path("srv").glob(f"{name}_*.deb")
    driver.unpack(deb, name, work / "source")
    deb.unlink()
    questions = vendor.all_questions() if kind == "asks" else vendor.QUESTIONS
    return driver.all_files(work / "source", vendor.DKMS_VERSION, questions)


def prepare(args):
    """A machine without compiler and headers, whose archive has both."""
    kernel = baseroot.kernel_release(pathlib.Path(args.root))
    build = [*BUILD, f"linux-headers-{kernel}"]
    work = pathlib.Path(args.work)
    made = []
    for name in ("archive", "ready"):
        (work / name).mkdir(parents=True)
        made.append(container.Container(name, [args.root, args.baked], work / name, work / "logs"))
    fetching, machine = made
    fetching.run("apt-get", "-q", "-y", "update")
    sources = driver_source(fetching, kernel, work)
    for said in (["-y", "--autoremove", "purge", *build],
                 ["-y", "--no-install-recommends", "--download-only", "install", *build,
                  *USERLAND]):
        fetching.run("apt-get", "-q", *said)
    for package in fetching.path("var/cache/apt/archives").glob("*.deb"):
        shutil.copy(package, machine.path("var/cache/apt/archives"))
    box.prepare(machine, work / "vendor", userland=USERLAND, sources=sources)
    machine.run("apt-get", "-q", "-y", "--autoremove", "purge", *build)
    machine.write("srv/kernel", kernel)
    subprocess.run(["cp", "-a", f"{work}/ready/upper/.", args.ready], check=True)


# --- one machine -----------------------------------------------------------------------------


class Maker:
    def __init__(self, args):
        self.args, self.n = args, 0

    def __call__(self, *more):
        """A new machine; more: layers on top of those that all have."""
        self.n += 1
        work = pathlib.Path(self.args.work) / str(self.n)
        layers = [self.args.root, self.args.baked, self.args.ready, *more]
        return box.Box(f"bench-{self.n}", layers, work, work.with_suffix(".logs"), size=None)


def use_cache(machine, more=""):
    sha256 = machine.path("srv/doca/sha256").read_text()
    machine.write(box.STANZA, box.stanza(f"  modules_cache: {{url: /{CACHE}{more}}}\n")
                  .replace("@SHA256@", sha256))


def timed(machine, reason, *argv):
    """Seconds that a command took; one that did not do what it is for is no measure."""
    os.sync()  # what was written before is not to be waited for
    started = time.monotonic()
    code, said = machine.sh(*argv, limit_s=box.LIMIT_S)
    took_s = time.monotonic() - started
    if code or (reason and not machine.reason().startswith(reason)):
        sys.exit(f"bench: {argv[0]} ended with {code}, {machine.reason()}: {said[-3000:]}")
    return took_s


RUN = ("/usr/sbin/ofed-init", "run", "--sysroot", box.SYSROOT)


def lacking(machine):
    """Modules that dkms was to compile and has not: the packages' scripts do not say so."""
    kernel = machine.read("srv/kernel")
    there = {path.name.partition(".")[0]
             for path in machine.path(f"usr/lib/modules/{kernel}/updates/dkms").glob("*.ko*")}
    return [name for conf in machine.path("usr/src").glob("*/dkms.conf")
            for name in re.findall(r'^BUILT_MODULE_NAME\[.*\]="?([^"\n]*)', conf.read_text(), re.MULTILINE)
            if name not in there]


def recipe(make, _):
    with make() as machine:
        took_s = timed(machine, None, "sh", "-ec", RECIPE, "sh", machine.read("srv/kernel"))
        if lacking(machine):
            sys.exit(f"bench: the script has not got {lacking(machine)}")
    return took_s


def cold(make, _):
    with make() as machine:
        return timed(machine, "installed", *RUN)


def cache(make, args):
    with make() as machine:
        shutil.copytree(args.modules, machine.path(CACHE))
        use_cache(machine)
        took_s = timed(machine, "installed", *RUN)
        if machine.path("usr/bin/gcc").exists():
            sys.exit("bench: it was compiled all the same")
    return took_s


def baked(make, args):
    with make(args.image) as machine:
        return timed(machine, "driver-present", *RUN)


MEASURES = {"ready-cold": cold, "ready-cache": cache, "ready-baked": baked}


# --- the inside of the jail ------------------------------------------------------------------


def measure(args):
    pathlib.Path(args.work).mkdir()
    make = Maker(args)
    if "ready-cache" in args.names:
        with make() as machine:
            use_cache(machine, ", publish: true")
            timed(machine, "installed", *RUN)
            if not machine.wait_idle():  # it publishes beside what comes after the run
                sys.exit("publishing does not end")
            shutil.copytree(machine.path(CACHE), args.modules, dirs_exist_ok=True)
    if "ready-baked" in args.names:
        with make() as machine:
            if "ready-cache" in args.names:  # it need not compile once more
                shutil.copytree(args.modules, machine.path(CACHE))
                use_cache(machine)
            timed(machine, None, "/usr/sbin/ofed-init", "bake")
            box.layer_of(machine, args.image)
    ours = {name: [] for name in args.names}
    theirs = []
    for _ in range(args.runs):
        theirs.append(recipe(make, args))
        for name in args.names:
            ours[name].append(MEASURES[name](make, args))
    their_s = statistics.median(theirs)
    for name in args.names:
        our_s = statistics.median(ours[name])
        print(f"{name}\t{our_s:.2f}\t{their_s:.2f}\t{our_s / their_s:.3f}\ts\t{args.runs}", flush=True)


# --- the outside -----------------------------------------------------------------------------


def outside(args):
    logs = scenes.TOP / "build" / "check" / "bench"
    logs.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="ofed-init-bench.") as scratch:
        scratch = pathlib.Path(scratch)
        layers = scenes.make_layers(pathlib.Path(__file__), scratch, logs)
        for name in ("image", "modules"):
            layers[name] = scratch / name
            layers[name].mkdir()
        cell = jail.Jail("bench-ready", scenes.argv(__file__, [str(args.runs), *args.names], "measure",
                                                    layers, scratch / "work"), stdin=subprocess.DEVNULL)
        try:
            return cell.process.wait()
        finally:
            cell.end()


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("runs", type=int, nargs="?", default=1)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--inside", choices=("prepare", "measure"), help=argparse.SUPPRESS)
    for option in (*LAYERS, "work"):
        parser.add_argument(f"--{option}", help=argparse.SUPPRESS)
    args = parser.parse_args()
    unknown = set(args.names) - set(MEASURES)
    if unknown:
        sys.exit(f"bench: there is no measure {', '.join(unknown)}")
    if not args.inside:
        return outside(args)
    jail.private_run()
    return (prepare if args.inside == "prepare" else measure)(args)


if __name__ == "__main__":
    sys.exit(main())
