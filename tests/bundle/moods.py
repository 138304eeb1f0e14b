# SPDX-License-Identifier: GPL-2.0-or-later
"""What is tried, each on a machine of its own: a bundle, and how the run has to end."""
from bundles import Archive, Bundle

UBUNTU = "ID=ubuntu\nID_LIKE=debian\nVERSION_ID=\"20.04\"\nPRETTY_NAME=\"Ubuntu 20.04\"\n"
ALMA = "ID=almalinux\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"8.7\"\nPRETTY_NAME=\"AlmaLinux 8.7\"\n"
SAFE = ["--force", "--without-fw-update"]
# Of Debian packages those whose modules the fabric does not need.
LEAN = [f"--without-{name}-dkms" for name in ("iser", "isert", "srp", "mlnx-nvme", "mlnx-nfsrdma", "knem", "xpmem",
                                              "kernel-mft")]


def well(t, run):
    """An end as it should be; what is left open is what a container cannot show."""
    t.equal(run.exit_code, 0, "exit code")
    t.check(run.reason in ("installed", "installed-unproven"), "reason", run.reason + "\n" + run.tail)


def installer(t, run, *more, lean=LEAN):
    """What the installer was told, beside the folder for its own use."""
    told = run.rig("arguments").splitlines()
    at = told.index("--tmpdir") if "--tmpdir" in told else -1
    t.check(at >= 0 and told[at + 1].startswith("/var/lib/ofed-init/ofed-init-bundle."),
            "its files go into the scratch space", told)
    t.equal(told[:at] + told[at + 2:], [*SAFE, *lean, *more], "arguments")
    t.equal(run.rig("firmware"), "", "no firmware was written")
    t.equal(run.rig("asked"), "", "nothing was asked")


def failed(t, run, reason, *words):
    t.equal(run.exit_code, 14, "exit code")
    t.equal(run.reason, reason, "reason")
    for word in words:
        t.contains(run.log, word, f"the log has {word!r}")


def good(t, vm):
    run = vm.run(Bundle(vm.files))
    well(t, run)
    installer(t, run)
    t.check(vm.path(f"usr/lib/modules/{vm.kernel}/updates/dkms/mlx5_core.ko").exists(), "a module is there")
    t.contains(run.log, "mlnxofedinstall: Installation passed successfully", "its words are in the log")
    t.contains(vm.path("etc/infiniband/openib.conf").read_text(), "IPOIB_LOAD=yes", "openibd's settings")
    # Repeated: the record is there and nothing is installed twice.
    vm.path("var/rig/arguments").unlink()
    t.equal(vm.again().reason, "unchanged", "a second run has nothing to do")
    t.equal(run.rig("arguments"), "", "nor does it call the installer")


def good_iso(t, vm):
    run = vm.run(Bundle(vm.files, packing="iso"))
    well(t, run)
    installer(t, run)
    mounted = "bundle: mounted read-only, in a namespace of its own" in run.log
    t.check(mounted or "bundle: unpacked, as it cannot be mounted here" in run.log,
            "mounted, or unpacked and said why", run.log[-1500:])
    if mounted:
        for option in ("iso9660", "ro", "nosuid", "nodev"):
            t.contains(run.rig("carrier"), option, f"the image's mount: {option}")
        t.check("ofed-init-bundle" not in run.rig("mounts"), "nothing is mounted afterwards",
                run.rig("mounts"))


def kernel_supported(t, vm):
    run = vm.run(Bundle(vm.files, kind="RPMS", kernels=["4.18.0-1.el8.x86_64", vm.kernel]))
    well(t, run)
    installer(t, run)


def kernel_not_supported(t, vm):
    run = vm.run(Bundle(vm.files, kind="RPMS", kernels=["4.18.0-1.el8.x86_64"]))
    well(t, run)
    installer(t, run, "--add-kernel-support", "--skip-repo", "--kernel", vm.kernel)
    t.contains(run.log, "/extra/mlnx-ofa_kernel/mlx5_core.ko", "modules are found as files")


def almalinux(t, vm):
    vm.os_release = ALMA
    run = vm.run(Bundle(vm.files, distro="rhel8.7", kind="RPMS", kernels=[vm.kernel],
                        needs_distro=True))
    well(t, run)
    installer(t, run, "--distro", "rhel8.7")  # though its packages are Debian's: apt is what the test has


def removal_prompt(t, vm):
    run = vm.run(vm.bundle(mood="removal-prompt"))
    failed(t, run, "bundle-install-failed", "Do you want to continue?", "the general log was written")
    t.equal(run.rig("asked"), "asked\n", "it did ask")


def unsupported_device(t, vm):
    run = vm.run(vm.bundle(mood="unsupported-device"))
    failed(t, run, "bundle-device-unsupported", "ERROR: Detected unsupported device")


def no_kernel_devel(t, vm):
    run = vm.run(vm.bundle(mood="no-kernel-devel"))
    failed(t, run, "headers-missing", "is required to build the drivers")


def dkms_fails(t, vm):
    run = vm.run(Bundle(vm.files, mood="dkms"))
    failed(t, run, "dkms-failed", "mlnxofedinstall: | Bad return status for module build")


def says_done_and_did_nothing(t, vm):
    run = vm.run(vm.bundle(mood="nothing"))
    failed(t, run, "modules-missing", "no ib_core below /lib/modules/")


def silence(t, vm):
    run = vm.run(vm.bundle(mood="silence"), more="  timeout_seconds: 15\n")
    failed(t, run, "deadline", "the general log was written")
    t.check(run.rig("silent"), "it had begun")
    t.equal(run.rig("left"), "", "nothing of it is left running")


def flood(t, vm):
    run = vm.run(Bundle(vm.files, mood="flood"))
    well(t, run)
    t.contains(run.log, "prints more than 3000 lines", "the log says that it is cut")
    t.check(len(run.log) < 8 << 20, "the log is not flooded", len(run.log))


def killed(t, vm):
    bundle = Bundle(vm.files, mood="killed")
    run = vm.run(bundle, clean=False)
    t.equal(run.exit_code, 137, "it was killed")
    t.equal(len(vm.scratch()), 1, "what it unpacked is still there")
    run = vm.run(Bundle(vm.files / "next"))
    well(t, run)


def wrong_distro(t, vm):
    run = vm.run(Bundle(vm.files, distro="ubuntu22.04"))
    failed(t, run, "bundle-wrong-distro", "it is for ubuntu22.04, and this is ubuntu20.04")
    t.equal(run.rig("arguments"), "", "the installer was not called")


def broken_layout(t, vm):
    for part in ("mlnxofedinstall", ".mlnx", "distro", "DEBS"):
        run = vm.run(Bundle(vm.files / part, leave_out=[part]))
        failed(t, run, "bundle-malformed", part)
        t.equal(run.rig("arguments"), "", "the installer was not called")


def climbs_out(t, vm):
    run = vm.run(Archive(vm.files, [("MLNX/a", b"x"), ("MLNX/../../../../climbed", b"evil")]))
    failed(t, run, "archive-unsafe", "leads out of the folder")
    t.equal([str(p) for p in vm.root.rglob("climbed")], [], "nothing came out")


def bomb(t, vm):
    run = vm.run(Archive(vm.files, [("MLNX/zeros", 256 << 20)]))
    failed(t, run, "archive-too-large", "no driver shrinks like that")


def wrong_digest(t, vm):
    run = vm.run(Bundle(vm.files), sha256="0" * 64)
    failed(t, run, "digest-mismatch")
    t.equal(run.rig("arguments"), "", "the installer was not called")


def uninstall(t, vm):
    """Packages of the bundle's, one in the place of the distribution's, a registration, a pin."""
    vm.serve("rig-lib", "1")
    vm.machine.run("apt-get", "-qq", "update", log="apt.log")
    vm.machine.run("apt-get", "-qq", "-y", "install", "rig-lib", log="apt.log")
    vm.machine.run("depmod", vm.kernel)
    had, files = vm.packages(), vm.files_now()
    run = vm.run(vm.bundle(fill=vm.debs))
    well(t, run)
    t.equal(vm.packages().get("rig-lib"), "2", "the bundle's library is in the place of the old one")
    noted = vm.read("var/lib/ofed-init/installed.json")
    for word in ('"ofed-scripts 5.8"', '"rig-lib 1 2"', '"knem"'):
        t.contains(noted, word, f"the record has {word}")
    undone(t, vm, had, files)


def undone(t, vm, had, files):
    vm.machine.run("sh", "-c", "ofed-init uninstall >/var/rig/output 2>&1; echo $? >/var/rig/exit",
                   log="inside.log", check=False)
    said = vm.read("var/rig/output")
    t.equal(vm.read("var/rig/exit"), "0\n", "uninstall ends well: " + said[-1500:])
    t.equal(vm.read("var/rig/uninstalled"), "--force\n", "by the bundle's own uninstaller")
    t.equal(vm.packages(), had, "every package is as it was")
    after = vm.files_now()
    t.equal(sorted(k for k in {**files, **after} if files.get(k, b"") != after.get(k, b"")), [],
            "every file is as it was: " + said[-3000:])
    t.check(not vm.path("var/lib/dkms/knem").exists(), "dkms knows nothing of it")
    t.equal([p.name for p in vm.path("var/lib/ofed-init").iterdir()], [], "no state is left")


ALL = [uninstall, good, good_iso, kernel_supported, kernel_not_supported, almalinux, removal_prompt,
       unsupported_device, no_kernel_devel, dkms_fails, says_done_and_did_nothing, silence, flood,
       killed, wrong_distro, broken_layout, climbs_out, bomb, wrong_digest]
