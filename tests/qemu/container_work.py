#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the guests get that is made with the real dkms and compiler: emulated it would take minutes.

    tests/qemu/container_work.py FOLDER

In containers with the guest's kernel, its headers, dkms and a compiler `ofed-init` compiles the stand-in modules
of the vendor (tests/rig/vendor.py), which load for real. FOLDER/made gets modset/ (modset.py) and images/ (baked.py).
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
    modset.make(t, make, made("modset"))


def bake(t, make):
    baked.make(t, make, made("images"))


SCENES = [compile_and_publish, bake]


def outside(folder):
    logs = scenes.TOP / "build" / "check" / "qemu" / "container"
    logs.mkdir(parents=True, exist_ok=True)
    folder.mkdir()
    layers = scenes.make_layers(pathlib.Path(__file__), folder, logs)
    cell = jail.Jail("qemu", scenes.argv(__file__, [], "scenes", layers, folder / "work"),
                     stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        found = [json.loads(line) for line in cell.process.stdout]
    finally:
        cell.process.wait()
        cell.end()
    wrong = [check for scene in found for check in scene["checks"] if not check["ok"]]
    if wrong or len(found) != len(SCENES):
        sys.exit(f"tests/qemu/container_work.py: {len(found)} of {len(SCENES)} scenes; {wrong}")
    for name in ("doca-ofed", "mlnx-ofed-kernel-utils", "ofed-scripts"):
        package, = (folder / "prepare" / "vendor" / "pool").glob(f"{name}_*.deb")
        package.rename(folder / "made" / "modset" / package.name)


if __name__ == "__main__":
    if "--inside" in sys.argv:
        scenes.main(__file__, None, SCENES)
    else:
        outside(pathlib.Path(sys.argv[1]))
