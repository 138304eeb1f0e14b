# SPDX-License-Identifier: GPL-2.0-or-later
"""Bundles with the true layout: .mlnx, distro, DEBS or RPMS, .supported_kernels, an installer.

The layout is that of mlnx_add_kernel_support.sh, which reads it; the installer is a stand-in.

By hand, for a guest (see README): tests/bundle/bundles.py iso FOLDER [DISTRO]
"""
import hashlib
import io
import pathlib
import shutil
import subprocess
import sys
import tarfile

HERE = pathlib.Path(__file__).resolve().parent
VERSION = "5.8-1.1.2.1"


class Bundle:
    def __init__(self, folder, mood="good", distro="ubuntu20.04", kind="DEBS", kernels=None,
                 packing="tgz", leave_out=(), name=None, needs_distro=False, fill=None):
        """kernels: what .supported_kernels lists; None: there is no such file. fill: puts real
        packages into the folder that it is given, which the installer then installs."""
        self.name = name or f"MLNX_OFED_LINUX-{VERSION}-{distro}-x86_64"
        tree = pathlib.Path(folder) / self.name
        tree.mkdir(parents=True)
        (tree / kind).mkdir()
        if fill:
            fill(tree / kind)
        else:
            (tree / kind / ("ofed.deb" if kind == "DEBS" else "ofed.rpm")).write_text("a package\n")
        (tree / "packages").write_text("real\n" if fill else "none\n")
        (tree / "src").mkdir()
        (tree / ".mlnx").write_text(f"MLNX_OFED_LINUX-{VERSION}\n")
        (tree / "distro").write_text(distro + "\n")
        (tree / "mood").write_text(mood + "\n")
        if kernels is not None:
            (tree / ".supported_kernels").write_text("".join(f"{k}\n" for k in kernels))
        if needs_distro:
            (tree / "needs-distro").touch()
        shutil.copy(HERE / "fake-mlnxofedinstall", tree / "mlnxofedinstall")
        (tree / "mlnxofedinstall").chmod(0o755)
        for path in leave_out:
            target = tree / path
            shutil.rmtree(target) if target.is_dir() else target.unlink()
        self.path = tree.parent / f"{self.name}.{packing}"
        if packing == "iso":
            # As NVIDIA's: the content at the top, Rock Ridge for the real names.
            subprocess.run(["xorriso", "-as", "mkisofs", "-quiet", "-R", "-J", "-V", "MLNX_OFED",
                            "-o", str(self.path), str(tree)], check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        else:
            with tarfile.open(self.path, "w:gz") as tar:
                tar.add(tree, self.name)

    @property
    def sha256(self):
        return hashlib.sha256(self.path.read_bytes()).hexdigest()


class Archive:
    """No bundle: an archive whose entries are given."""

    def __init__(self, folder, entries, name="MLNX_OFED_LINUX-odd.tgz"):
        """entries: (name, bytes or a number of zeros)"""
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True)
        self.path = folder / name
        with tarfile.open(self.path, "w:gz") as tar:
            for entry, content in entries:
                info = tarfile.TarInfo(entry)
                info.size = content if isinstance(content, int) else len(content)
                tar.addfile(info, Zeros(content) if isinstance(content, int) else io.BytesIO(content))

    sha256 = Bundle.sha256


class Zeros(io.RawIOBase):
    def __init__(self, size):
        self.left = size

    def read(self, size=-1):
        size = self.left if size < 0 else min(size, self.left)
        self.left -= size
        return bytes(size)


if __name__ == "__main__":
    bundle = Bundle(sys.argv[2], packing=sys.argv[1], distro=(sys.argv[3:] or ["ubuntu20.04"])[0])
    print(bundle.path, bundle.sha256)
