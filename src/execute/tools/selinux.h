/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Labels of files that were written, where SELinux is on. */
#ifndef OI_EXECUTE_TOOLS_SELINUX_H
#define OI_EXECUTE_TOOLS_SELINUX_H

#include "sys/host.h"

/**
 * oi_selinux_restore() - give @path the label that the policy has for it
 * @below: everything in it too
 *
 * A file that is written beside its place and renamed has the label of its folder,
 * which is the right one in nearly every folder; restorecon knows the others. Nothing
 * is done without SELinux, without restorecon, and in a tree that is no running
 * machine's, whose labels are set at its first boot. What fails is warned of: the
 * file itself is right.
 * Source: selinuxfs is at /sys/fs/selinux when the kernel has a policy; restorecon(8)
 */
void oi_selinux_restore(const struct oi_host *host, const char *path, bool below);

#endif
