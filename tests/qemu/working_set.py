#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The vendor's package, and a cache with modules of it that really drive, for a guest that is to install them.

    tests/qemu/working_set.py FOLDER

As modset.py makes them, of the stand-in's variant `drives` (tests/rig/vendor.py).
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "boot"), str(HERE.parent)]  # the boot layer's lab, not ours

import modset  # noqa: E402
from rig import jail, scenes  # noqa: E402


def compile_and_publish(t, make):
    """A scene of tests/rig/scenes.py, of which only what it leaves is wanted."""
    folder = pathlib.Path(sys.argv[sys.argv.index("--work") + 1]).parent / "made"
    folder.mkdir()
    modset.make(t, make, folder)


def outside(folder):
    logs = scenes.TOP / "build" / "check" / "qemu" / "working-set"
    logs.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="oi-working-set.") as scratch:
        scratch = pathlib.Path(scratch)
        layers = scenes.make_layers(pathlib.Path(__file__), scratch, logs)
        cell = jail.Jail("working-set", scenes.argv(__file__, [], "scenes", layers, scratch / "work"),
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        try:
            said = cell.process.stdout.read()
        finally:
            cell.process.wait()
            cell.end()
        if not (scratch / "made" / "release").exists():  # the last of it
            sys.exit(f"tests/qemu/working_set.py: nothing was made: {said}")
        shutil.copytree(scratch / "made", folder, dirs_exist_ok=True)


if __name__ == "__main__":
    if "--inside" in sys.argv:
        scenes.main(__file__, None, [compile_and_publish], variant="drives")
    else:
        outside(pathlib.Path(sys.argv[1]))
