#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The vendor's package, and a cache with modules of it that really drive, for a guest that is to install them.

    tests/qemu/working_set.py FOLDER

As container_work.py makes them in FOLDER/made/modset, of the stand-in's variant `drives` (tests/rig/vendor.py).
"""
import sys

sys.dont_write_bytecode = True

from container_work import compile_and_publish, work  # noqa: E402

if __name__ == "__main__":
    work(__file__, [compile_and_publish], variant="drives")
