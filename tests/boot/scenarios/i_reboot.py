# SPDX-License-Identifier: GPL-2.0-or-later
"""A restart of the machine that the stanza allows: once, before any workload."""
import json

import expect
import user_data
from rig import vendor, words
from scenarios import BOOKWORM, scenario
from scenarios.b_doca import Source, stanza
from trial import SYSROOT

# A disk over NVMe/RDMA that is mounted, as /proc/modules shows it.
IN_USE = """nvme_rdma 45056 1 - Live 0x0000000000000000
ib_core 385024 2 nvme_rdma,mlx5_ib, Live 0x0000000000000000
mlx5_ib 380928 0 - Live 0x0000000000000000
mlx5_core 1609728 1 mlx5_ib, Live 0x0000000000000000
"""


@scenario(BOOKWORM)
def reboot(t):
    """Installed, restarted, gone on by itself; and not a second time for the same."""
    vm = t.vm()
    source = Source(t, vm)
    vm.container.write(f"{SYSROOT}/proc/modules", IN_USE)
    vm.user_data(user_data.with_script(user_data.plain(
        stanza(source.file_url, source.sha256) + "  reboot: if_needed\n", user_data.WORKLOADS)))
    vm.boot_cut_short()
    result = words.agree(json.loads(vm.container.path("var/lib/ofed-init/result.json").read_text()))
    t.equal((result["state"], result["reason"]), ("reboot-pending", "reboot-pending"),
            "result.json says that the reboot is pending")
    agent = json.loads(vm.container.path("var/lib/ofed-init/agent.status").read_text())
    t.equal(agent[0]["status"]["status"], "transitioning", "the agent is told to wait")
    log = vm.container.path("var/log/azure/ib-vmext-status").read_text()
    t.contains(log, "in use by nvme_rdma", "the status log names what is in use")
    t.check(not vm.container.path("var/lib/cloud/instance/sem/config_scripts_user").exists(),
            "no workload ran before the reboot")
    t.check(not vm.container.path("var/log/rig/openibd").exists(), "openibd was not restarted")
    t.check("doca-ofed" in vm.packages(), "the driver is installed")

    boot = vm.boot(420)
    expect.ended(t, boot, 0, "driver-present")
    expect.clean_boot(t, boot)
    expect.before_runcmd(t, boot)
    t.equal(boot.dpkg_runs()[:1] and boot.dpkg_runs()[0] < boot.ran_until, False,
            "the second boot's run installs nothing more")

    # As if the driver were not there any more: the same plan would restart the machine again.
    vm.container.run("dkms", "remove", f"mlnx-ofed-kernel/{vendor.DKMS_VERSION}", "--all")
    again = vm.boot(420)
    expect.ended(t, again, 14, "reboot-did-not-help")
    t.contains(again.last_line, "restarted at ", "it is said when that was")
    expect.clean_boot(t, again)
