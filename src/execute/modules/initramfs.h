/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a boot begins with, and which modules are in it. It holds copies of them, as they
 * were when it was made.
 */
#ifndef OI_EXECUTE_MODULES_INITRAMFS_H
#define OI_EXECUTE_MODULES_INITRAMFS_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "sys/host.h"

/** oi_initramfs_path() - a kernel's, by the distributions' names; NULL: none; owned by the caller */
char *oi_initramfs_path(const struct oi_host *host, const char *kernel);

/**
 * oi_initramfs_renew() - have the distribution's tool make it anew, with the modules that are in place
 * @elsewhere: it is for machines unlike this one
 * Whoever is killed meanwhile leaves the old one whole. Where none is there, or nobody who makes
 * one, nothing is done, and the log says so.
 * Return: 0, or -1 with OI_R_INITRAMFS, OI_R_CHILD_TIMEOUT.
 */
OI_MUST_CHECK
int oi_initramfs_renew(const struct oi_host *host, const char *kernel, bool elsewhere,
		       struct oi_err *err);

#endif
