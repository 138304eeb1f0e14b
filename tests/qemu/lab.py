# SPDX-License-Identifier: GPL-2.0-or-later
"""Where every trial starts: a guest that has booted, with this package of ofed-init installed.

    image      Debian on a disk                      build/cache/qemu, rebuilt rarely
    booted     that, up and settled                  build/cache/qemu, as long as image and QEMU stay
    ready      that, with the package installed      of this run
    stack      that, with the distribution's RDMA    of this run

Or a guest that has never booted: an image into which the driver was baked (baked.py), of this run.
"""
import contextlib
import hashlib
import inspect
import pathlib
import shutil
import subprocess
import tempfile
import time

import guest
import image

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
PAYLOAD_BYTES = 64 << 20  # the guest remembers the disk's size, so that all have the same
# What a bundle says of itself, beside its installer.
BUNDLE = {".mlnx": "MLNX_OFED_LINUX-5.8-1.1.2.1\n", "distro": "debian12.1\n"}


class Lab:
    def __init__(self, deb, scratch, logs):
        self.deb, self.scratch, self.logs = deb, pathlib.Path(scratch), pathlib.Path(logs)
        self.took_s = {}

    def prepare(self):
        compiling = subprocess.Popen([HERE / "container_work.py", self.scratch / "container"],
                                     stdin=subprocess.DEVNULL, preexec_fn=guest.die_with_parent)
        started = time.monotonic()
        self.image = image.get(self.logs / "image.log")
        self.note("image", started)
        started = time.monotonic()
        booted = self.booted()
        self.note("booted", started)
        started = time.monotonic()
        if compiling.wait():
            raise RuntimeError("there are no compiled modules")
        self.made = self.scratch / "container" / "made"
        self.note("modules", started)
        started = time.monotonic()
        self.payload = self.make_payload()
        ready = self.install("ready", booted, "/srv/disk/ofed-init.deb")
        self.note("ready", started)
        started = time.monotonic()
        stack = self.install("stack", ready, "/srv/disk/archive/rdma-core_*.deb")
        self.note("stack", started)
        self.starts = {"ready": ready, "durable": ready, "stack": stack}

    def note(self, what, started):
        self.took_s[what] = time.monotonic() - started

    @contextlib.contextmanager
    def guest(self, name, **start):
        """A guest in a folder of its own; its console is kept in the logs."""
        with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
            try:
                with guest.Guest(folder, self.image, **start) as running:
                    yield running
            finally:
                for log in ("console.log", "qemu.log"):
                    with contextlib.suppress(FileNotFoundError):
                        shutil.copy(pathlib.Path(folder) / log, self.logs / f"{name}-{log}")

    def started(self, name, start):
        """start: the name of a snapshot, or an image with words for the kernel. "durable" is "ready" on
        a disk that outlives the guest."""
        if isinstance(start, str):
            return self.guest(name, payload=self.payload, snapshot=self.starts[start],
                              cache="writeback" if start == "durable" else "unsafe")
        return self.guest(name, payload=self.payload, disk=self.made / "images" / f"{start.image}.raw",
                          words=start.words)

    def booted(self):
        version = subprocess.run(["qemu-system-x86_64", "--version"], stdout=subprocess.PIPE,
                                 check=True).stdout
        # The path too: it is in the disk, which knows the one that it is based on by its name.
        key = hashlib.sha256(version + bytes(self.image) + (HERE / "guest.py").read_bytes()
                             + inspect.getsource(Lab.boot).encode()).hexdigest()[:12]
        folder = self.image / f"booted-{key}"
        if not folder.exists():
            for old in [*self.image.glob("booted-*"), *self.image.glob(".new.*")]:
                shutil.rmtree(old)
            self.boot(folder)
        return guest.Snapshot(folder / "disk.qcow2", folder / "state")

    def boot(self, folder):
        blank = self.scratch / "blank.img"
        with open(blank, "wb") as disk:
            disk.truncate(PAYLOAD_BYTES)
        with self.guest("boot", payload=blank, disk=self.image / "disk.raw") as booting:
            state = booting.run(["systemctl", "is-system-running", "--wait"])
            if state.status:
                failed = booting.run(["systemctl", "--failed", "--plain", "--no-pager"])
                raise guest.GuestFailed(f"the guest is {state.output}{failed.output}")
            # What is in no cache is not in the snapshot either.
            shell(booting, "sync; echo 3 >/proc/sys/vm/drop_caches")
            new = pathlib.Path(tempfile.mkdtemp(prefix=".new.", dir=self.image))
            booting.save(new)
            new.rename(folder)

    def make_payload(self):
        """The second disk: the package, an archive for apt, a bundle as an ISO image, the vendor's package with a
        set of its modules, a metadata service."""
        tree = self.scratch / "payload"
        shutil.copytree(self.image / "archive", tree / "archive")
        shutil.copy(self.deb, tree / "ofed-init.deb")
        shutil.copytree(self.made / "vendor", tree / "vendor")
        shutil.copytree(HERE.parent / "imds", tree / "imds")
        listed = subprocess.run(["apt-ftparchive", "packages", "."], cwd=tree / "archive",
                                check=True, stdout=subprocess.PIPE)
        (tree / "archive" / "Packages").write_bytes(listed.stdout)
        iso = self.scratch / "iso"
        shutil.copytree(HERE / "bundle", iso)
        for name, content in BUNDLE.items():
            (iso / name).write_text(content)
        (iso / "DEBS").mkdir()
        subprocess.run(["xorriso", "-as", "mkisofs", "-quiet", "-R", "-o", tree / "bundle.iso", iso],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        disk = self.scratch / "payload.img"
        with open(disk, "wb") as file:
            file.truncate(PAYLOAD_BYTES)
        subprocess.run(["mkfs.ext4", "-q", "-F", "-O", "^has_journal", "-d", tree, disk], check=True)
        return disk

    def install(self, name, snapshot, deb):
        with self.guest(name, payload=self.payload, snapshot=snapshot) as installing:
            # Before the first one, the kernel has seen another disk there, an empty one.
            shell(installing, "mountpoint -q /srv/disk ||"
                  " { blockdev --flushbufs /dev/vdb; mount -o ro /dev/vdb /srv/disk; }")
            shell(installing, f"dpkg -i {deb}; mkdir -p /srv/rig/vendor; cp /srv/disk/vendor/fake_hca.ko /srv/rig/vendor/")
            return installing.save(self.scratch / name)


def shell(running, script):
    done = running.run(["sh", "-ec", script])
    if done.status:
        raise guest.GuestFailed(f"{script!r} ended with {done.status}: {done.output}")
    return done.output
