# SPDX-License-Identifier: GPL-2.0-or-later
"""on_failure: block, where the stanza or the program is what is wrong."""
import expect
import user_data
from scenarios import BOTH, scenario

TYPO = """
    infiniband:
      driver: inbox
      on_failure: block
      verify: {wait_secs: 5}
    """
FREE = """
    infiniband:
      driver: inbox
      on_failure: continue
      verify: {wait_seconds: 5}
    """
# A first boot in which the program does not begin: as with a library that is missing.
BROKEN = "[Service]\nExecStart=\nExecStart=/usr/bin/env -i LD_PRELOAD=/none ofed-init-that-is-not-there\n"


def held_back(t, boot, what):
    t.equal(boot.mark("runcmd"), None, f"{what}: runcmd is held back")
    t.equal(boot.units["cloud-final.service"]["ActiveState"], "failed", f"{what}: cloud-final failed")
    t.contains(boot.journal, "on_failure: block", f"{what}: the journal says why")
    t.check(boot.seen["settled"], f"{what}: the boot settles", boot.seen["jobs"])
    t.equal(boot.seen["cloud_init"]["exit"], 1, f"{what}: cloud-init status exits 1")
    t.contains(boot.seen["cloud_init"]["text"], "status: error", f"{what}: and says error, also 22.4")


@scenario(BOTH)
def block_whatever_is_wrong(t):
    """A typo beside it, a program that does not begin; then a stanza that asks for it no more."""
    vm = t.vm()
    vm.user_data(user_data.plain(TYPO))
    boot = vm.boot()
    expect.ended(t, boot, 1, "stanza-unknown-key")
    held_back(t, boot, "a typo")

    drop_in = "etc/systemd/system/ofed-init.service.d/zz-broken.conf"
    vm.container.write(drop_in, BROKEN)
    boot = vm.boot()
    t.equal(boot.exit_code, 127, "the program did not begin")
    held_back(t, boot, "no program")

    vm.user_data(user_data.plain(FREE), instance_id="i-second")
    boot = vm.boot()
    t.equal(boot.exit_code, 127, "the program did not begin")
    expect.before_runcmd(t, boot)
    expect.clean_boot(t, boot)
