# SPDX-License-Identifier: GPL-2.0-or-later
"""What is asserted of more than one boot."""

# A machine that is looked at through --sysroot is another one than the machine that is changed,
# and a container loads no modules: a run that claimed to have proven the driver would be lying.
INSTALLED = "installed-unproven"


def ended(t, boot, code, reason):
    """The run's exit code, and the same news in each place that reports it."""
    t.equal(boot.exit_code, code, f"ofed-init ends with {code}")
    t.contains(boot.last_line, f"exit {code} ", "the status log's last line names the exit code")
    t.contains(boot.last_line, reason, f"the status log's last line names the reason {reason}")
    result = boot.result or {}
    t.equal(result.get("exit_code"), code, "result.json has the exit code")
    t.equal(result.get("reason"), reason, "result.json has the reason")
    agent = boot.json("/var/lib/ofed-init/agent.status")
    t.equal(agent and agent[0]["status"]["status"], "error" if code else "success",
            "agent.status says whether it went well")


def clean_boot(t, boot):
    """Nothing else about the boot is wrong."""
    t.check(boot.seen["settled"], "the boot settles", boot.seen["jobs"])
    t.check("ordering cycle" not in boot.journal, "systemd finds no ordering cycle",
            "\n".join(l for l in boot.journal.splitlines() if "cycle" in l))
    t.equal(boot.seen["cloud_init"]["exit"], 0, "cloud-init status exits 0")
    t.contains(boot.seen["cloud_init"]["text"], "status: done", "cloud-init status is done")
    t.check("degraded" not in boot.seen["cloud_init"]["text"], "cloud-init status is not degraded",
            boot.seen["cloud_init"]["text"])


def between_config_and_final(t, boot):
    """The run's place in cloud-init's stages."""
    config = boot.units.get("cloud-config.service", {}).get("ActiveEnter")
    t.before(config, boot.ran_from, "the run starts after cloud-config")
    t.before(boot.ran_until, boot.started("cloud-final.service"), "the run ends before cloud-final")


def before_runcmd(t, boot):
    """The same, on an instance's first boot: runcmd ran, and after the run."""
    between_config_and_final(t, boot)
    t.before(boot.ran_until, boot.mark("runcmd"), "the run ends before runcmd, which runs")


def installed_before_workloads(t, boot, packages):
    """Packages were there before packages:, user scripts and runcmd, by their timestamps."""
    for package in packages:
        at = boot.installed_at(package)
        t.before(at, boot.mark("runcmd"), f"{package} is installed before runcmd")
        t.before(at, boot.mark("user-script"), f"{package} is installed before the user script")
        t.before(at, boot.installed_at("hello"), f"{package} is installed before packages:")


def held(t, boot, what):
    """The service of the image that the stanza names in hold_units."""
    t.before(boot.ran_until, boot.mark("held"), f"{what}: the held service starts after the run")
    t.equal(boot.file("/var/log/rig/held-memlock").strip(), "LimitMEMLOCK=infinity", f"{what}: it may lock memory without limit")
    t.equal(boot.units["infiniband-ready.target"]["ActiveState"], "active", f"{what}: infiniband-ready.target is reached")


def nothing_installed(t, before, boot):
    """The packages are the ones that were there before."""
    before, after = dict(before), boot.packages
    changed = sorted(set(before.items()) ^ set(after.items()))
    t.check(not changed, "no package was installed, removed or changed", changed)
