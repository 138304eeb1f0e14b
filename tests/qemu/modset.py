# SPDX-License-Identifier: GPL-2.0-or-later
"""What a machine has after it took its modules from a cache, as packages for the guest; and one that has compiled.

In a container `ofed-init run` compiles the modules, and `bundle create` packs them. Left in FOLDER are that set, in built/
what dkms has compiled, in doca/ what the vendor gave, in catalog.d/ what accepts its key, and beside them the vendor's
other packages, and fake_hca, built against what the driver's build has left for others. The machine itself becomes a
disk, IMAGE (baked.py).
"""
import pathlib
import shutil

import baked
from rig import baseroot, box

PUBLISHED = "srv/modules"


def adapter(t, machine, release, made):
    """The fake adapter's driver, for the vendor's ib_core."""
    kmod = machine.path("srv/kmod")
    shutil.copytree(baked.HERE / "kmod", kmod)
    (kmod / "Kbuild").write_text("obj-m := fake_hca.o\n")
    code, said = machine.sh("make", "-C", f"/lib/modules/{release}/build", "M=/srv/kmod",
                            "KBUILD_EXTRA_SYMBOLS=/usr/src/ofa_kernel/default/Module.symvers", "modules", limit_s=300)
    t.equal(code, 0, f"another driver is built against the vendor's: {said[-1500:]}")
    shutil.copy(kmod / "fake_hca.ko", made)
    shutil.rmtree(kmod)


def make(t, maker, folder, image):
    machine = maker("modset")
    # That of the tree is made up; without it the build of the kernel is read from its image, as the guest runs it.
    machine.path(f"{box.SYSROOT}/proc/sys/kernel/version").unlink()
    with machine:
        code, said = machine.run_it()
        t.equal(code, 0, f"it compiles: {said[-1500:]}")
        code, said = machine.sh("ofed-init", "bundle", "create", f"/{PUBLISHED}", "--sysroot", box.SYSROOT, limit_s=300)
        t.equal(code, 0, f"and packs: {said[-1500:]}")
        release = baseroot.kernel_release(machine.root)
        shutil.copytree(machine.path(PUBLISHED), folder, dirs_exist_ok=True)
        shutil.copytree(machine.path(f"usr/lib/modules/{release}/updates/dkms"), folder / "built")
        for name in ("srv/doca", "etc/ofed-init/catalog.d"):
            shutil.copytree(machine.path(name), folder / pathlib.PurePath(name).name)
        (folder / "release").write_text(release)
        adapter(t, machine, release, folder / "fake_hca.ko")
        machine.stop()
        baked.set_up(machine)
        machine.copy(folder / "fake_hca.ko", "srv/rig/vendor/fake_hca.ko")
        machine.write("etc/ofed-init/conf.d/50-image.yaml", baked.stanza(machine))
        baked.disk(machine, image)
