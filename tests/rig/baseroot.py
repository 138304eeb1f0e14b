# SPDX-License-Identifier: GPL-2.0-or-later
"""Base roots: what a Debian machine image has before anybody puts ofed-init into it.

One for each suite, built once by mmdebstrap under build/cache/boot and used read-only ever
after. They hold systemd, cloud-init, a kernel with its headers and a compiler, and in apt's own
cache the packages that the scenarios install, so that a boot asks the archive only whether
anything is newer.
"""
import fcntl
import hashlib
import inspect
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from rig import jail  # noqa: E402

TOP = pathlib.Path(__file__).resolve().parents[2]
CACHE = TOP / "build" / "cache" / "boot"
IN_USE = []  # locks of the roots that this process uses
MAX_AGE_DAYS = 7  # the archive moves on; a root that is older mostly costs downloads

IN_THE_IMAGE = """systemd systemd-sysv dbus udev kmod cloud-init apt ca-certificates iproute2
    isc-dhcp-client procps locales openssh-client linux-image-amd64 linux-headers-amd64 gcc make
    """.split()

# Only downloaded: what an installation on such an image fetches from the archive.
IN_APTS_CACHE = """rdma-core ibverbs-providers ibverbs-utils infiniband-diags rdmacm-utils perftest
    libibumad3 libibverbs1 librdmacm1 libibmad5 libibnetdisc5 dkms hello
    libyaml-0-2 libjson-c5 libpci3 libmount1 libcrypt1 pci.ids""".split()
MAY_BE_ABSENT = "libcurl4 libcurl4t64 libssl3 libssl3t64 libarchive13 libarchive13t64".split()


def mirror():
    """The Debian archive that this machine's own apt uses, or None for mmdebstrap's default."""
    run = subprocess.run(["apt-get", "indextargets", "--format",
                          "$(REPO_URI) $(ORIGIN) $(COMPONENT)", "Created-By: Packages"],
                         stdout=subprocess.PIPE, text=True, check=False)
    for line in run.stdout.splitlines():
        uri, *rest = line.split()
        if rest == ["Debian", "main"] and "security" not in uri:
            return uri.rstrip("/")
    return None


def key(suite):
    """Changes with anything that the root is made of."""
    made_of = [suite, str(mirror()), *IN_THE_IMAGE, *IN_APTS_CACHE, *MAY_BE_ABSENT,
               inspect.getsource(build)]
    return hashlib.sha256("\0".join(made_of).encode()).hexdigest()[:12]


def usable(root):
    return root.exists() and time.time() - root.stat().st_mtime < MAX_AGE_DAYS * 86400


def get(suite, log):
    """The root of SUITE, built when there is none: (path, seconds it took to build).

    It stays locked until this process ends: nobody rebuilds a root that is in use.
    """
    CACHE.mkdir(parents=True, exist_ok=True)
    root = CACHE / f"{suite}-{key(suite)}"
    lock = open(CACHE / f"{suite}.lock", "w")
    IN_USE.append(lock)
    fcntl.flock(lock, fcntl.LOCK_SH)
    if usable(root):
        return root, 0.0
    fcntl.flock(lock, fcntl.LOCK_EX)
    started = time.monotonic()
    if not usable(root):
        for old in CACHE.glob(f"{suite}-*"):
            shutil.rmtree(old)
        with open(CACHE / "build.lock", "w") as building:
            fcntl.flock(building, fcntl.LOCK_EX)
            build_in_jail(CACHE, __file__, suite, root, log)
    fcntl.flock(lock, fcntl.LOCK_SH)
    return root, time.monotonic() - started


def build_in_jail(cache, program, *arguments):
    """Run PROGRAM, which builds a root in CACHE by way of a folder .new.*, so that nothing of it is left if we are
    interrupted: no mount, no process, no folder. A folder that a killed one has left goes first.

    The caller has a lock: nobody else builds in CACHE.
    """
    def remove():
        for left in cache.glob(".new.*"):
            shutil.rmtree(left)

    def stop(*_):
        raise SystemExit(128 + signal.SIGTERM)

    main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, stop) if main else None
    try:
        remove()
        inside = jail.Jail("root", [sys.executable, "-B", program, *map(str, arguments)], stdin=subprocess.DEVNULL)
        try:
            if inside.process.wait():
                raise RuntimeError(f"{program} {' '.join(map(str, arguments))}: no root could be built")
        finally:
            inside.end()
            remove()
    finally:
        if main:
            signal.signal(signal.SIGTERM, before)


def build(suite, root, log):
    scratch = pathlib.Path(tempfile.mkdtemp(prefix=".new.", dir=CACHE))
    try:
        scratch.chmod(0o755)
        fill_cache = 'chroot "$1" apt-get clean && chroot "$1" apt-get -q -y install' \
            ' --download-only --no-install-recommends '
        may_be = " ".join(MAY_BE_ABSENT)
        command = [
            "mmdebstrap", "--quiet", "--variant=minbase", "--skip=cleanup/apt",
            "--include=" + ",".join(IN_THE_IMAGE),
            "--customize-hook=" + fill_cache + " ".join(IN_APTS_CACHE),
            f"--customize-hook=for p in {may_be}; do "
            'if chroot "$1" apt-cache show "$p" >/dev/null 2>&1; then ' + fill_cache.split("&& ")[1]
            + '"$p" || exit 1; fi; done',
            '--customize-hook=rm -f "$1"/etc/machine-id "$1"/var/lib/dbus/machine-id',
            suite, str(scratch)]
        if mirror():
            command.append(mirror())
        # INITRD=No: the kernel is never started here, only its files are wanted.
        with open(log, "ab") as out:
            subprocess.run(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                           env=dict(os.environ, INITRD="No"), check=True)
        scratch.rename(root)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise


def kernel_release(root):
    """The kernel whose headers are in the root."""
    for folder in sorted((root / "usr/lib/modules").iterdir()):
        if (folder / "build").is_symlink():  # its target is beneath the root, not here
            return folder.name
    raise FileNotFoundError(f"no kernel headers in {root}")


if __name__ == "__main__":  # inside of a jail
    CACHE = pathlib.Path(sys.argv[2]).parent
    build(sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3])
