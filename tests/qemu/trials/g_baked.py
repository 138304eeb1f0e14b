# SPDX-License-Identifier: GPL-2.0-or-later
"""Images that `ofed-init bake` has made, booted for the first time: where they fit, and where not."""
import json

from machine import SIZE
from rig import kernels, vendor
from trials import trial_of_image
from trials.b_run import ended, proven
from trials.e_modules import vendors_loaded
from trials.h_vendor import NETWORK, REACH

FOLDER = "/lib/modules/$(uname -r)/updates/dkms"


def untouched(t, vm):
    """No package manager has been at work since the image was made."""
    t.equal(vm.status("sha256sum", "--quiet", "-c", "/srv/rig/untouched").output, "",
            "dpkg's log and its list of packages are the image's")


def told(t, run):
    t.tell("the program's own work, emulated: "
           + ", ".join(f"{phase['name']} {phase['ms']} ms" for phase in run.result["phases"]))


def exchanged(t, vm):
    """A boot began with the kernel's own driver, and with a client of it that nobody used; the vendor's is there."""
    own = vm.sh("cut -d ' ' -f 1 /run/own-modules").split()
    t.equal({"mlx5_core", "mlx5_ib", "ib_uverbs", "rpcrdma"} - set(own), set(), "the kernel's own were loaded first")
    vendors_loaded(t, vm)
    vm.sh("mount -o ro /dev/vdb /srv/disk")
    vm.sh(NETWORK)
    t.equal(vm.status("python3", "-c", REACH)[0], 0, "what lies behind the gateway answers")


@trial_of_image("compiled", SIZE, own=True)
def compiled_boot(t, vm):
    """A later boot of a VM that has compiled its driver."""
    run = vm.boot()
    ended(t, run, 0, "driver-present")
    proven(t, run)
    # The disk has the log of the run that compiled, too.
    t.lacks(run.log.rpartition(" starts; ")[2], "step install-packages", "nothing was installed")
    exchanged(t, vm)


@trial_of_image("baked", SIZE, own=True)
def baked_boot(t, vm):
    """Nothing to install: what was baked is loaded, verified, and that is all."""
    run = vm.boot()
    ended(t, run, 0, "driver-present")
    proven(t, run)
    told(t, run)
    exchanged(t, vm)
    t.contains(run.log, "baked into the image", "the log says where the driver is from")
    for step in ("step install-packages", "step restart-openibd"):
        t.lacks(run.log, step, "nothing was installed, and nothing restarted")
    untouched(t, vm)
    t.equal(vm.status("systemctl", "is-active", "infiniband-ready.target").output.strip(), "active",
            "infiniband-ready.target is reached")

    marker = json.loads(vm.sh("cat /srv/rig/marker.json"))
    driver = run.result["verdict"]["driver"]
    release = vm.sh("uname -r").strip()
    t.equal((marker["kernel"], driver["kernel"]), (release, release), "baked for the kernel that runs, and judged by it")
    t.equal((marker["stack"], driver["stack"]), ("doca-ofed", "doca-ofed"), "baked and found: the same stack")
    t.equal(driver["version"], f"{vendor.DOCA}-019000", "and the version that its packages have")
    digests = dict(line.split()[::-1] for line in vm.sh(f"cd {FOLDER} && sha256sum *").splitlines())
    # The rig's own adapter lies in extra/ and is an added module, too.
    t.equal(digests, {m["file"].rpartition("/")[2]: m["sha256"] for m in marker["modules"] if "updates/" in m["file"]},
            "the modules are those that were baked")
    for module in vendor.MODULES:
        magic = vm.sh(f"modinfo -F vermagic {FOLDER}/{module}.ko")
        t.equal(magic.split()[0], release, f"{module} is for this kernel")

    run = vm.run()
    ended(t, run, 0, "unchanged")
    told(t, run)


@trial_of_image("moved", SIZE)
def baked_moved(t, vm):
    """Another kernel than the one that was baked for, and no headers to compile with: said, and nothing broken."""
    run = vm.boot()
    ended(t, run, 14, "headers-missing")
    told(t, run)
    t.contains(run.log, kernels.OLD, "the kernel that it was baked for is named")
    t.equal(vm.sh("modinfo -F filename mlx5_ib").count("/updates/"), 0, "modprobe finds the kernel's own")
