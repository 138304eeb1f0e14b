# SPDX-License-Identifier: GPL-2.0-or-later
"""The real programs on a machine that looks like one of Azure's, with a root of its own to change.

Needs root, and own_namespaces() first: nothing but loopback is there, and what is mounted goes with
the process.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys

from rig import machine, words

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("TOP_BUILDDIR") or TOP / "build").resolve()
PROGRAM = BUILD / "ofed-init"
FETCHER = pathlib.Path("/usr/libexec/ofed-init/ofed-fetch")
KERNEL = "6.11.0-1015-azure"
UBUNTU = 'ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\nPRETTY_NAME="Ubuntu 24.04 LTS"\n'
LIMIT_S = 240  # when a command is given up; none takes so long


class Vm:
    """A machine to look at, and a root to change."""

    def __init__(self, work):
        self.work, self.look, self.root = work, work / "look", work / "root"
        work.chmod(0o755)
        self.put("usr/lib/modules/" + KERNEL + "/build/Makefile", "")
        machine.build(self.look, release=KERNEL, os_release=UBUNTU)
        (self.look / "run/cloud-init/.instance-id").write_text("i-0001\n")
        self.is_a("Standard_HB120rs_v3")

    def is_a(self, size):
        (self.look / "run/cloud-init/instance-data.json").write_text(json.dumps(
            {"ds": {"meta_data": {"imds": {"compute": {"vmSize": size}}}}}))

    def put(self, path, text, mode=0o644):
        path = self.root / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    def call(self, command, *more, env=None, umask=-1):
        done = subprocess.run([PROGRAM, command, *words.taken(PROGRAM, command, {
            "--sysroot": self.look, "--root": self.root, "--imds": "http://127.0.0.1:1"}), *more],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=LIMIT_S, check=False,
                              umask=umask, env={**os.environ, **(env or {})})
        return done.returncode, words.agree_text(done.stdout.decode(errors="replace"))


def own_namespaces():
    """The programs are looked for in fixed places; here these are the ones of the build."""
    if os.environ.get("OFED_INIT_INSIDE"):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/usr/libexec"], check=True)
        FETCHER.parent.mkdir()
        shutil.copy(BUILD / "ofed-fetch", FETCHER)
        return
    os.environ["OFED_INIT_INSIDE"] = "1"
    os.execvp("unshare", ["unshare", "--mount", "--net", "--pid", "--fork", "--mount-proc",
                          "--propagation", "private", sys.executable, *sys.argv])
