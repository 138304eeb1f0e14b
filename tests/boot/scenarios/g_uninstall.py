# SPDX-License-Identifier: GPL-2.0-or-later
"""Back to what the machine was: every file, package, dkms module and apt policy is compared."""
import hashlib
import json
import os
import stat

import expect
import user_data
from rig import vendor
from rig.deb import deb
from scenarios import BOOKWORM, BOTH, scenario
from scenarios.a_inbox import STANZA, installed
from scenarios.b_doca import Source, doca_installed, stanza
from trial import SYSROOT

# What a boot, the rig or a package manager writes by itself, whatever is installed.
NOT_COMPARED = (
    "dev", "proc", "run", "sys", "tmp", "var/tmp", "srv", "root", "var/rig", SYSROOT.lstrip("/"),
    "var/log",  # the logs stay
    "var/cache",  # apt's downloads, ldconfig's and debconf's
    "var/lib/cloud",  # each boot is another instance
    "var/lib/systemd",  # random seed, timers
    "var/lib/dpkg",  # compared as packages
    "var/lib/apt/lists",  # compared as names, since the archive moves on
    "var/lib/apt/extended_states", "var/lib/apt/periodic", "var/lib/apt/daily_lock",
    "etc/machine-id", "etc/ssh", "etc/hosts", "etc/hostname", "var/lib/dbus/machine-id",
    "etc/cloud/cloud.cfg.d/99-rig.cfg", "var/lib/ucf", "etc/ld.so.cache",
    "var/lib/dhcp", "etc/sudoers.d/90-cloud-init-users",  # a line an instance
    "etc/group", "etc/group-", "etc/gshadow", "etc/gshadow-",  # compared as groups
)
# depmod and the initramfs tools write them anew, in another order; the packages' triggers do that.
ONLY_THERE = ("usr/lib/modules", "boot")


def is_below(path, folders):
    return any(path == folder or path.startswith(folder + "/") for folder in folders)


def one_file(path, name):
    seen = os.lstat(path)
    what = [stat.filemode(seen.st_mode), seen.st_uid, seen.st_gid]
    if stat.S_ISLNK(seen.st_mode):
        what.append(os.readlink(path))
    elif stat.S_ISREG(seen.st_mode) and not (is_below(name, ONLY_THERE) and "/modules." in name):
        with open(path, "rb") as stream:
            what.append(hashlib.sha256(stream.read()).hexdigest())
    return what


def files_of(vm):
    """Path -> kind, owner and content of every file of the machine."""
    top = vm.container.root
    found = {}
    for folder, folders, names in os.walk(top):
        here = os.path.relpath(folder, top)
        here = "" if here == "." else here + "/"
        folders[:] = [f for f in folders if not is_below(here + f, NOT_COMPARED)]
        for name in names + folders:
            if not is_below(here + name, NOT_COMPARED):
                found[here + name] = one_file(os.path.join(folder, name), here + name)
    return found


def said(vm, *argv):
    """What a program says in the machine."""
    out = vm.container.path("var/rig/said")
    vm.container.run("sh", "-c", '"$@" >/var/rig/said 2>&1 || true', "sh", *argv)
    return out.read_text(errors="replace").splitlines()


def state_of(vm):
    return {
        "files": files_of(vm),
        "packages": sorted(said(vm, "dpkg-query", "-W", "-f",
                                "${db:Status-Abbrev} ${Package} ${Version} ${Architecture}\\n")),
        "alternatives": said(vm, "update-alternatives", "--get-selections"),
        "dkms": sorted(said(vm, "sh", "-c", "! command -v dkms || dkms status")),
        # rdma-core makes the group rdma; a group that a package has made stays, by Debian's custom.
        "groups": [line for line in vm.container.path("etc/group").read_text().splitlines()
                   if not line.startswith("rdma:")],
        "lists": sorted(os.listdir(vm.container.path("var/lib/apt/lists"))),
        "policy": said(vm, "apt-cache", "policy"),
        "policy of packages": said(vm, "apt-cache", "policy", "dkms", "rdma-core", "doca-ofed"),
    }


def compare(t, before, after):
    for what, earlier in before.items():
        later = after[what]
        if what == "files":
            gone = sorted(set(earlier) - set(later))
            new = sorted(set(later) - set(earlier))
            other = [f"{name}: {earlier[name]} -> {later[name]}" for name in sorted(earlier)
                     if name in later and earlier[name] != later[name]]
            t.check(not (gone or new or other), "after uninstall: every file is as before",
                    "\n".join([f"gone: {g}" for g in gone] + [f"new: {n}" for n in new] + other))
        else:
            later_text, earlier_text = "\n".join(later), "\n".join(earlier)
            t.check(later_text == earlier_text, f"after uninstall: {what} as before",
                    "\n".join(sorted(set(later) ^ set(earlier))))


def first_boot(vm):
    """The machine as it is without a stanza, cloud-init's own traces included."""
    vm.user_data("#cloud-config\n" + user_data.ONLY_RUNCMD)
    vm.boot()
    vm.container.run("apt-get", "-q", "update")  # apt forgets lists only then
    return state_of(vm)


def boot_that_uninstalls(vm, script, instance_id):
    """A boot without a stanza, whose runcmd does the work; each step leaves its exit status."""
    vm.container.write("usr/local/bin/rig-uninstall", "#!/bin/sh\n" + script, mode=0o755)
    vm.user_data("#cloud-config\nruncmd:\n  - [rig-uninstall]\n", instance_id)
    boot = vm.boot()
    vm.container.path("usr/local/bin/rig-uninstall").unlink()
    return boot


def exits(boot):
    return boot.text("exits").split()


UNINSTALL = "ofed-init uninstall; echo $? >>/var/rig/out/exits\n"
LIMITS = "etc/security/limits.d/90-ofed-init.conf"
RULES = "etc/udev/rules.d/60-rdma-persistent-naming.rules"


@scenario(BOTH)
def uninstall_inbox(t):
    """With a file of the user's in the way, one changed since, and a package that needs ours."""
    vm = t.vm()
    work = t.work_beside("needs")
    work.mkdir()
    deb(work, work / "needs.deb", "needs-rdma", "1", depends="rdma-core")
    vm.container.copy(work / "needs.deb", "srv/needs.deb")
    vm.container.write(RULES, "# the user's own\n", mode=0o640)
    before = first_boot(vm)
    vm.user_data(user_data.plain(STANZA), "i-second")
    boot = vm.boot()
    installed(t, boot)
    t.equal(vm.container.path(RULES).read_text(), "# the user's own\n", "the user's rule stays")
    t.contains(boot.status_log, f"/{RULES}: not written", "and the log says so")
    record = json.loads(vm.container.path("var/lib/ofed-init/installed.json").read_text())
    t.check(any(p.startswith("rdma-core ") for p in record["packages"]), "rdma-core is in the record",
            record)

    vm.container.run("dpkg", "--install", "/srv/needs.deb")
    refused = boot_that_uninstalls(vm, UNINSTALL, "i-third")
    t.equal(exits(refused), ["14"], "with a package that needs rdma-core: exit 14")
    t.contains(refused.last_line, "removal-takes-others", "the log says why")
    t.contains(refused.last_line, "needs-rdma", "and names the package")
    t.check(refused.installed("rdma-core"), "nothing was removed")
    t.equal(refused.result.get("exit_code"), 0, "and the installation's own word stands")
    t.check(vm.container.path(LIMITS).exists(), "no file was touched")

    vm.container.run("dpkg", "--purge", "needs-rdma")
    with open(vm.container.path(LIMITS), "a") as stream:
        stream.write("# changed by hand\n")
    done = boot_that_uninstalls(vm, UNINSTALL * 2, "i-fourth")
    t.equal(exits(done), ["0", "0"], "uninstall and once more: exit 0")
    t.contains(done.status_log, "uninstalled", "the log says that it is uninstalled")
    t.contains(done.last_line, "nothing-installed", "the second one finds nothing to do")
    t.check(not vm.container.path("var/lib/ofed-init/result.json").exists(), "nobody says installed any more")
    t.contains(done.status_log, f"/{LIMITS}: changed since ofed-init wrote it: left",
               "the changed file is left, and the log says so")
    t.check(vm.container.path(LIMITS).exists(), "the changed file is there")
    vm.container.path(LIMITS).unlink()
    expect.clean_boot(t, done)
    vm.container.run("apt-get", "-q", "update")
    compare(t, before, state_of(vm))


def library_of_the_image(t, vm):
    """A package that the vendor has a newer version of, and an archive that has it still."""
    work = t.work_beside("library")
    work.mkdir()
    archive = vm.container.path("srv/rig-archive")
    archive.mkdir(parents=True)
    deb(work, archive / "rig-lib_1.deb", "rig-lib", "1")
    (archive / "Packages").write_bytes(vendor.ftparchive("packages", archive))
    vm.container.write("etc/apt/sources.list.d/rig.list", "deb [trusted=yes] file:/srv/rig-archive ./\n")
    vm.container.run("dpkg", "--install", "/srv/rig-archive/rig-lib_1.deb")


RELEASE = ("stack\tversion\tofed_version\tdistro_id\tdistro_version\tarch\tnic_generations\turl\tsha256\t"
           "kind\tstatus\ndoca-ofed\t9.9.9\t25.10\tdebian\t{version}\tx86_64\tcx6\t"
           "https://vendor.test/doca/9.9.9/\t-\tapt-repo\tcurrent\n")
ADDRESS = """infiniband:
  driver: doca-ofed
  version: "9.9.9"
  timeout_seconds: 240
  verify: {wait_seconds: 5}
  source: {directory: /srv/doca-repo}
"""


@scenario(BOOKWORM)
def uninstall_address(t):
    """A repository that is an address and no package: refused by its key, added, used, and gone."""
    vm = t.vm()
    version = "12" if t.suite == "bookworm" else "13"
    vm.container.write("etc/ofed-init/catalog.d/80-rig.releases.tsv", RELEASE.format(version=version))
    source = Source(t, vm, verdict="refuse")
    for path in source.pool.iterdir():
        vm.container.copy(path, f"srv/doca-repo/{path.name}")
    before = first_boot(vm)
    vm.user_data(user_data.plain(ADDRESS), "i-second")
    boot = vm.boot()
    t.equal(boot.exit_code, 14, "with a key that the catalog refuses: exit 14")
    t.contains(boot.last_line, "repository-untrusted", "the log says why")
    t.check(not vm.container.path("etc/apt/sources.list.d/ofed-init-doca.list").exists(),
            "no source is left behind")

    keys = vm.container.path("etc/ofed-init/catalog.d/90-rig.signing-keys.tsv")
    keys.write_text(keys.read_text().replace("refuse", "accept"))
    vm.user_data(user_data.with_script(user_data.plain(ADDRESS, user_data.WORKLOADS)), "i-third")
    doca_installed(t, vm, vm.boot(420))
    t.contains(vm.container.path("etc/apt/sources.list.d/ofed-init-doca.list").read_text(),
               "signed-by=/etc/apt/keyrings/ofed-init-doca.asc", "the source names the accepted key")
    vm.container.run("apt-get", "-q", "-y", "purge", "hello")  # the user's, not ours
    keys.write_text(keys.read_text().replace("accept", "refuse"))
    done = boot_that_uninstalls(vm, UNINSTALL, "i-fourth")
    t.equal(exits(done), ["0"], "uninstall: exit 0")
    vm.container.run("apt-get", "-q", "update")
    compare(t, before, state_of(vm))


# Killed when dpkg is at work, as at a power cut or by an impatient administrator.
CUT_OFF = """rm -f /var/log/dpkg.log
ofed-init uninstall &
until grep -qs ' remove ' /var/log/dpkg.log; do sleep 0.02; done
kill -9 $!
wait $!
echo $? >>/var/rig/out/exits
"""


@scenario(BOTH)
def uninstall_doca(t):
    """After the vendor's stack; the first try is killed in the middle of the work."""
    vm = t.vm()
    source = Source(t, vm, "replaces")
    library_of_the_image(t, vm)
    before = first_boot(vm)
    vm.user_data(user_data.with_script(user_data.plain(stanza(source.file_url, source.sha256),
                                                       user_data.WORKLOADS)), "i-second")
    boot = vm.boot(420)
    doca_installed(t, vm, boot)
    t.equal(boot.packages.get("rig-lib"), "2", "a library of the image is replaced by the vendor's")
    vm.container.run("apt-get", "-q", "-y", "purge", "hello")  # the user's, not ours
    done = boot_that_uninstalls(vm, CUT_OFF + UNINSTALL, "i-third")
    t.equal(exits(done), ["137", "0"], "cut off, and then: exit 0")
    t.contains(done.last_line, "uninstalled", "the log says that it is uninstalled")
    t.check(not done.installed("doca-host") and not done.installed("doca-ofed"),
            "stack and repository are gone")
    expect.clean_boot(t, done)
    vm.container.run("apt-get", "-q", "update")
    compare(t, before, state_of(vm))
