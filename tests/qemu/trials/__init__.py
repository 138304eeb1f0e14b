# SPDX-License-Identifier: GPL-2.0-or-later
"""The trials: functions of a list of checks and a machine, named as `tests/qemu/run` takes them."""
import collections
import importlib
import pathlib

# A guest that boots an image (baked.py) for the first time; words: of the kernel's command line.
FirstBoot = collections.namedtuple("FirstBoot", "image words")

FOUND = {}  # name -> (function, what it starts from)


def register(function, start):
    FOUND[function.__name__.replace("_", "-")] = (function, start)
    return function


def trial(function):
    """Starts with ofed-init installed, and nothing else."""
    return register(function, "ready")


def trial_with_stack(function):
    """Starts with the distribution's RDMA stack installed as well, as in a baked image."""
    return register(function, "stack")


def trial_of_image(image, size, functions=1, own=False):
    """Starts when an image's first boot has settled, on a VM of that size with so many functions; own: with the
    kernel's own driver loaded before anything else."""
    start = FirstBoot(image, f"rig.size={size} rig.functions={functions} rig.own={int(own)}")
    return lambda function: register(function, start)


def trial_with_power_cuts(function):
    """Starts as trial, and may lose its power."""
    return register(function, "durable")


def load():
    """Every trial of this folder, in the order of files and lines."""
    for path in sorted(pathlib.Path(__file__).parent.glob("[a-z]*.py")):
        importlib.import_module(f"trials.{path.stem}")
    return FOUND
