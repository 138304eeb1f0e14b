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
