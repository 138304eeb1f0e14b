# SPDX-License-Identifier: GPL-2.0-or-later
"""The root that the rpm trials start from: Debian's dnf and zypper, and nothing installed by rpm.

Built once by mmdebstrap under build/cache/rpm and used read-only ever after.
"""
import fcntl
import hashlib
import inspect
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from rig import baseroot  # noqa: E402

CACHE = baseroot.TOP / "build" / "cache" / "rpm"
SUITE = "bookworm"
IN_THE_ROOT = """dnf zypper gnupg ca-certificates kmod procps libyaml-0-2 libjson-c5 libpci3 libmount1
    libcurl4 libssl3 libarchive13""".split()


def get(log):
    """The root, built when there is none."""
    CACHE.mkdir(parents=True, exist_ok=True)
    made_of = "\0".join([SUITE, str(baseroot.mirror()), *IN_THE_ROOT, inspect.getsource(build)])
    root = CACHE / f"{SUITE}-{hashlib.sha256(made_of.encode()).hexdigest()[:12]}"
    with open(CACHE / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not root.exists():
            for old in CACHE.glob(f"{SUITE}-*"):
                shutil.rmtree(old)
            baseroot.build_in_jail(CACHE, __file__, root, log)
    return root


def build(root, log):
    scratch = pathlib.Path(tempfile.mkdtemp(prefix=".new.", dir=CACHE))
    scratch.chmod(0o755)
    command = ["mmdebstrap", "--quiet", "--variant=minbase", "--include=" + ",".join(IN_THE_ROOT),
               SUITE, str(scratch)]
    if baseroot.mirror():
        command.append(baseroot.mirror())
    try:
        with open(log, "ab") as out:
            subprocess.run(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, check=True,
                           env=os.environ)
        scratch.rename(root)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise


if __name__ == "__main__":  # inside of a jail
    CACHE = pathlib.Path(sys.argv[1]).parent
    build(pathlib.Path(sys.argv[1]), sys.argv[2])
