# SPDX-License-Identifier: GPL-2.0-or-later
"""What tests/boot/demo shows, kept working by being a test as well."""
import pathlib

import expect
from scenarios import BOOKWORM, scenario

USER_DATA = pathlib.Path(__file__).resolve().parents[1] / "demo.yaml"


@scenario(BOOKWORM)
def demo(t):
    vm = t.vm()
    vm.user_data(USER_DATA.read_text())
    boot = vm.boot()
    expect.ended(t, boot, 0, expect.INSTALLED)
    expect.clean_boot(t, boot)
    t.contains(boot.journal, "is here; let us compute", "the user's command found the package")
