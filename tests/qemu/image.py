# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest's disk: Debian bookworm with its kernel, our fake devices built for it, and the RDMA
userland but for one package, so that a run has something to install and is done soon.

Built by mmdebstrap into build/cache/qemu, once.
"""
import contextlib
import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

from rig import baseroot

HERE = pathlib.Path(__file__).resolve().parent
CACHE = HERE.parents[1] / "build" / "cache" / "qemu"
MAX_AGE_DAYS = 14
DISK_BYTES = 8 << 30  # sparse; the root itself has about 800 MB

SYSTEM = """systemd-sysv udev dbus kmod python3 iproute2 initramfs-tools linux-image-amd64""".split()
TO_BUILD = "linux-headers-amd64 gcc make".split()  # taken out again
# libyaml-0-2 and what follows it: what the package of ofed-init needs, or may; gpg it recommends.
USERLAND = """ibverbs-providers ibverbs-utils infiniband-diags rdmacm-utils perftest
    libyaml-0-2 libjson-c5 libpci3 libmount1 libcurl4 libssl3 libarchive13 gpg""".split()
LEFT_TO_INSTALL = ["rdma-core"]


def sources():
    return sorted(p for folder in ("kmod", "in-guest") for p in (HERE / folder).iterdir())


def key():
    """Changes with anything that the disk is made of."""
    made_of = hashlib.sha256(str(baseroot.mirror()).encode())
    for path in [pathlib.Path(__file__), *sources()]:
        made_of.update(path.name.encode() + b"\0" + path.read_bytes())
    return made_of.hexdigest()[:12]


@contextlib.contextmanager
def locked():
    """One run at a time: they would share the cache, the logs, and two processors."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def get(log):
    """A folder with disk.raw, vmlinuz, initrd, archive/, made when there is none."""
    folder = CACHE / f"image-{key()}"
    if folder.exists() and time.time() - (folder / "disk.raw").stat().st_mtime < MAX_AGE_DAYS * 86400:
        return folder
    for old in [*CACHE.glob("image-*"), *CACHE.glob(".new.*")]:
        shutil.rmtree(old)
    build(folder, log)
    return folder


def build(folder, log):
    scratch = pathlib.Path(tempfile.mkdtemp(prefix=".new.", dir=CACHE))
    try:
        root, new = scratch / "root", scratch / "image"
        new.mkdir()
        with open(log, "wb") as out:
            make_root(root, out)
            for name in ("vmlinuz", "initrd", "archive"):
                shutil.move(root / "boot" / "rig" / name, new / name)
            with open(new / "disk.raw", "wb") as disk:
                disk.truncate(DISK_BYTES)
            # With a journal, as a VM's has: what a power cut leaves is then a file system.
            run(["mkfs.ext4", "-q", "-F", "-d", root, new / "disk.raw"], out)
        new.rename(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def make_root(root, out):
    packages = [*SYSTEM, *TO_BUILD, *USERLAND]
    hooks = [
        'mkdir -p "$1/srv/rig"',
        f'cp -r "{HERE}/kmod" "$1/srv/rig/kmod"',
        f'cd "{HERE}/in-guest" && cp agent load-hca set-up-image thin-modules whose "$1/srv/rig/"',
        f'cp "{HERE}/in-guest/rig-agent.service" "$1/etc/systemd/system/"',
        'chroot "$1" apt-get -q clean',
        'chroot "$1" apt-get -q -y --no-install-recommends --download-only install '
        + " ".join(LEFT_TO_INSTALL),
        'chroot "$1" /srv/rig/set-up-image',
    ]
    # What it mounts stays in a mount namespace, and is gone whatever happens to it.
    command = ["unshare", "--mount", "--propagation=private", "--",
               "mmdebstrap", "--quiet", "--variant=minbase", "--skip=cleanup/apt",
               "--dpkgopt=force-unsafe-io", "--dpkgopt=path-exclude=/usr/share/doc/*",
               "--dpkgopt=path-exclude=/usr/share/man/*",
               "--dpkgopt=path-exclude=/usr/share/locale/*",
               "--include=" + ",".join(packages),
               *(f"--customize-hook={hook}" for hook in hooks), "bookworm", root]
    if baseroot.mirror():
        command.append(baseroot.mirror())
    # INITRD=No: ours is made at the end, and smaller.
    run(command, out, env=dict(os.environ, INITRD="No"))


def run(argv, out, **options):
    subprocess.run([str(word) for word in argv], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                   check=True, **options)
