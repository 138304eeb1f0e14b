// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Becomes a file called ib_umad.ko that is not the kernel's own: what an updated driver leaves on
 * disk while the old one is still loaded. A module with a version has a source version too, which
 * those of Debian's kernel have not.
 */
#include <linux/module.h>

MODULE_DESCRIPTION("another build of ib_umad, that does nothing");
MODULE_VERSION("2.0");
MODULE_LICENSE("GPL");
