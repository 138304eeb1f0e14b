# SPDX-License-Identifier: GPL-2.0-or-later
"""The vendor's stack, from a signed repository that the test builds, with real dkms.

The catalog has no doca-ofed for Debian, so the stanza names the artefact, as its user would.
"""
import hashlib
import os
import re

import expect
import user_data
from rig import kernels, vendor
from scenarios import BOOKWORM, BOTH, TRIXIE, scenario
from trial import SYSROOT


def stanza(url, sha256=None):
    digest = f"    sha256: {sha256}\n" if sha256 else ""
    return f"""infiniband:
  driver: doca-ofed
  timeout_seconds: 240
  verify: {{wait_seconds: 5}}
  source:
    url: "{url}"
{digest}"""


class Source:
    """A doca-host package of one variant, laid into the machine and onto the web server."""

    def __init__(self, t, vm, variant="good", verdict="accept"):
        self.artefact, self.sha256, self.key = vendor.build(t.work_beside("vendor"), variant)
        self.pool = t.work_beside("vendor") / "pool"
        self.file_url = f"file:///srv/doca/{vendor.ARTEFACT}"
        self.http_url = f"{vm.imds.url}/files/{vendor.ARTEFACT}"
        vm.imds.files[vendor.ARTEFACT] = self.artefact
        self.lay_into(vm, verdict)

    def lay_into(self, vm, verdict="accept"):
        """The artefact as a file, and what the catalog of the machine says of its key."""
        vm.container.copy(self.artefact, f"srv/doca/{vendor.ARTEFACT}")
        if verdict:
            vm.container.write("etc/ofed-init/catalog.d/90-rig.signing-keys.tsv",
                               f"fingerprint\tverdict\n{self.key}\t{verdict}\n")


def doca_installed(t, vm, boot):
    expect.ended(t, boot, 0, expect.INSTALLED)
    expect.clean_boot(t, boot)
    expect.before_runcmd(t, boot)
    for package in vendor.DRIVER_PACKAGES:
        t.check(boot.installed(package), f"{package} is installed")
    expect.installed_before_workloads(t, boot, vendor.DRIVER_PACKAGES)
    t.check(boot.installed("dkms") and not boot.packages.get("dkms", "").startswith("99"),
            "dkms is the distribution's, not the newer one of the vendor's repository",
            boot.packages.get("dkms"))
    folder = vm.container.path(f"usr/lib/modules/{t.kernel}/updates/dkms")
    for module in vendor.MODULES:
        t.check(list(folder.glob(f"{module}.ko*")), f"{module} is compiled and in place for {t.kernel}")
    t.contains(boot.seen["dkms"], f"mlnx-ofed-kernel/{vendor.DKMS_VERSION}, {t.kernel}",
               "dkms status lists the kernel")
    tree = vm.container.path(f"var/lib/dkms/mlnx-ofed-kernel/{vendor.DKMS_VERSION}/{t.kernel}")
    made = "".join(log.read_text(errors="replace") for log in tree.glob("*/log/make.log"))
    if t.suite == "bookworm":
        t.contains(made, "KCFLAGS: -g0\n", "debug information, which dkms strips off, is not made")
    else:
        t.contains(made, "KCFLAGS: \n", "debug information is made: these headers have a vmlinux, for BTF")
    log = boot.status_log
    t.check(-1 < log.find("modules: compiling for") < log.find("Setting up doca-ofed"),
            "the driver is compiled while its other packages are still installed", log)
    t.check(not vm.container.path("etc/dkms/no-autoinstall").exists(),
            "dkms compiles for later kernels again")
    left_out(t, vm, boot)
    all_configured(t, vm, boot)
    t.equal(compiled(boot), [f"{vendor.DRIVER} for {t.kernel}"], "the driver is compiled once, and for this kernel only")
    complete(t, vm)
    driver = ((boot.result or {}).get("verdict") or {}).get("driver") or {}
    t.equal(driver.get("stack"), "doca-ofed", "result.json names the stack")
    t.equal(boot.units.get("openibd.service", {}).get("UnitFileState"), "enabled", "openibd is enabled")
    t.contains(log, "service openibd.service: is enabled already", "which was not done twice")


def compiled(boot):
    """What the sources of the vendor's packages were asked to compile, in the order of that."""
    return boot.file("/var/log/rig/compiled").splitlines()


def all_configured(t, vm, boot):
    """No package is half-done, so that apt goes on to work for its user."""
    wrong = {name: p["status"] for name, p in boot.seen["packages"].items() if p["status"] not in ("ii", "rc")}
    t.equal(wrong, {}, "every package is configured")
    t.equal(vm.container.run("apt-get", "-q", "check", check=False), 0, "the user's own apt has nothing to complain of")


def complete(t, vm, kernel=None):
    """What the vendor's stack needs beside modules: what to load, and what others are built against."""
    lines = vm.container.path("etc/infiniband/openib.conf").read_text().splitlines()
    t.equal([line for line in vendor.LOAD_LINES if lines.count(line) != 1], [],
            "openib.conf says once of each module that it is to be loaded")
    folder = vm.container.path(f"usr/src/ofa_kernel/x86_64/{kernel or t.kernel}")
    wanted = ("include/ofed_rig.h", "compat/config.h", "Module.symvers")
    t.equal([name for name in wanted if not (folder / name).is_file()], [],
            "headers, configuration and symbols of the driver are there for others")
    link = vm.container.path("usr/src/ofa_kernel/default")
    t.check(link.is_symlink() and os.readlink(link) == "/etc/alternatives/ofa_kernel_headers",
            "/usr/src/ofa_kernel/default is an alternative")
    link = vm.container.path("etc/alternatives/ofa_kernel_headers")
    t.equal(link.is_symlink() and os.readlink(link), f"/usr/src/ofa_kernel/x86_64/{kernel or t.kernel}", "which leads there")


def openibd_loads(t, vm, boot):
    """openibd, started by the boot, asks for every module."""
    seen = [line.split()[2] for line in boot.file("/var/log/rig/openibd").splitlines() if " load " in line]
    t.equal(sorted(set(seen)), sorted(vendor.LOADED), "the boot's openibd loads all of the stack")
    t.check(vm.container.path("etc/systemd/system/sysinit.target.wants/openibd.service").is_symlink(),
            "it is part of sysinit.target")


def others_in_place(t, vm):
    """What dkms has compiled beside the driver."""
    folder = vm.container.path(f"usr/lib/modules/{t.kernel}/updates/dkms")
    return [module for _, _, module in vendor.OTHERS if list(folder.glob(f"{module}.ko*"))]


def left_out(t, vm, boot):
    """The vendor's packages are complete, and what the fabric does not need was not compiled, nor will be."""
    t.equal(others_in_place(t, vm), [], "nothing but the driver is compiled")
    for name, package, _ in vendor.OTHERS:
        t.check(boot.installed(package), f"{package} is installed")
        t.check(vm.container.path(f"etc/dkms/{name}.conf").exists(), f"dkms is to leave {name} alone")


def refused(t, vm, before, boot, code, reason):
    """Ended badly before anything was installed, and the machine goes on."""
    expect.ended(t, boot, code, reason)
    expect.clean_boot(t, boot)
    expect.before_runcmd(t, boot)
    expect.nothing_installed(t, before, boot)
    t.check(not vm.container.path("etc/apt/sources.list.d/doca.list").exists(),
            "no apt source of the vendor is left behind")


@scenario(BOTH)
def doca(t):
    """A good one by file://, and a second boot that finds it ready."""
    vm = t.vm()
    source = Source(t, vm)
    vm.user_data(user_data.with_script(
        user_data.plain(stanza(source.file_url, source.sha256), user_data.WORKLOADS)))
    first = vm.boot(420)
    doca_installed(t, vm, first)

    vm.container.path("var/log/rig/openibd").unlink(missing_ok=True)
    second = vm.boot()
    t.equal(second.exit_code, 0, "second boot: exit 0")
    t.contains(second.last_line, ": unchanged: ", "second boot: nothing has changed")
    t.equal(second.dpkg_runs(), [], "second boot: dpkg was not run")
    t.equal(second.packages, first.packages, "second boot: the packages are the same")
    expect.clean_boot(t, second)
    openibd_loads(t, vm, second)


# The machine tells the server how far its boot is, which holds the second half back until the
# run starts. cloud-init's config stage cannot end before the server was asked.
TELL = """#!/bin/bash
exec 3<>/dev/tcp/127.0.0.1/{port}
printf 'GET /tell/%s HTTP/1.0\\r\\n\\r\\n' "$1" >&3
cat <&3 >/dev/null
"""


def tells(vm, unit, line):
    vm.container.write(f"etc/systemd/system/{unit}.d/tell.conf", f"[Service]\n{line}\n")


@scenario(TRIXIE)
def doca_http(t):
    """By http:// with a digest, on the carrier that needs no prepared image; the download begins
    while cloud-init's config stage is not over, and the run takes it from there."""
    vm = t.vm()
    source = Source(t, vm)
    vm.container.write("usr/local/bin/tell", TELL.format(port=vm.imds.port), mode=0o755)
    tells(vm, "cloud-config.service", f"ExecStartPost=/usr/local/bin/tell "
          f"config-ended?asked%%20for%%20{vendor.ARTEFACT}")
    tells(vm, "ofed-init.service", "ExecStartPre=/usr/local/bin/tell run-starts")
    vm.imds.held[vendor.ARTEFACT] = "told run-starts"
    vm.user_data(user_data.with_script(
        user_data.carried(stanza(source.http_url, source.sha256), user_data.WORKLOADS)))
    boot = vm.boot(420)
    doca_installed(t, vm, boot)
    t.equal(vm.imds.story, [f"asked for {vendor.ARTEFACT}", "told config-ended", "told run-starts",
                            f"sent {vendor.ARTEFACT}"], "one download, across three stages")
    prefetch = (boot.result or {}).get("prefetch") or {}
    t.equal(prefetch.get("state"), "fetched", "result.json says that it was fetched ahead")
    t.equal(prefetch.get("bytes"), vm.imds.files[vendor.ARTEFACT].stat().st_size, "and how much")
    t.contains([p["name"] for p in (boot.result or {}).get("phases", [])], "wait-for-prefetch",
               "the wait is one of the phases")
    log = boot.status_log
    t.contains(log, "prefetch: fetched; ", "the status log says so too")
    t.check(-1 < log.find("sources in the background") < log.find("prefetch: fetched; "),
            "the system's package lists are begun before the download is waited for", log)
    main = re.search(r"(ofed-init\[\d+\]) info: step refresh-packages", log)[1]
    lists = [line for line in log[:log.find("step refresh-packages: done")].splitlines() if "apt-get: " in line]
    t.check([line for line in lists if "http" in line and main not in line],
            "they come to a process of their own", "\n".join(lists))
    t.check([line for line in lists if "/repo ./ Packages" in line and main in line]
            and not [line for line in lists if "http" in line and main in line],
            "only the vendor's list is fetched after it", "\n".join(lists))
    t.equal(boot.unit.get("StatusText"), f"exit 0: {expect.INSTALLED}", "systemctl status says how it ended")
    unit = boot.units.get("ofed-init-prefetch.service", {})
    t.before(unit.get("InactiveExit"), boot.units["cloud-config.service"].get("ActiveEnter"),
             "the unit starts beside the config stage")

    second = vm.boot()
    t.contains(second.last_line, ": unchanged: ", "second boot: nothing has changed")
    t.equal(len([e for e in vm.imds.story if e.startswith("asked")]), 1,
            "second boot: nothing is fetched")
    expect.clean_boot(t, second)


@scenario(BOOKWORM)
def doca_bare_image(t):
    """The image has neither compiler nor headers: both come from the archive, for this kernel."""
    vm = t.vm()
    vm.container.run("apt-get", "-q", "-y", "--autoremove", "purge", "gcc", "make", "linux-headers-amd64",
                     f"linux-headers-{t.kernel}")
    source = Source(t, vm)
    vm.user_data(user_data.with_script(
        user_data.plain(stanza(source.file_url, source.sha256), user_data.WORKLOADS)))
    before = vm.packages()
    t.check("gcc" not in before and f"linux-headers-{t.kernel}" not in before, "the image is bare", before)
    boot = vm.boot(420)
    doca_installed(t, vm, boot)
    t.check(boot.installed(f"linux-headers-{t.kernel}"), "the headers of this very kernel are installed")


@scenario(BOTH)
def modules_all(t):
    """The stanza wants the vendor's other modules too; a newer kernel waits for its first boot, and gets nothing yet.
    Memory suffices for one compiler."""
    vm = t.vm(kernel=kernels.OLD)
    newer, t.kernel = t.kernel, kernels.OLD
    kernels.add_older(vm.container, newer)
    kernels.run(vm.container, t.kernel)
    source = Source(t, vm)
    vm.container.write(f"{SYSROOT.lstrip('/')}/proc/meminfo", "MemTotal: 2000000 kB\nMemAvailable: 600000 kB\n")
    vm.user_data(user_data.plain(stanza(source.file_url, source.sha256) + "  modules: all\n"))
    boot = vm.boot(420)
    expect.ended(t, boot, 0, expect.INSTALLED)
    t.equal(others_in_place(t, vm), [module for _, _, module in vendor.OTHERS], "they are compiled and in place")
    kept = [name for name, _, _ in vendor.OTHERS if vm.container.path(f"etc/dkms/{name}.conf").exists()]
    t.equal(kept, [], "dkms is not kept from any")
    all_configured(t, vm, boot)
    t.equal(sorted(compiled(boot)), sorted(f"{name} for {t.kernel}" for name in
                                           (vendor.DRIVER, *(name for name, _, _ in vendor.OTHERS))),
            "each is compiled once, and none for the newer kernel")
    t.equal(boot.file("/var/log/rig/jobs"), "1\n", "the vendor's script, which counts cores by itself, runs one job")
    t.check(not vm.container.path("var/lib/ofed-init/compile").exists(), "nothing is left of what told it so")
    complete(t, vm)


@scenario(BOTH)
def others_broken(t):
    """One of the others fits no longer, on a machine whose dkms has a module already: nobody needs it, and nothing
    fails."""
    vm = t.vm()
    for path, (text, mode) in vendor.plain_source("rig", "rig").items():
        vm.container.write(path.lstrip("/"), text, mode=mode)
    vm.container.run("sh", "-ec", f"""apt-get -q -y --no-install-recommends install dkms
        dkms install -m rig -v {vendor.DKMS_VERSION} -k {t.kernel}""")
    source = Source(t, vm, "broken-others")
    vm.user_data(user_data.plain(stanza(source.file_url, source.sha256)))
    boot = vm.boot(420)
    expect.ended(t, boot, 0, expect.INSTALLED)
    left_out(t, vm, boot)
    all_configured(t, vm, boot)
    t.contains(boot.seen["dkms"], f"rig/{vendor.DKMS_VERSION}, {t.kernel}", "the machine's own module is still there")


@scenario(BOOKWORM)
def others_wanted(t):
    """The same, and the stanza wants it."""
    vm = t.vm()
    source = Source(t, vm, "broken-others")
    vm.user_data(user_data.plain(stanza(source.file_url, source.sha256) + "  modules: all\n"))
    boot = vm.boot(420)
    expect.ended(t, boot, 14, "dkms-failed")
    t.contains(boot.last_line, "iser", "the end names it")
    t.contains(boot.status_log, vendor.UNFIT_WORDS, "with the compiler's words")


@scenario(BOTH)
def dkms_fails(t):
    """The driver does not compile; and when it does, the next boot's run goes on from there."""
    vm = t.vm()
    source = Source(t, vm, "broken-build")
    vm.user_data(user_data.plain(stanza(source.file_url, source.sha256)))
    boot = vm.boot(420)
    expect.ended(t, boot, 14, "dkms-failed")
    expect.clean_boot(t, boot)
    expect.before_runcmd(t, boot)
    words = boot.status_log.find(vendor.UNFIT_WORDS)
    t.check(words > -1, "the status log has the compiler's words", boot.status_log[-3000:])
    t.check(words < boot.status_log.find("+ read -r line") or "+ read -r line" not in boot.status_log,
            "before those of the scripts around it", boot.status_log[-3000:])

    for path in vm.container.path(vendor.SOURCE.lstrip("/")).glob("*.c"):
        path.write_text(path.read_text().replace(vendor.UNFIT, ""))
    boot = vm.boot(420)
    expect.ended(t, boot, 0, expect.INSTALLED)
    all_configured(t, vm, boot)
    left_out(t, vm, boot)
    complete(t, vm)


@scenario(BOOKWORM)
def digest_wrong(t):
    vm = t.vm()
    source = Source(t, vm)
    before = vm.packages()
    vm.user_data(user_data.plain(stanza(source.file_url, hashlib.sha256(b"another file").hexdigest())))
    refused(t, vm, before, vm.boot(), 14, "digest-mismatch")


@scenario(BOOKWORM)
def digest_missing(t):
    vm = t.vm()
    source = Source(t, vm)
    before = vm.packages()
    vm.user_data(user_data.plain(stanza(source.file_url)))
    refused(t, vm, before, vm.boot(), 1, "stanza-digest")


@scenario(BOOKWORM)
def http_without_digest(t):
    vm = t.vm()
    source = Source(t, vm)
    before = vm.packages()
    vm.user_data(user_data.plain(stanza(source.http_url)))
    boot = vm.boot()
    refused(t, vm, before, boot, 1, "stanza-digest")
    t.equal(vm.imds.requests, [], "nothing was fetched, and nobody was asked")


@scenario(BOTH)
def other_key(t):
    """The repository is signed, but not by the key that its package carries."""
    vm = t.vm()
    source = Source(t, vm, "other-key")
    before = vm.packages()
    vm.user_data(user_data.plain(stanza(source.file_url, source.sha256)))
    refused(t, vm, before, vm.boot(), 14, "repository-untrusted")


@scenario(BOOKWORM)
def unknown_key(t):
    """All is well signed, by a key that the catalog does not know."""
    vm = t.vm()
    source = Source(t, vm, verdict=None)
    before = vm.packages()
    vm.user_data(user_data.plain(stanza(source.file_url, source.sha256)))
    boot = vm.boot()
    refused(t, vm, before, boot, 14, "repository-untrusted")
    t.contains(boot.status_log, "is not in the catalog; it is left out", "the status log says why")


@scenario(TRIXIE)
def refused_key(t):
    """The same, by a key that the catalog refuses."""
    vm = t.vm()
    source = Source(t, vm, verdict="refuse")
    before = vm.packages()
    vm.user_data(user_data.plain(stanza(source.file_url, source.sha256)))
    boot = vm.boot()
    refused(t, vm, before, boot, 14, "repository-untrusted")
    t.contains(boot.status_log, "is refused by the catalog; it is left out", "the status log says why")


@scenario(BOTH)
def new_kernel(t):
    """The transaction would bring another kernel."""
    vm = t.vm()
    source = Source(t, vm, "new-kernel")
    before = vm.packages()
    vm.user_data(user_data.plain(stanza(source.file_url, source.sha256)))
    boot = vm.boot()
    refused(t, vm, before, boot, 14, "kernel-would-change")
    t.contains(boot.status_log, "linux-image-6.99.0-1-azure", "the status log names the kernel")


@scenario(BOOKWORM)
def no_headers(t):
    """The kernel's headers are neither installed nor in the archive."""
    vm = t.vm(kernel="6.11.0-1015-azure")
    source = Source(t, vm)
    before = vm.packages()
    vm.user_data(user_data.plain(stanza(source.file_url, source.sha256)))
    refused(t, vm, before, vm.boot(), 14, "headers-missing")
