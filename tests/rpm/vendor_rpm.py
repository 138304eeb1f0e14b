# SPDX-License-Identifier: GPL-2.0-or-later
"""Stand-ins for NVIDIA's doca-host rpm, and for a distribution's own repository.

Names, dependencies and places of files are the vendor's; the content is ours. Its dkms says what
a real one would say; that real modules are compiled is for tests/boot.
"""
import hashlib
import shutil
import pathlib

import rpms
from rig.vendor import Keys

DOCA = "3.2.3"
HOME = f"/usr/share/doca-host-{DOCA}"
KEY_FILE = "/etc/pki/rpm-gpg/RPM-GPG-KEY-Mellanox"
DRIVER = ("doca-ofed", "mlnx-ofa_kernel", "libibverbs", "rdma-core", "ofed-scripts")
MODULES = ("mlx5_core", "mlx5_ib", "ib_core", "ib_uverbs", "ib_umad", "ib_cm", "rdma_ucm", "ib_ipoib")

DKMS = """#!/bin/sh
# stand-in of ofed-init's tests: says what a real one says once all is built
case "$1" in
status) echo "mlnx-ofa_kernel/25.10.OFED.25.10.1.2.8.1, @KERNEL@, x86_64: installed" ;;
*) exit 3 ;;
esac
"""
OFED_INFO = """#!/bin/sh
echo "OFED-internal-25.10-1.2.8:"
"""


class Vendor:
    """Keys, and doca-host rpms of several variants."""

    def __init__(self, work):
        self.work = pathlib.Path(work)
        self.work.mkdir(parents=True, exist_ok=True)
        self.keys = Keys(self.work / "gpg")
        for name in ("vendor", "stranger"):
            self.keys.make(name)
        self.old_key = False

    def close(self):
        self.keys.close()

    def fingerprint(self, name):
        listed = self.keys.gpg("--with-colons", "--fingerprint", "--list-keys", name, stdout=-1).stdout
        return next(line.split(":")[9] for line in listed.decode().splitlines() if line.startswith("fpr:"))

    def key(self, *names):
        return self.keys.gpg("--armor", "--export", *names, stdout=-1).stdout

    def catalog(self, accept="vendor", refuse="stranger"):
        return (f"fingerprint\tverdict\n{self.fingerprint(accept)}\taccept\n"
                f"{self.fingerprint(refuse)}\trefuse\n")

    def repository(self, name, kernel, out, *, key="vendor", **variant):
        """A repository that is an address: its packages, and its key beside them, in OUT."""
        pool = self.pool(name, kernel, **variant)
        (pool / "GPG-KEY-Mellanox.pub").write_bytes(self.key(key))
        shutil.copytree(pool, out)

    def doca_host(self, name, kernel, *, keys=("vendor",), gpgcheck=1, **variant):
        """Build doca-host: (path, sha256)."""
        top, pool = self.work / name, self.pool(name, kernel, **variant)
        files = {f"{HOME}/repo/{p.relative_to(pool)}": (p.read_bytes(), 0o644)
                 for p in pool.rglob("*") if p.is_file()}
        files["/etc/yum.repos.d/doca.repo"] = (
            f"[doca]\nname=DOCA\nbaseurl=file://{HOME}/repo\nenabled=1\ngpgcheck={gpgcheck}\n"
            f"gpgkey=file://{KEY_FILE}\n", 0o644)
        files[KEY_FILE] = (self.key(*keys), 0o644)
        package = rpms.rpm(top, top, "doca-host", DOCA, "019000", files=files)
        return package, hashlib.sha256(package.read_bytes()).hexdigest()

    def pool(self, name, kernel, *, signer="vendor", new_kernel=False, unsigned=(), post="", posttrans="",
             mft_post="", more=lambda top, pool: ()):
        """Build the packages and their index: the folder. signer: None leaves the packages unsigned;
        unsigned: those only. post, posttrans: scripts of ofed-scripts; mft_post: of what is no driver.
        more(top, pool): builds others, and returns what doca-ofed requires besides."""
        top = self.work / name
        pool = top / "pool"
        requires = ["mlnx-ofa_kernel", "libibverbs = 2510", "rdma-core", "ofed-scripts"]
        if new_kernel:
            requires.append("kernel-core = 6.99.0")
            rpms.rpm(top, pool, "kernel-core", "6.99.0", provides=["kernel = 6.99.0", "kernel-uname-r = 6.99.0"],
                     files={"/boot/vmlinuz-6.99.0": ("none\n", 0o644)})
        # Real ones bring these too, and by their names they could be kernels: sources for dkms on EL, a
        # module's package on SLES.
        mft = f"kernel-mft-mlnx-kmp-{kernel.rsplit('-', 1)[1]}" if "azure" in kernel else "kernel-mft-dkms"
        requires.append(mft)
        requires += more(top, pool)
        rpms.rpm(top, pool, mft, "4.34.1", "10", post=mft_post,
                 provides=["multiversion(kernel)"] + (["/bin/sh"] if mft_post else []),
                 files={"/usr/src/kernel-mft-4.34.1/dkms.conf": ('PACKAGE_NAME="kernel-mft"\n', 0o644)})
        rpms.rpm(top, pool, "doca-ofed", DOCA, requires=requires)
        rpms.rpm(top, pool, "mlnx-ofa_kernel", "25.10", requires=["dkms"], files={
            "/etc/infiniband/openib.conf": ("ONBOOT=yes\nIPOIB_LOAD=yes\n", 0o644),
            **{f"/lib/modules/{kernel}/extra/{m}.ko": (b"no module\n", 0o644) for m in MODULES}})
        rpms.rpm(top, pool, "rdma-core", "2510")
        rpms.rpm(top, pool, "libibverbs", "2510")
        rpms.rpm(top, pool, "ofed-scripts", "25.10", files={"/usr/bin/ofed_info": (OFED_INFO, 0o755)},
                 post=post, posttrans=posttrans, provides=["/bin/sh"] if post or posttrans else [])
        if signer:
            rpms.sign(self.keys, signer, [p for p in sorted(pool.glob("*.rpm"))
                                           if not p.name.startswith(tuple(unsigned))])
        rpms.repository(pool, self.keys if signer else None, signer)
        return pool


def distribution(work, out, kernel, *, headers=True, kernel_with_rdma=None, bad_optional=None,
                 dkms=True):
    """A distribution's repository: its own rdma-core, which looks newer than the vendor's, headers, a compiler."""
    for name in ("libibverbs", "libibverbs-utils", "librdmacm-utils", "infiniband-diags", "perftest",
                 "gcc", "make"):
        rpms.rpm(work, out, name, "61")
    rpms.rpm(work, out, "rdma-core", "9999",
             requires=[f"{kernel_with_rdma} = 9.9"] if kernel_with_rdma else [],
             files={"/usr/sbin/rdma-ndd": ("#!/bin/sh\n", 0o755)})
    if bad_optional:
        rpms.rpm(work, out, "ibacm", "61")
        rpms.rpm(work, out, bad_optional, "62", conflicts=["rdma-core"])
    if dkms:
        rpms.rpm(work, out, "dkms", "3.0",
                 files={"/usr/sbin/dkms": (DKMS.replace("@KERNEL@", kernel), 0o755)})
    # Long enough for another to find it at work; rpm wants its script's shell from some package.
    rpms.rpm(work, out, "slow", "1", provides=["/bin/sh"], post="sleep 8")
    if kernel_with_rdma:
        rpms.rpm(work, out, kernel_with_rdma, "9.9", provides=["kernel = 9.9"])
    if headers:
        version, release = kernel.rsplit(".", 1)[0].split("-", 1)
        rpms.rpm(work, out, "kernel-devel", version, release, arch=kernel.rsplit(".", 1)[1],
                 files={f"/usr/src/kernels/{kernel}/Makefile": ("all:\n", 0o644)})
    rpms.rpm(work, out, "kernel-devel", "6.99.0", "1.el9", arch="x86_64")
    rpms.repository(out)
