# SPDX-License-Identifier: GPL-2.0-or-later
"""What is tried on AlmaLinux by dnf and on SLES by zypper: the common moods, and the way back."""
import moods

ARGUMENTS = {"alma": ["--distro", "rhel9.8"], "sles": []}  # AlmaLinux takes RHEL's bundle
HEADERS = {"alma": ("kernel-devel", "5.14.0"), "sles": ("kernel-azure-devel", "6.4.0")}


def well(t, run):
    """What a container cannot show is left open; no module is loaded that could be compared."""
    t.check((run.exit_code == 0 and run.reason in ("installed", "installed-unproven")) or
            run.reason == "module-stale", "ends well, as far as a container can tell",
            f"{run.exit_code} {run.reason}\n{run.tail}")


def good(t, vm):
    vm.selinux()
    run = vm.run(vm.bundle())
    well(t, run)
    moods.installer(t, run, *ARGUMENTS[vm.family], lean=[])
    have = vm.machine.packages()
    name, version = HEADERS[vm.family]
    for wanted in (name, "gcc", "perl", "rpm-build", "mlnx-ofa_kernel", "ofed-scripts"):
        t.check(wanted in have, f"{wanted} is installed", run.tail)
    t.equal(have.get(name), version, "headers of the running kernel")
    t.contains(run.log, "/extra/mlnx-ofa_kernel/mlx5_core.ko", "modules are found as files")
    labelled = run.rig("restorecon").splitlines()
    t.check("/etc/security/limits.d/90-ofed-init.conf" in labelled, "what is written is labelled", labelled)
    t.check(f"-R /lib/modules/{vm.kernel}/extra" in labelled, "modules are labelled", labelled)


def no_selinux(t, vm):
    """restorecon is there, and no SELinux: it is left alone."""
    vm.selinux()
    vm.path("srv/azure/sys/fs/selinux/enforce").unlink()
    run = vm.run(vm.bundle())
    well(t, run)
    t.equal(run.rig("restorecon"), "", "nothing is labelled")


def other_kernel(t, vm):
    run = vm.run(vm.bundle(kernels=["4.18.0-1.el8.x86_64"]))
    well(t, run)
    moods.installer(t, run, *ARGUMENTS[vm.family], "--add-kernel-support", "--skip-repo", "--kernel",
                    vm.kernel, lean=[])


def exact_headers(t, vm):
    """The archive has newer and older ones: those of the running kernel, by its rebuild's number."""
    run = vm.run(vm.bundle())
    well(t, run)
    _, text = vm.machine.inside("rpm", "-q", HEADERS[vm.family][0])
    wanted = "kernel-azure-devel-6.4.0-150700.53.3.1.x86_64" if vm.family == "sles" else \
        f"kernel-devel-{vm.kernel}"
    t.equal(text.split(), [wanted], "the headers that were chosen")


def no_headers(t, vm):
    had, files = vm.machine.packages(), vm.machine.files()
    run = vm.run(vm.bundle())
    moods.failed(t, run, "headers-missing", HEADERS[vm.family][0])
    t.equal(run.rig("arguments"), "", "the installer was not called")
    t.equal(vm.machine.packages(), had, "no package was changed")
    after = vm.machine.files()
    t.equal(sorted(k for k in after if files.get(k) != after[k]), [], "no file was changed")


def wrong_distro(t, vm):
    run = vm.run(vm.bundle(distro="rhel8.1"))
    moods.failed(t, run, "bundle-wrong-distro", "it is for rhel8.1")
    t.equal(run.rig("arguments"), "", "the installer was not called")


def undone(t, vm, had, files):
    code, text = vm.machine.inside("ofed-init", "uninstall")
    t.equal(code, 0, "uninstall ends well")
    t.equal(vm.read("var/rig/uninstalled"), "--force\n", "by the bundle's own uninstaller")
    t.equal(vm.machine.packages(), had, "rpm's database is as before, keys included")
    after = vm.machine.files()
    t.equal(sorted(k for k in {**files, **after} if files.get(k, b"") != after.get(k, b"")), [],
            "every file is as before, repositories and excludes too: " + text[-2000:])
    t.check(not vm.path("var/lib/dkms").exists(), "dkms knows nothing of it")
    t.equal([p.name for p in vm.path("var/lib/ofed-init").iterdir()], [], "no state is left")


def uninstall(t, vm):
    had, files = vm.machine.packages(), vm.machine.files()
    run = vm.run(vm.bundle())
    well(t, run)
    t.check(vm.path(vm.machine.base_repo).with_name("mlnx_ofed.repo").exists(), "it has left a repository")
    undone(t, vm, had, files)


def uninstall_restores(t, vm):
    """The installer has thrown out the distribution's libraries: they come back from the repository."""
    # the administrator's dnf.conf excludes rdma-core, and uninstall respects that
    install = {"alma": ("dnf", "-q", "-y", "install"),
               "sles": ("zypper", "-q", "-n", "install", "rdma-core")}[vm.family]
    code, text = vm.machine.inside(*install, "libibverbs")
    t.equal(code, 0, "they are there first: " + text[-500:])
    had, files = vm.machine.packages(), vm.machine.files()
    run = vm.run(vm.bundle())
    well(t, run)
    t.equal(vm.machine.packages().get("libibverbs"), "58", "libibverbs is the bundle's")
    undone(t, vm, had, files)


def killed_late(t, vm):
    """The power goes when all is installed, and nothing was written down after it."""
    had, files = vm.machine.packages(), vm.machine.files()
    run = vm.run(vm.bundle(mood="killed-late"), clean=False)
    t.equal(run.exit_code, 137, "it was killed")
    t.check("ofed-scripts" in vm.machine.packages(), "the bundle's packages are there")
    undone(t, vm, had, files)


ON_BOTH = [good, exact_headers, no_headers, uninstall, uninstall_restores, moods.removal_prompt, moods.unsupported_device,
           moods.no_kernel_devel, moods.silence]
ON_ONE = [no_selinux, other_kernel, wrong_distro, killed_late, moods.says_done_and_did_nothing]
ALL = [(f"{family}_{mood.__name__}", family, mood) for family in ("alma", "sles") for mood in ON_BOTH] + \
    [(f"alma_{mood.__name__}", "alma", mood) for mood in ON_ONE]
