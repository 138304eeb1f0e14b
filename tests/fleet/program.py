# SPDX-License-Identifier: GPL-2.0-or-later
"""The program under test."""
import os
import pathlib
import subprocess

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("TOP_BUILDDIR") or TOP / "build").resolve()
PROGRAM = BUILD / "ofed-init"


def ofed_init(*words, status=0, **more):
    """Run it; the completed process, with bytes. Another exit status is a failure."""
    run = subprocess.run([PROGRAM, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, timeout=120, check=False, **more)
    assert run.returncode == status, f"exit status {run.returncode}: {run.stderr.decode()}"
    return run
