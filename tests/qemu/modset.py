#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a machine has after it took its modules from a cache, as packages for the guest.

    tests/qemu/modset.py FOLDER

In a container with the guest's kernel, its headers, dkms and a compiler `ofed-init run` compiles the stand-in
modules of the vendor (tests/rig/vendor.py), which drive nothing and load for real, and publishes them. FOLDER gets
the published set, the vendor's other packages, and in built/ what dkms has compiled. Emulated it would take minutes.
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "boot"), str(HERE.parent)]  # the boot layer's lab, not ours

from rig import baseroot, box, jail, scenes  # noqa: E402

PUBLISHED = "srv/modules"


def compile_and_publish(t, make):
    """A scene of tests/rig/scenes.py, of which only what it leaves is wanted."""
    folder = pathlib.Path(sys.argv[sys.argv.index("--work") + 1]).parent / "made"
    with make("modset") as machine:
        sha256 = machine.path("srv/doca/sha256").read_text()
        machine.write(box.STANZA, box.stanza(f"  modules_cache: {{url: /{PUBLISHED}, publish: true}}\n")
                      .replace("@SHA256@", sha256))
        code, said = machine.run_it()
        t.equal(code, 0, f"it compiles and publishes: {said[-1500:]}")
        release = baseroot.kernel_release(machine.root)
        shutil.copytree(machine.path(PUBLISHED), folder)
        shutil.copytree(machine.path(f"usr/lib/modules/{release}/updates/dkms"), folder / "built")
        (folder / "release").write_text(release)


def outside(folder):
    logs = scenes.TOP / "build" / "check" / "qemu" / "modset"
    logs.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="oi-modset.") as scratch:
        scratch = pathlib.Path(scratch)
        layers = scenes.make_layers(pathlib.Path(__file__), scratch, logs)
        cell = jail.Jail("modset", scenes.argv(__file__, [], "scenes", layers, scratch / "work"),
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        try:
            said = cell.process.stdout.read()
        finally:
            cell.process.wait()
            cell.end()
        if not (scratch / "made").exists():
            sys.exit(f"tests/qemu/modset.py: nothing was made: {said}")
        shutil.copytree(scratch / "made", folder, dirs_exist_ok=True)
        for name in ("doca-ofed", "mlnx-ofed-kernel-utils", "ofed-scripts"):
            shutil.copy(next((scratch / "prepare" / "vendor" / "pool").glob(f"{name}_*.deb")), folder)


if __name__ == "__main__":
    if "--inside" in sys.argv:
        scenes.main(__file__, None, [compile_and_publish])
    else:
        outside(pathlib.Path(sys.argv[1]))
