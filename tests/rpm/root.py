# SPDX-License-Identifier: GPL-2.0-or-later
"""The root that the rpm trials start from: Debian's dnf and zypper, of one suite, and nothing installed by rpm.

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
# Of suites since 2024 three libraries have another name; what they hold is the same.
RENAMED = {"libcurl4": "libcurl4t64", "libssl3": "libssl3t64", "libarchive13": "libarchive13t64"}


def get(log, suite=SUITE):
    """The root, built when there is none."""
    cache = CACHE / suite
    cache.mkdir(parents=True, exist_ok=True)
    names = IN_THE_ROOT if suite == SUITE else [RENAMED.get(name, name) for name in IN_THE_ROOT]
    made_of = "\0".join([suite, str(baseroot.mirror()), *names, inspect.getsource(build)])
    root = cache / hashlib.sha256(made_of.encode()).hexdigest()[:12]
    with open(cache / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not root.exists():
            for old in cache.iterdir():
                if old.is_dir():
                    shutil.rmtree(old)
            baseroot.build_in_jail(cache, __file__, root, log, suite, *names)
    return root


def build(root, log, suite, names):
    scratch = pathlib.Path(tempfile.mkdtemp(prefix=".new.", dir=root.parent))
    scratch.chmod(0o755)
    # The lists of a mirror that stands still run out; what they name is signed all the same.
    command = ["mmdebstrap", "--quiet", "--variant=minbase", "--include=" + ",".join(names),
               "--aptopt=Acquire::Check-Valid-Until \"false\"", suite, str(scratch)]
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
    build(pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:])
