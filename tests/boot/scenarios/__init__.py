# SPDX-License-Identifier: GPL-2.0-or-later
"""The scenarios. Each is a function of one Trial; its name is what `tests/boot/run` takes."""
import importlib
import pathlib

# A scenario runs on both where apt, cloud-init or systemd of the two may differ in it.
BOTH = ("bookworm", "trixie")
BOOKWORM = ("bookworm",)
TRIXIE = ("trixie",)

FOUND = {}  # name -> (function, suites)
LAYER = {}  # name -> the layer of `./bootstrap check` that it belongs to


def scenario(suites, layer="boot"):
    def register(function):
        name = function.__name__.replace("_", "-")
        FOUND[name] = (function, suites)
        LAYER[name] = layer
        return function
    return register


def load():
    """Every scenario of this folder, in the order of files and lines."""
    for path in sorted(pathlib.Path(__file__).parent.glob("[a-z]*.py")):
        importlib.import_module(f"scenarios.{path.stem}")
    return FOUND
