# SPDX-License-Identifier: GPL-2.0-or-later
"""Images with the driver in them: baked in a builder and in a root, booted where it fits and where not."""
import json
import pathlib
import re
import shutil
import subprocess

import expect
import user_data
from rig import kernels, vendor
from scenarios import BOOKWORM, BOTH, scenario
from scenarios.b_doca import Source, complete, openibd_loads, stanza
from trial import OFFICE_SIZE

CONFIG = "etc/ofed-init/conf.d/50-image.yaml"
MARKER = "var/lib/ofed-init/baked.json"
PER_VM = ("result.json", "agent.status", "instances", "staging", "apt")
OFED_INIT = pathlib.Path(__file__).resolve().parents[3] / "build" / "ofed-init"


def image(t, vm, more=""):
    """A root with the stanza in it, as an image's maker puts it there."""
    source = Source(t, vm)
    vm.container.write(CONFIG, stanza(source.file_url, source.sha256) + more)
    vm.user_data(user_data.with_script("#cloud-config\n" + user_data.WORKLOADS))
    return source


def modules_of(vm, kernel):
    return sorted(p.name.split(".")[0] for p in
                  vm.container.path(f"usr/lib/modules/{kernel}/updates/dkms").glob("*.ko*"))


def baked(t, vm, kernel):
    """The driver is there, the marker says for which kernel, and no VM has left anything."""
    t.equal(modules_of(vm, kernel), sorted(vendor.MODULES), f"the modules are compiled for {kernel}")
    marker = json.loads(vm.container.path(MARKER).read_text())
    t.equal((marker["kernel"], marker["stack"], marker["arch"]), (kernel, "doca-ofed", "x86_64"),
            "the marker says what was baked")
    t.equal(len(marker["modules"]), len(vendor.MODULES), "the marker lists the modules")
    t.check(all(len(m["sha256"]) == 64 and m["bytes"] > 0 for m in marker["modules"]), "with digest and size")
    complete(t, vm, kernel)
    left = [name for name in PER_VM if vm.container.path(f"var/lib/ofed-init/{name}").exists()]
    t.equal(left, [], "nothing of a VM is in the image")
    t.check(not vm.container.path("var/log/azure/ib-vmext-status").exists(), "no log of a VM either")


def make_initramfs(vm, kernel):
    """As MODULES=most makes one, with the one network driver that matters here: that takes a tenth of the time."""
    vm.container.write("etc/initramfs-tools/conf.d/rig", "MODULES=list\nCOMPRESS=gzip\n")
    vm.container.write("etc/initramfs-tools/modules", "mlx5_core\n")
    vm.container.run("update-initramfs", "-c", "-k", kernel)


def in_initramfs(vm, kernel):
    """Whose mlx5_core a boot would begin with: "kernel", "updates"."""
    words = ask(vm, "lsinitramfs", f"/boot/initrd.img-{kernel}")
    return [line.split(f"/{kernel}/", 1)[1].split("/")[0] for line in words.splitlines()
            if f"/{kernel}/" in line and "/mlx5_core.ko" in line]


def identity(vm, kernel):
    seen = vm.container.path(f"boot/initrd.img-{kernel}").stat()
    return seen.st_ino, seen.st_mtime_ns, seen.st_size


def bake_from_outside(t, vm, code, what):
    """Return: its words."""
    done = subprocess.run([OFED_INIT, "bake", "--root", vm.container.root], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    t.equal(done.returncode, code, f"{what}: bake --root ends with {code}: {done.stdout[-1500:]}")
    return done.stdout


def started(vm):
    """Does a link start openibd at boot?"""
    return [wants.name for wants in vm.container.path("etc/systemd/system").glob("*.wants")
            if (wants / "openibd.service").is_symlink()]


def boots_ready(t, vm):
    boot = vm.boot()
    expect.ended(t, boot, 0, "driver-present")
    expect.clean_boot(t, boot)
    expect.before_runcmd(t, boot)
    t.contains(boot.status_log, "baked into the image", "the log says where the driver is from")
    # What the stanza names is done where the driver is there already, too; here it was done by bake.
    steps = set(re.findall(r": step ([a-z-]+):", boot.status_log)) - {"write-limits", "write-rdma-names"}
    t.equal(steps, set(), "nothing was installed, and nothing restarted")
    return boot


def ask(vm, *argv):
    vm.container.run("sh", "-c", '"$@" >/said 2>&1 || true', "sh", *argv)
    return vm.container.path("said").read_text(errors="replace")


@scenario(BOTH, layer="bake")
def bake(t):
    """In a builder without systemd, Azure or InfiniBand; the first boot has nothing to do."""
    vm = t.vm()
    image(t, vm)
    # What dkms and depmod leave of a newer kernel that was removed again.
    for name in ("modules.dep", "modules.dep.bin", "updates/dkms/nvidia.ko"):
        vm.container.write(f"usr/lib/modules/99.11.0-1018-azure/{name}", "")
    make_initramfs(vm, t.kernel)
    t.equal(in_initramfs(vm, t.kernel), ["kernel"], "boots begin with the kernel's own driver")
    code = vm.container.run("ofed-init", "bake", log="bake.log", check=False)
    t.equal(code, 0, "bake ends with 0")
    baked(t, vm, t.kernel)
    t.equal(in_initramfs(vm, t.kernel), ["updates"], "they begin with the baked one, and with no other")
    words = (vm.container.logs / "bake.log").read_text(errors="replace")
    t.check(started(vm), "openibd will be started")
    t.contains(words, "exit 0 (operation successful): baked: ", "the last line names the reason")
    ours = "\n".join(line for line in words.splitlines() if ": apt-get: " not in line)  # the vendor's script looks at all
    t.check("99.11.0-1018-azure" not in ours, "a folder that was left confuses nobody")
    openibd_loads(t, vm, boots_ready(t, vm))
    again = vm.boot()
    t.contains(again.last_line, ": unchanged: ", "second boot: nothing has changed")

    # One module is not as it was: it is mended before anybody uses it.
    module = next(vm.container.path(f"usr/lib/modules/{t.kernel}/updates/dkms").glob("mlx5_ib.ko*"))
    module.unlink()
    vm.user_data(user_data.with_script("#cloud-config\n" + user_data.WORKLOADS), "i-second")
    boot = vm.boot(420)
    expect.ended(t, boot, 0, expect.INSTALLED)
    t.contains(boot.status_log, "not as they were", "the log says why there was work")
    t.equal(modules_of(vm, t.kernel), sorted(vendor.MODULES), "all modules are there again")


@scenario(BOOKWORM, layer="bake")
def bake_other_size(t):
    """The image lands on a VM without InfiniBand: no dkms rebuild will ever burden it."""
    vm = t.vm(size=OFFICE_SIZE, infiniband=False)
    image(t, vm)
    vm.container.run("ofed-init", "bake", log="bake.log")
    baked(t, vm, t.kernel)
    t.check(started(vm), "openibd is to be started")
    before = vm.packages()
    boot = vm.boot()
    expect.ended(t, boot, 13, "size-not-rdma")
    t.equal(boot.seen["dkms"].strip(), "", "dkms has nothing registered")
    t.equal(modules_of(vm, t.kernel), [], "the kernel's own modules are back")
    t.check(not started(vm), "openibd is not started any more")
    t.check(not vm.container.path(MARKER).exists(), "the marker is gone")
    expect.nothing_installed(t, {**before, **({"hello": boot.packages["hello"]} if "hello" in boot.packages else {})}, boot)
    again = vm.boot()
    expect.ended(t, again, 13, "size-not-rdma")
    t.check("no longer compiled" not in again.status_log.split("starts;")[-1], "the next boot has nothing to take out")


@scenario(BOOKWORM, layer="bake")
def bake_kernel_moved(t):
    """Baked for one kernel, booted with another: mended before workloads start, and nothing fetched again."""
    vm = t.vm()
    kernels.add_older(vm.container, t.kernel)
    image(t, vm, f"  version: '{vendor.DOCA}'\n")
    code = vm.container.run("ofed-init", "bake", "--kernel", kernels.OLD, log="bake.log", check=False)
    t.equal(code, 0, "bake for a kernel that does not run")
    baked(t, vm, kernels.OLD)
    shutil.rmtree(vm.container.path(f"usr/lib/modules/{t.kernel}/updates"), ignore_errors=True)
    vm.container.path(f"srv/doca/{vendor.ARTEFACT}").unlink()
    boot = vm.boot(420)
    expect.ended(t, boot, 0, expect.INSTALLED)
    expect.clean_boot(t, boot)
    expect.before_runcmd(t, boot)
    t.equal(modules_of(vm, t.kernel), sorted(vendor.MODULES), "the modules are there for the kernel that runs")


@scenario(BOOKWORM, layer="bake")
def bake_root(t):
    """Into a root that somebody has mounted: from outside, and nothing stays mounted."""
    vm = t.vm()
    image(t, vm)
    root = vm.container.root
    mounts = pathlib.Path("/proc/self/mountinfo").read_text()
    words = bake_from_outside(t, vm, 0, "a root")
    t.equal(pathlib.Path("/proc/self/mountinfo").read_text(), mounts, "nothing stays mounted")
    t.contains(words, f"there is none for {t.kernel} in /boot", "without an initramfs none is made")
    t.check(not list(root.glob("boot/initrd*")), "nor is there one")
    baked(t, vm, t.kernel)
    boots_ready(t, vm)
    for wrong in (root / "etc", root / "none"):
        done = subprocess.run([OFED_INIT, "bake", "--root", wrong], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        t.equal(done.returncode, 1, f"{wrong.name} is no root: {done.stdout}")


@scenario(BOOKWORM, layer="bake")
def bake_initramfs(t):
    """It cannot be made anew, and then it can; once is enough, and uninstall takes it back."""
    vm = t.vm()
    image(t, vm)
    make_initramfs(vm, t.kernel)
    hook = "etc/initramfs-tools/hooks/rig-fails"
    # With the driver in it, only: dpkg's own trigger of the vendor's package comes before that one is compiled.
    vm.container.write(hook, "#!/bin/sh\n[ \"$1\" != prereqs ] && ls /lib/modules/*/updates/dkms/mlx5_core.ko* || exit 0\n"
                       "exit 1\n", mode=0o755)
    words = bake_from_outside(t, vm, 14, "a hook of the image fails")
    t.contains(words, "exit 14 (operation unsuccessful): initramfs-failed: ", "the reason")
    t.contains(words, "rig-fails failed with return 1", "the tool's words")
    t.check(not vm.container.path(MARKER).exists(), "no marker: the image is not baked")
    t.equal(in_initramfs(vm, t.kernel), ["kernel"], "boots begin with the kernel's own driver, as before")

    vm.container.path(hook).unlink()
    bake_from_outside(t, vm, 0, "once more")
    baked(t, vm, t.kernel)
    t.equal(in_initramfs(vm, t.kernel), ["updates"], "boots begin with the baked driver")
    left = [p.name for p in vm.container.path("boot").glob("initr*")]
    t.equal(left, [f"initrd.img-{t.kernel}"], "nothing is left beside")
    before = identity(vm, t.kernel)
    words = bake_from_outside(t, vm, 0, "a second time")
    t.contains(words, "by an earlier bake: it stays", "there is nothing to be made anew")
    t.equal(identity(vm, t.kernel), before, "it is the same file")
    t.check(vm.container.path(MARKER).exists(), "and the marker is there")

    vm.container.run("ofed-init", "uninstall", log="uninstall.log")
    t.equal(modules_of(vm, t.kernel), [], "the driver is gone")
    t.equal(in_initramfs(vm, t.kernel), ["kernel"], "boots begin with the kernel's own again")


@scenario(BOOKWORM, layer="bake")
def bake_prefetch_only(t):
    """Only what is to be downloaded; clean keeps it, and the first boot asks nobody for it."""
    vm = t.vm()
    source = Source(t, vm)
    vm.container.write(CONFIG, stanza(source.http_url, source.sha256))
    before = vm.packages()
    vm.container.run("ofed-init", "bake", "--prefetch-only", log="bake.log")
    t.equal(vm.packages(), before, "nothing is installed")
    t.equal(len(vm.imds.requests), 1, "the artefact is fetched once")
    vm.container.run("ofed-init", "clean")
    vm.user_data(user_data.with_script("#cloud-config\n" + user_data.WORKLOADS))
    boot = vm.boot(420)
    expect.ended(t, boot, 0, expect.INSTALLED)
    t.equal(len([r for r in vm.imds.requests if r.startswith("/files/")]), 1, "and never again")
    t.check(not vm.container.path("var/lib/ofed-init/prefetched").exists(), "what was fetched is used up")
