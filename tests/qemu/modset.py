# SPDX-License-Identifier: GPL-2.0-or-later
"""What a machine has after it took its modules from a cache, as packages for the guest; and one that has compiled.

In a container `ofed-init run` compiles the modules and publishes them. Left in FOLDER are the published set, in built/
what dkms has compiled, in doca/ what the vendor gave, in catalog.d/ what accepts its key, and beside them the vendor's
other packages. The machine itself becomes a disk, IMAGE (baked.py).
"""
import pathlib
import shutil

import baked
from rig import baseroot, box

PUBLISHED = "srv/modules"


def make(t, maker, folder, image):
    machine = maker("modset")
    with machine:
        sha256 = machine.path("srv/doca/sha256").read_text()
        machine.write(box.STANZA, box.stanza(f"  modules_cache: {{url: /{PUBLISHED}, publish: true}}\n")
                      .replace("@SHA256@", sha256))
        code, said = machine.run_it()
        t.equal(code, 0, f"it compiles and publishes: {said[-1500:]}")
        t.check(machine.wait_idle(), "publishing, beside what comes after the run, ends")
        release = baseroot.kernel_release(machine.root)
        shutil.copytree(machine.path(PUBLISHED), folder, dirs_exist_ok=True)
        shutil.copytree(machine.path(f"usr/lib/modules/{release}/updates/dkms"), folder / "built")
        for name in ("srv/doca", "etc/ofed-init/catalog.d"):
            shutil.copytree(machine.path(name), folder / pathlib.PurePath(name).name)
        (folder / "release").write_text(release)
        machine.stop()
        baked.set_up(machine)
        machine.write("etc/ofed-init/conf.d/50-image.yaml", baked.stanza(machine))
        baked.disk(machine, image)
