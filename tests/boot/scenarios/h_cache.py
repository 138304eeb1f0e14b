# SPDX-License-Identifier: GPL-2.0-or-later
"""Modules that one machine has compiled, on the next one: real dkms, real headers, a real folder."""
import json
import shutil

import expect
import user_data
from rig import vendor
from scenarios import BOOKWORM, BOTH, scenario
from scenarios.b_doca import Source, doca_installed, stanza

CACHE = "srv/modules"
PUBLISH = f"  modules_cache: {{url: /{CACHE}, publish: true}}\n"
USE = f"  modules_cache: {{url: /{CACHE}}}\n"


def bare(t, vm):
    """An image with neither compiler nor headers."""
    vm.container.run("apt-get", "-q", "-y", "--autoremove", "purge", "gcc", "make", "linux-headers-amd64",
                     f"linux-headers-{t.kernel}")


def start(t, vm, more):
    source = Source(t, vm)
    vm.user_data(user_data.with_script(
        user_data.plain(stanza(source.file_url, source.sha256) + more, user_data.WORKLOADS)))
    return source


def another(t, name, cache, source):
    """A machine with the same artefact and a copy of the cache, but no compiler."""
    vm = t.vm(beside=name)
    bare(t, vm)
    if cache:
        shutil.copytree(cache, vm.container.path(CACHE))
    source.lay_into(vm)
    vm.user_data(user_data.with_script(
        user_data.plain(stanza(source.file_url, source.sha256) + USE, user_data.WORKLOADS)))
    return vm


def compiled(vm, boot, kernel):
    """The modules that are in place, and whether this machine has a compiler by now."""
    folder = vm.container.path(f"usr/lib/modules/{kernel}/updates/dkms")
    return sorted(p.name.split(".")[0] for p in folder.glob("*.ko*")), boot.installed("gcc")


def hit(t, vm, boot):
    expect.ended(t, boot, 0, expect.INSTALLED)
    expect.clean_boot(t, boot)
    expect.before_runcmd(t, boot)
    modules, compiler = compiled(vm, boot, t.kernel)
    t.equal(modules, sorted(vendor.MODULES), "the modules are in place")
    t.check(not compiler, "no compiler was installed")
    for package in ("dkms", "mlnx-ofed-kernel-dkms", f"linux-headers-{t.kernel}"):
        t.check(not boot.installed(package), f"{package} was not installed")
    for package in ("doca-ofed", "mlnx-ofed-kernel-utils", f"ofed-init-modules-{t.kernel}"):
        t.check(boot.installed(package), f"{package} is installed", boot.packages)
    dep = vm.container.path(f"usr/lib/modules/{t.kernel}/modules.dep").read_text()
    t.contains(dep, "updates/dkms/mlx5_core.ko", "depmod has seen them")
    t.contains(boot.status_log, "nothing has to be compiled", "the log says where they are from")


def missed(t, vm, boot, why):
    """Compiled after all, and the log says why."""
    expect.ended(t, boot, 0, expect.INSTALLED)
    expect.clean_boot(t, boot)
    modules, compiler = compiled(vm, boot, t.kernel)
    t.equal(modules, sorted(vendor.MODULES), "the modules are in place")
    t.check(compiler and boot.installed("mlnx-ofed-kernel-dkms"), "they were compiled here")
    t.contains(boot.status_log, "compiled here", "the log says so")
    t.contains(boot.status_log, why, "and why")


@scenario(BOTH, layer="cache")
def cache(t):
    """Compiled and published by a first machine; a second one without compiler only takes them."""
    vm = t.vm()
    source = start(t, vm, PUBLISH)
    boot = vm.boot(420)
    doca_installed(t, vm, boot)
    folder = vm.container.path(CACHE)
    names = sorted(p.name for p in folder.iterdir())
    t.equal(len(names), 2, "two files are published, nothing half-made")
    pointer = json.loads(next(folder.glob("*.json")).read_text())
    t.check((folder / pointer["package"]).stat().st_size == pointer["bytes"], "the pointer fits")
    t.contains(pointer["key"], f"doca-ofed_any_{t.kernel}_x86_64_debian-", "the key says for what")

    second = another(t, "second", folder, source)
    before = second.packages()
    boot = second.boot(420)
    hit(t, second, boot)
    again = second.boot()
    t.contains(again.last_line, ": unchanged: ", "second boot: nothing has changed")
    t.equal(again.dpkg_runs(), [], "second boot: dpkg was not run")
    second.container.run("ofed-init", "uninstall")
    after = second.packages()
    t.check(after.pop("hello", None), "what the user asked for stays")
    t.equal(after, before, "uninstall leaves the packages of before")
    t.equal(compiled(second, again, t.kernel)[0], [], "and none of the modules")

    # Others write into the cache too, and disks rot: what is not right is not used.
    package = folder / pointer["package"]
    good = package.read_bytes()
    package.write_bytes(good[:-100] + bytes(100))
    third = another(t, "third", folder, source)
    missed(t, third, third.boot(420), "digest")


@scenario(BOOKWORM, layer="cache")
def cache_by_hand(t):
    """`bundle create` on a machine that has compiled; two at once, and the first one's stays."""
    vm = t.vm()
    source = start(t, vm, "")
    boot = vm.boot(420)
    doca_installed(t, vm, boot)
    vm.container.write("both", "#!/bin/sh\nfor n in 1 2; do\n"
                       f"ofed-init bundle create /{CACHE} --sysroot /srv/azure --imds {vm.imds.url} "
                       "--config /stanza >/out.$n 2>&1; echo $? >>/out.$n\ndone\n", mode=0o755)
    vm.container.write("stanza", stanza(source.file_url, source.sha256))
    vm.container.run("/both")
    first, second = ((vm.container.path(f"out.{n}")).read_text() for n in (1, 2))
    t.contains(first, "8 modules, sha256", "the first one packs")
    t.contains(second, "there already", "the second one leaves it alone")
    t.equal((first.splitlines()[-1], second.splitlines()[-1]), ("0", "0"), "both end with 0")
    other = another(t, "other", vm.container.path(CACHE), source)
    hit(t, other, other.boot(420))


@scenario(BOOKWORM, layer="cache")
def cache_unfit(t):
    """Pointers that lie: of another kernel, cut short, to a file elsewhere; and none at all."""
    vm = t.vm()
    source = start(t, vm, PUBLISH)
    doca_installed(t, vm, vm.boot(420))
    folder = vm.container.path(CACHE)
    name = next(folder.glob("*.json")).name
    text = (folder / name).read_text()
    for case, lie, why in (
            ("key", text.replace(t.kernel, "5.4.0-1-generic"), "for other modules"),
            ("cut", text[:40], "pointer"),
            ("path", text.replace('"package": "', '"package": "../'), "malformed"),
            ("none", None, "none for this machine")):
        if lie is None:
            (folder / name).unlink()
        else:
            (folder / name).write_text(lie)
        other = another(t, case, folder, source)
        missed(t, other, other.boot(420), why)
