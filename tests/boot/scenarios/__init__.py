# SPDX-License-Identifier: GPL-2.0-or-later
"""The scenarios. Each is a function of one Trial; its name is what `tests/boot/run` takes."""
import importlib
import pathlib

BOTH = ("bookworm", "trixie")
BOOKWORM = ("bookworm",)
TRIXIE = ("trixie",)

FOUND = {}  # name -> (function, suites)


def scenario(suites):
    def register(function):
        FOUND[function.__name__.replace("_", "-")] = (function, suites)
        return function
    return register


def load():
    """Every scenario of this folder, in the order of files and lines."""
    for path in sorted(pathlib.Path(__file__).parent.glob("[a-z]*.py")):
        importlib.import_module(f"scenarios.{path.stem}")
    return FOUND
