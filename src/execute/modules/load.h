/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Modules into the running kernel. */
#ifndef OI_EXECUTE_MODULES_LOAD_H
#define OI_EXECUTE_MODULES_LOAD_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "sys/host.h"

/** oi_module_why_not_loaded() - why no module for @kernel is loaded here, or NULL; owned by the caller; @kernel: NULL: unknown */
char *oi_module_why_not_loaded(const struct oi_host *host, const char *kernel);

/**
 * oi_module_load() - modprobe
 * @needed: a kernel without it is an error; else a warning
 * Return: 0, or -1 with OI_R_MODULES_MISSING, OI_R_MODULE_LOAD, OI_R_CHILD_*.
 */
OI_MUST_CHECK
int oi_module_load(const struct oi_host *host, const char *name, bool needed, struct oi_err *err);

/**
 * oi_module_unload() - modprobe -r, of one and before it of all loaded ones that need it
 * Goes on after what fails.
 * Return: is it gone.
 */
bool oi_module_unload(const struct oi_host *host, const char *name);

/**
 * oi_module_load_own() - the kernel's own build, also where depmod prefers another
 * What it needs has to be loaded already.
 * Return: as oi_module_load()
 */
OI_MUST_CHECK
int oi_module_load_own(const struct oi_host *host, const char *kernel, const char *name,
		       struct oi_err *err);

#endif
