# SPDX-License-Identifier: GPL-2.0-or-later
"""The trials: functions of a list of checks and a machine, named as `tests/qemu/run` takes them."""
import importlib
import pathlib

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


def load():
    """Every trial of this folder, in the order of files and lines."""
    for path in sorted(pathlib.Path(__file__).parent.glob("[a-z]*.py")):
        importlib.import_module(f"trials.{path.stem}")
    return FOUND
