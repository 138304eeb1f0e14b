# SPDX-License-Identifier: GPL-2.0-or-later
"""The distribution's own stack, from the real archive; and what later boots make of it."""
import html
import os
import re
import subprocess

import expect
import lab
import user_data
from scenarios import BOOKWORM, BOTH, scenario
from trial import HELD, HPC_SIZE, OFFICE_SIZE

PACKAGES = ("rdma-core", "ibverbs-providers", "ibverbs-utils", "infiniband-diags", "rdmacm-utils",
            "perftest")
STANZA = """
    infiniband:
      driver: inbox
      verify: {wait_seconds: 5}
    """
STANZA_HOLDS = STANZA + f"  hold_units: [{HELD}]\n    "
# All that a stanza says of a machine apart from its driver, and where it is to be found.
STANZA_OF_A_MACHINE = STANZA_HOLDS + """  blacklist: [mana_ib]
      ipoib: false
    """
SET_UP = {
    f"etc/systemd/system/{HELD}.d/50-ofed-init-hold.conf": "After=infiniband-ready.target",
    "etc/modprobe.d/ofed-init-blacklist.conf": "blacklist mana_ib",
    "etc/modprobe.d/ofed-init-no-ipoib.conf": "blacklist ib_ipoib",
    "etc/security/limits.d/90-ofed-init.conf": "* ",
    "etc/udev/rules.d/60-rdma-persistent-naming.rules": "NAME_PCI",
}
STANZA_THAT_CLOSES_A_CIRCLE = STANZA + "  hold_units: [rig-early.service]\n    "
EARLY_UNIT = """[Unit]
Description=what a site has before cloud-init's config stage, by way of the network
Before=network.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/bin/mark early
"""
STANZA_MIXED_SIZES = """
    infiniband:
      driver: inbox
      on_unsupported: skip
      verify: {wait_seconds: 5}
    """


def installed(t, boot):
    expect.ended(t, boot, 0, expect.INSTALLED)
    expect.clean_boot(t, boot)
    expect.between_config_and_final(t, boot)
    t.equal(boot.units["infiniband-ready.target"]["ActiveState"], "active",
            "infiniband-ready.target is reached")
    for package in PACKAGES:
        t.check(boot.installed(package), f"{package} is installed")
    t.equal((boot.result or {}).get("verdict", {}).get("driver", {}).get("stack"), "inbox",
            "result.json names the stack")


def later(t, before, boot, what, reason):
    """A boot that finds everything done: exit 0, and no package manager was started."""
    t.equal(boot.exit_code, 0, f"{what}: exit 0")
    t.equal(boot.dpkg_runs(), [], f"{what}: dpkg was not run")
    t.equal(boot.packages, before.packages, f"{what}: the packages are the same")
    added = boot.status_log[len(before.status_log):] \
        if boot.status_log.startswith(before.status_log) else boot.status_log
    t.contains(added, "exit 0 ", f"{what}: the status log has this run")
    t.contains(boot.last_line, f": {reason}: ", f"{what}: the reason is {reason}")
    t.check("apt-get" not in added, f"{what}: apt-get was not started", added)
    expect.clean_boot(t, boot)


# The page about the boot, in each form, and what cloud-init says of the same.
AT_END = """#!/bin/sh
mkdir -p /var/log/rig && cd /var/log/rig || exit 1
for format in text svg html; do ofed-init report --format $format >report.$format || exit 1; done
cloud-init analyze show >analyze.txt
cloud-init schema --system >schema.txt 2>&1
echo "exit $?" >>schema.txt
"""
ROW = re.compile(r"^ +(\d+\.\d{3}) +(\d+\.\d{3})  .{24} +(\S.*)$")
STAGES = {"local": "init-local", "network": "init-network", "config": "modules-config",
          "final": "modules-final"}
UPTIME_STEP_S = 0.02  # hundredths of a second are what /proc/uptime has
ROUNDING_S = 0.003
# cloud-init notes a stage, and logs it, at moments and by clocks of their own: a busy machine comes between them
BETWEEN_S = 0.5


def timeline(t, boot):
    """The report's timeline is the boot that systemd and cloud-init have seen."""
    text = boot.file("/var/log/rig/report.text").partition("the boot, in seconds")[2]
    rows = {name: (float(at), float(at) + float(took)) for at, took, name in
            (row.groups() for row in map(ROW.match, text.splitlines()) if row)}
    names = list(rows)
    stages = [name for name in names if name.startswith("cloud-init: ")]
    t.equal([name.split()[1] for name in stages], list(STAGES), "report: cloud-init's stages, in order")
    began, ended = rows.get("ofed-init", (0, 0))
    t.check(rows[stages[2]][1] <= began and ended <= rows[stages[3]][0],
            "report: the run is between config and final", text)
    phases = {name[2:]: span for name, span in rows.items() if name.startswith("- ")}
    t.equal(list(phases), [phase["name"] for phase in boot.result["phases"]], "report: the run's phases")
    t.check(all(began <= start and end <= ended + ROUNDING_S for start, end in phases.values()),
            "report: the phases are within the run", text)
    t.check(ended <= rows["rig-waits.service"][0] <= rows[stages[3]][1],
            "report: the unit that waits for the fabric comes after the run", text)

    zero = boot.result["started_uptime_ms"] / 1000 - began
    for unit, stamp in (("network-online.target", "ActiveEnter"), ("infiniband-ready.target", "ActiveEnter"),
                        ("multi-user.target", "ActiveEnter"), ("rig-waits.service", "InactiveExit")):
        seen = rows.get(unit, (0, 0))[0] + zero
        t.check(abs(seen - boot.units[unit][stamp]) < ROUNDING_S, f"report: {unit} is where systemd has it",
                f"{seen}, {boot.units[unit]}")
    for stage, unit in ((stages[2], "cloud-config.service"), (stages[3], "cloud-final.service")):
        start, end = (moment + zero for moment in rows[stage])
        t.check(boot.units[unit]["InactiveExit"] <= start + UPTIME_STEP_S
                and end <= boot.units[unit]["ActiveEnter"] + UPTIME_STEP_S,
                f"report: {stage} is within {unit}", f"{start} to {end}, {boot.units[unit]}")
        took = re.search(rf"Finished stage: \({STAGES[stage.split()[1]]}\) (\S+) seconds",
                         boot.file("/var/log/rig/analyze.txt"))
        t.check(took and 0 < end - start and abs(end - start - float(took[1])) <= BETWEEN_S,
                f"report: {stage} is as long as cloud-init analyze has it", (end - start, took))
    for form in "svg", "html":
        page = html.unescape(boot.file(f"/var/log/rig/report.{form}"))
        lacking = [name for name in names if f">{name.removeprefix('- ')}" not in page]
        t.check(page and not lacking, f"report: the same as {form}", lacking)


@scenario(BOTH)
def inbox_baked(t):
    """As an image builder would: the .deb is in the image, the stanza in plain user-data."""
    vm = t.vm()
    vm.unit_that_waits()
    vm.unit_that_is_held()
    vm.container.write("var/rig/at-end", AT_END, mode=0o755)
    vm.user_data(user_data.with_script(user_data.plain(STANZA_HOLDS, user_data.WORKLOADS)))
    boot = vm.boot()
    installed(t, boot)
    expect.held(t, boot, "a first boot")
    expect.before_runcmd(t, boot)
    expect.installed_before_workloads(t, boot, PACKAGES)
    t.before(boot.ran_until, boot.mark("workload-of-the-image"),
             "a unit After=infiniband-ready.target starts after the run")
    t.check(vm.imds.asked() == [], "the size came from instance-data.json, nobody was asked",
            vm.imds.asked())
    timeline(t, boot)
    # On the command line cloud-init loads no part handler, and knows no key of ours: the table of doc/how-to-user-data.md.
    schema = boot.file("/var/log/rig/schema.txt")
    if t.suite == "bookworm":
        t.contains(schema, "exit 0", "cloud-init schema --system: before 23.4 the key is valid")
    else:
        t.contains(schema, "exit 1", "cloud-init schema --system: from 23.4 on it is not")
        t.contains(schema, "'infiniband' was unexpected", "and that is all that it says")


@scenario(BOOKWORM)
def manuals(t):
    """An image with manual pages: their index is for man-db's timer, not for who waits for a driver."""
    vm = t.vm()
    vm.container.run("apt-get", "-q", "-y", "update")
    vm.container.run("apt-get", "-q", "-y", "--no-install-recommends", "install", "man-db")
    switch = vm.container.path("var/lib/man-db/auto-update")
    t.check(switch.exists(), "man-db renews its index")
    vm.user_data(user_data.with_script(user_data.plain(STANZA, user_data.WORKLOADS)))
    boot = vm.boot()
    installed(t, boot)
    log = boot.status_log
    t.contains(log, "Processing triggers for man-db", "dpkg calls man-db")
    t.contains(log, "Not building database", "which does nothing")
    t.check(switch.exists(), "it does again")
    t.check(not vm.container.path("var/lib/ofed-init/manuals-deferred").exists(), "nothing is left of that")


def repository(t, vm):
    """The release's repository for apt, signed by a key of its own, on our server: the line of doc/how-to-release.md for it."""
    out, home = t.work_beside("release"), t.work_beside("gnupg")
    home.mkdir(mode=0o700)
    env = {**os.environ, "GNUPGHOME": str(home), "OI_RELEASE_OUT": str(out), "OI_RELEASE_DEB": str(t.deb),
           "OI_RELEASE_KEY": "release@example.invalid", "OI_RELEASE_URL": f"{vm.imds.url}/files"}

    def call(*argv):
        subprocess.run(argv, check=True, env=env, stdin=subprocess.DEVNULL)

    call("gpg", "--batch", "--quiet", "--passphrase", "", "--quick-gen-key",
         "Release <release@example.invalid>", "rsa3072", "sign", "never")
    call(str(lab.TOP / "build-aux" / "release"), "apt")
    call("gpgconf", "--kill", "all")
    vm.imds.files.update({f"apt/{path.name}": path for path in (out / "apt").iterdir()})
    (line,) = re.findall(r"^`(bootcmd: .*YOUR-STORE.*)`$", (lab.TOP / "doc/how-to-release.md").read_text(), re.MULTILINE)
    return line.replace("https://YOUR-STORE", env["OI_RELEASE_URL"]) + "\n"


@scenario(BOTH)
def inbox_plain_vm(t):
    """As a plain VM user would: the bootcmd of doc/how-to-release.md installs from our repository, write_files carries the stanza."""
    vm = t.vm(baked=False, size_from="imds")
    line = repository(t, vm)
    vm.container.path("srv/ofed-init.deb").unlink()
    vm.unit_that_is_held()
    vm.user_data(user_data.with_script(user_data.carried(STANZA_HOLDS, user_data.WORKLOADS, line)))
    boot = vm.boot()
    expect.held(t, boot, "a package that comes with the boot")
    t.check(boot.installed("ofed-init"), "bootcmd has installed ofed-init")
    installed(t, boot)
    expect.before_runcmd(t, boot)
    expect.installed_before_workloads(t, boot, PACKAGES)
    t.check(vm.imds.asked() != [], "the size came from the metadata service")
    asked = [entry for entry in vm.imds.story if entry.startswith("sent apt/")]
    t.check(f"sent apt/{t.deb.name}" in asked and "sent apt/InRelease" in asked,
            "the package came from the repository", asked)
    sources = vm.container.path("etc/apt/sources.list.d/ofed-init.sources")
    t.contains(sources.read_text(), "BEGIN PGP PUBLIC KEY BLOCK", "the repository's key came in its sources file")

    # Whoever changes the repository without the key is not believed.
    release = vm.imds.files["apt/InRelease"]
    signed = release.read_text()
    for text, wanted in (signed, 0), (signed.replace("Label: ofed-init", "Label: other"), 100):
        release.write_text(text)
        t.equal(vm.container.run(
            "apt-get", "-o", f"Dir::Etc::SourceList=/{sources.relative_to(vm.container.root)}",
            "-o", "Dir::Etc::SourceParts=-", "-o", "APT::Update::Error-Mode=any", "update", check=False),
            wanted, f"apt ends with {wanted} on a repository {'as signed' if not wanted else 'that was changed'}")


@scenario(BOTH)
def again(t):
    """Later boots of a machine that is set up: restart, captured image, cleaned image."""
    vm = t.vm()
    vm.user_data(user_data.plain(STANZA))
    first = vm.boot()
    installed(t, first)
    expect.before_runcmd(t, first)

    second = vm.boot()
    later(t, first, second, "second boot", "unchanged")
    t.equal(second.mark("runcmd"), None, "second boot: runcmd is not run again")

    vm.unit_that_is_held()
    vm.user_data(user_data.plain(STANZA_OF_A_MACHINE), instance_id="i-captured")
    captured = vm.boot()
    later(t, second, captured, "new instance id", "driver-present")
    t.check(captured.json("/var/lib/ofed-init/instances/i-captured/result.json"),
            "new instance id: it has its own result.json")
    t.before(captured.ran_until, captured.mark("runcmd"), "new instance id: before its runcmd")
    expect.held(t, captured, "new instance id")
    for path, part in SET_UP.items():
        file = vm.container.path(path)
        t.contains(file.read_text() if file.exists() else "", part, f"new instance id: the stanza has {path} written")
    planned = " ".join(step["detail"] for step in captured.result["verdict"]["steps"])
    for path in SET_UP:
        t.contains(planned, f"/{path}", f"new instance id: result.json tells of {path}")

    vm.container.run("cloud-init", "clean", "--logs")
    state = vm.container.path("var/lib/ofed-init/result.json")
    t.check(not state.exists(), "cloud-init clean drops the state of this machine")
    t.check(vm.container.path("var/lib/cloud/handlers/ofed_init_cloud.py").exists(),
            "cloud-init clean leaves the part handler in place")
    cleaned = vm.boot()
    later(t, captured, cleaned, "after cloud-init clean", "driver-present")
    t.check(cleaned.json("/var/lib/ofed-init/result.json"), "after cloud-init clean: a result again")

    # The site has ordered it so, and no list of names can know.
    vm.container.write("usr/lib/systemd/system/rig-early.service", EARLY_UNIT)
    vm.container.link("etc/systemd/system/cloud-config.service.wants/rig-early.service",
                      "/usr/lib/systemd/system/rig-early.service")
    vm.user_data(user_data.plain(STANZA_THAT_CLOSES_A_CIRCLE), instance_id="i-circle")
    circle = vm.boot()
    expect.ended(t, circle, 1, "stanza-value")
    t.contains(circle.last_line, "rig-early.service", "a unit that cannot wait: the last line names it")
    t.contains(circle.last_line, "waits for network.target, and that for it", "a unit that cannot wait: and what waits for it")
    t.before(circle.mark("early"), circle.ran_from, "a unit that cannot wait: it starts as ever")
    expect.before_runcmd(t, circle)
    expect.clean_boot(t, circle)

    vm.container.write("etc/cloud/cloud-init.disabled", "")
    disabled = vm.boot()
    t.check(not disabled.ran, "without cloud-init: no run")
    t.check(disabled.mark("held"), "without cloud-init: a held service starts")
    t.equal(disabled.units["infiniband-ready.target"]["ActiveState"], "inactive",
            "without cloud-init: infiniband-ready.target is not reached")


@scenario(BOOKWORM)
def resized(t):
    """The same instance id, a size without InfiniBand first and with it later."""
    vm = t.vm(size=OFFICE_SIZE, size_from="imds", infiniband=False)
    vm.user_data(user_data.plain(STANZA_MIXED_SIZES))
    before = vm.packages()
    small = vm.boot()
    expect.ended(t, small, 0, "size-not-rdma")
    expect.nothing_installed(t, before, small)
    t.check(small.mark("runcmd"), "before: runcmd ran")

    vm.imds.size = HPC_SIZE
    vm.write_machine(infiniband=True)
    large = vm.boot()
    installed(t, large)
    t.equal(large.file("/run/cloud-init/.instance-id"), small.file("/run/cloud-init/.instance-id"),
            "the instance id is the same")
    t.equal(large.mark("runcmd"), None, "cloud-init did not take it for a new instance")
