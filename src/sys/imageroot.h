/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The root of an image that is being built: entered, with what package scripts need around it. */
#ifndef OI_SYS_IMAGEROOT_H
#define OI_SYS_IMAGEROOT_H

#include "base/attr.h"
#include "base/err.h"

/**
 * oi_imageroot_enter() - from here on "/" is @folder, for us and for every child
 * @folder: the image's root, mounted or a plain folder
 *
 * In a mount namespace of our own: /proc, /sys and /dev are the machine's, /run is
 * empty, and names are resolved as the machine does. Nothing of it is seen outside or
 * stays behind, however we end: it all goes with the last process in the namespace.
 * There is no way back.
 * Return: 0, or -1 with OI_R_USAGE when it is no root of a system, OI_R_CHILD_FAILED.
 */
OI_MUST_CHECK
int oi_imageroot_enter(const char *folder, struct oi_err *err);

#endif
