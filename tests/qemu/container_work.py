#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the guests get that is made with the real dkms and compiler: emulated it would take minutes.

    tests/qemu/container_work.py FOLDER

In containers with the guest's kernel, its headers, dkms and a compiler `ofed-init` compiles the stand-in modules
of the vendor (tests/rig/vendor.py), which drive for real. FOLDER/made gets vendor/ (modset.py) and images/ (baked.py).
"""
import json
import pathlib
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "boot"), str(HERE.parent)]  # the boot layer's lab, not ours

import baked  # noqa: E402
import modset  # noqa: E402
from rig import jail, scenes  # noqa: E402


def made(name):
    """Inside: a new folder beside the one that the scenes work in."""
    folder = pathlib.Path(sys.argv[sys.argv.index("--work") + 1]).parent / "made" / name
    folder.mkdir(parents=True)
    return folder


def compile_and_publish(t, make):
    images, vendor = made("images"), made("vendor")
    modset.make(t, make, vendor, images / "compiled.raw")
    baked.make(t, make, images, vendor / "fake_hca.ko")


def outside(program, folder):
    logs = scenes.TOP / "build" / "check" / "qemu" / program.stem
    logs.mkdir(parents=True, exist_ok=True)
    folder.mkdir()
    layers = scenes.make_layers(program, folder, logs)
    cell = jail.Jail(program.stem, scenes.argv(program, [], "scenes", layers, folder / "work"),
                     stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        found = [json.loads(line) for line in cell.process.stdout]
    finally:
        cell.process.wait()
        cell.end()
    wrong = [check for scene in found for check in scene["checks"] if not check["ok"]]
    if wrong or not found:
        sys.exit(f"{program.name}: {wrong}")
    for name in ("doca-ofed", "mlnx-ofed-kernel-utils", "ofed-scripts"):
        package, = (folder / "prepare" / "vendor" / "pool").glob(f"{name}_*.deb")
        package.rename(folder / "made" / "vendor" / package.name)


if __name__ == "__main__":
    if "--inside" in sys.argv:
        scenes.main(__file__, None, [compile_and_publish], variant="drives")
    else:
        outside(pathlib.Path(__file__).resolve(), pathlib.Path(sys.argv[1]))
