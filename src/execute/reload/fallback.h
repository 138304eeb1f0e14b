/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Back to the kernel's own modules, because those of the plan cost the machine its
 * network. The packages stay; their modules are not loaded any more, on no boot.
 */
#ifndef OI_EXECUTE_RELOAD_FALLBACK_H
#define OI_EXECUTE_RELOAD_FALLBACK_H

#include "base/attr.h"
#include "base/err.h"
#include "base/strv.h"
#include "execute/context.h"

/* That it happened, and with which driver: it is not tried again on every boot. */
#define OI_FALLBACK_PATH OI_STATE_DIR "/network-lost.json"
/* Where depmod is told to prefer the kernel's own, when dkms has no say. */
#define OI_FALLBACK_DEPMOD "/etc/depmod.d/ofed-init-inbox.conf"

/**
 * oi_fallback_check() - has this very driver been taken back on this kernel before
 * Return: 0, or -1 with OI_R_NETWORK_LOST: to be asked before anything is changed.
 */
OI_MUST_CHECK
int oi_fallback_check(const struct oi_root *root, const struct oi_verdict *verdict,
		      struct oi_err *err);

/** oi_fallback_forget() - before a driver is installed: depmod prefers what is added again */
OI_MUST_CHECK
int oi_fallback_forget(const struct oi_host *host, const char *kernel, struct oi_err *err);

/* What is taken out, and what comes in its place. Texts and lists are borrowed but for those of dkms. */
struct oi_way_back {
	const char *stack, *version, *sha256, *kernel; /* of the driver that goes; NULL: unknown */
	const struct oi_strv *units; /* that load it */
	const struct oi_strv *modules; /* of it, as lsmod shows them */
	const struct oi_strv *loaded; /* before it, to be loaded again */
	struct oi_strv dkms, dkms_optional; /* names there: required ones, and others built with them */
};

/**
 * oi_way_back_of() - of a plan that is carried out
 * @units: of the step that restarts the driver
 * @loaded: modules that are loaded before it
 * @back: filled; cleared by oi_way_back_clear()
 */
void oi_way_back_of(const struct oi_verdict *verdict, const struct oi_step_units *units,
		    const struct oi_strv *loaded, struct oi_way_back *back);
void oi_way_back_clear(struct oi_way_back *back);

/**
 * oi_fallback_go() - stop the services, take the added modules out, load the kernel's own
 * Goes on after what fails: each part alone is better than nothing. What failed is in the log.
 * Has minutes of its own when the run's deadline is near, or over.
 */
void oi_fallback_go(const struct oi_host *host, const struct oi_way_back *back);

#endif
