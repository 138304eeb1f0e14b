# SPDX-License-Identifier: GPL-2.0-or-later
"""ISO 9660 images, the form in which old drivers are shipped, on a kernel that has isofs."""
from lab import BUNDLE
from trials import trial

IMAGE = "/srv/disk/bundle.iso"


@trial
def iso_mount(t, vm):
    """The kernel's own loop and isofs, without the program."""
    vm.sh(f"mkdir -p /run/iso; mount -o loop,ro {IMAGE} /run/iso")
    t.equal(vm.status("cat", "/run/iso/distro").output, BUNDLE["distro"], "a file of the image is read")
    t.contains(vm.sh("grep ' /run/iso ' /proc/mounts"), "iso9660", "through isofs")
    t.check(vm.status("touch", "/run/iso/new")[0] != 0, "and cannot be changed")
    vm.sh("umount /run/iso")
    t.equal(vm.sh("losetup -a"), "", "nothing is left behind")


@trial
def iso_bundle(t, vm):
    """A bundle is mounted by the program, its installer runs from the image, and nothing stays."""
    digest = vm.sh(f"sha256sum {IMAGE}").split()[0]
    vm.azure(stanza="infiniband: {driver: mlnx-ofed, verify: {wait_seconds: 60}, source:"
             f" {{url: 'file://{IMAGE}', sha256: {digest}}}}}\n")
    run = vm.run()
    # Copies of the kernel's own modules have no source version, but a build id: what is loaded is
    # the build that lies on the disk.
    t.equal((run.status, run.reason), (0, "installed"), "exit 0, and why")
    t.equal([c for c in run.checks if run.proof(c) != "pass"], [], "what was not verified")
    t.contains(run.log, "bundle: mounted read-only, in a namespace of its own", "it was mounted")
    called = vm.status("cat", "/run/installer").output
    t.contains(called, "iso9660", "the installer ran from the image itself")
    t.contains(called, "--without-fw-update", "it was told not to write firmware")
    t.contains(called, "--force", "and not to ask")
    t.lacks(vm.sh("cat /proc/mounts"), "iso9660", "nothing is mounted afterwards")
    t.equal(vm.sh("losetup -a"), "", "no loop device is left")
    t.equal(vm.sh("ls /var/lib/ofed-init | grep bundle || true"), "", "no scratch folder is left")
    t.equal(vm.status("systemctl", "is-active", "openibd").output.strip(), "active", "openibd runs")
