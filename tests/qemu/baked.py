# SPDX-License-Identifier: GPL-2.0-or-later
"""Images with the driver in them, made by ofed-init and turned into disks for the guest.

    compiled.raw    by `ofed-init run`, that of modset.py: what a VM's disk has after its first boot
    baked.raw       by examples/chroot/bake-root, for the kernel that the guest boots
    moved.raw       for another kernel, in an image that has no headers for the one that the guest boots

In /srv/rig they carry what the image's builder saw: marker.json, and untouched, the digests of files that only
a package manager changes.
"""
import hashlib
import os
import pathlib
import shutil
import subprocess

from rig import baseroot, box, kernels

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
BUILD = TOP / "build"
DISK_BYTES = 8 << 30  # sparse; a driver wants 4 GiB to be free
UNTOUCHED = ("/var/log/dpkg.log", "/var/lib/dpkg/status")
# Others test cloud-init's part, and collect is for containers.
SWITCHED_OFF = ("cloud-init-local.service", "cloud-init.service", "cloud-config.service", "cloud-final.service",
                "rig-collect.service")


def make(t, maker, folder, adapter):
    """adapter: fake_hca as it is built against the vendor's stack."""
    baked(t, maker, folder, adapter)
    moved(t, maker, folder)


def baked(t, maker, folder, adapter):
    image = maker("baked")
    set_up(image)
    image.copy(adapter, f"srv/rig/vendor/{adapter.name}")
    bake_root = image.work / "chroot"
    shutil.copytree(TOP / "examples" / "chroot", bake_root)
    (bake_root / "50-image.yaml").write_text(stanza(image))
    done = said(bake_root / "bake-root", image.root, newest_deb(),
                env=dict(os.environ, PATH=f"{BUILD}:{os.environ['PATH']}"))
    t.equal(done.returncode, 0, f"the driver is baked: {done.stdout[-1500:]}")
    disk(image, folder / "baked.raw")


def moved(t, maker, folder):
    image = maker("moved")
    kernel = set_up(image)
    kernels.add_older(image, kernel)
    done = said("chroot", image.root, "apt-get", "-q", "-y", "purge", f"linux-headers-{kernel}")
    t.equal(done.returncode, 0, f"no headers any more: {done.stdout[-1500:]}")
    image.write("etc/ofed-init/conf.d/50-image.yaml", stanza(image))
    done = said(BUILD / "ofed-init", "bake", "--root", image.root, "--kernel", kernels.OLD)
    t.equal(done.returncode, 0, f"the driver is baked for another kernel: {done.stdout[-1500:]}")
    done = said("chroot", image.root, "ofed-init", "clean")
    t.equal(done.returncode, 0, f"what belongs to the builder is forgotten: {done.stdout}")
    disk(image, folder / "moved.raw")


def said(*argv, **more):
    return subprocess.run([str(word) for word in argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, **more)


def newest_deb():
    return max((BUILD / "packages").glob("ofed-init_*.deb"), key=os.path.getmtime)


def stanza(image):
    text = box.stanza().replace("wait_seconds: 0", "wait_seconds: 60")
    return text.replace("@SHA256@", image.path("srv/doca/sha256").read_text())


def set_up(image):
    """Make of the container's root one of a guest: the kernel that it boots."""
    kernel = baseroot.kernel_release(image.root)
    image.path(box.STANZA).unlink()
    shutil.rmtree(image.path(box.SYSROOT))  # the guest is the machine
    for path in (HERE / "in-baked" / "machine", *(HERE / "in-guest" / name for name in
                                                  ("agent", "load-hca", "thin-modules", "whose"))):
        image.copy(path, f"srv/rig/{path.name}")
    for path in (HERE / "in-baked" / "rig-machine.service", HERE / "in-guest" / "rig-agent.service"):
        image.copy(path, f"etc/systemd/system/{path.name}")
    for unit in SWITCHED_OFF:
        image.link(f"etc/systemd/system/{unit}", "/dev/null")
    shutil.copytree(HERE / "kmod", image.path("srv/rig/kmod"))
    image.write("srv/rig/kmod/Kbuild", "obj-m := fake_vmbus.o fake_pci.o fake_hca.o\n")
    # own: modprobe finds the kernel's own modules beneath it, whatever the vendor's are.
    image.run("sh", "-ec", f"""make -s -C /lib/modules/{kernel}/build M=/srv/rig/kmod modules
        mkdir -p /lib/modules/{kernel}/extra /srv/rig/own/lib/modules/{kernel} /srv/disk
        mv /srv/rig/kmod/fake_hca.ko /lib/modules/{kernel}/extra
        mv /srv/rig/kmod/fake_*.ko /srv/rig; rm -r /srv/rig/kmod
        /srv/rig/thin-modules {kernel}; depmod {kernel}
        cd /srv/rig/own/lib/modules/{kernel}
        ln -s /lib/modules/{kernel}/kernel /lib/modules/{kernel}/extra .
        cp /lib/modules/{kernel}/modules.builtin* /lib/modules/{kernel}/modules.order .
        depmod -b /srv/rig/own {kernel}
        systemctl -q enable rig-machine.service rig-agent.service""")
    image.write("etc/modprobe.d/rig.conf", "softdep mlx5_ib post: fake_hca\ninstall fake_hca /srv/rig/load-hca\n")
    image.write("etc/fstab", "/dev/vda / ext4 defaults 0 1\n")
    image.write("etc/machine-id", "")
    return kernel


def disk(image, name):
    marker = image.path("var/lib/ofed-init/baked.json")
    if marker.exists():
        image.copy(marker, "srv/rig/marker.json")
    image.write("srv/rig/untouched", "".join(f"{digest(image.path(path))}  {path}\n" for path in UNTOUCHED))
    with open(name, "wb") as raw:
        raw.truncate(DISK_BYTES)
    subprocess.run(["mkfs.ext4", "-q", "-F", "-O", "^has_journal", "-d", image.root, name],
                   stdin=subprocess.DEVNULL, check=True)


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()
