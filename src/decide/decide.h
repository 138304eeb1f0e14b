/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pure: facts + config + catalog -> verdict. No file, no clock, no environment, no log. */
#ifndef OI_DECIDE_DECIDE_H
#define OI_DECIDE_DECIDE_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/strv.h"
#include "model/catalog.h"
#include "model/config.h"
#include "model/facts.h"
#include "model/verdict.h"

/**
 * oi_decide() - all gates in order, then the driver, then the plan
 * @verdict: zeroed; filled, owned by the caller
 * Source: design, "Gates, in this order" and "Driver choice"
 */
void oi_decide(const struct oi_facts *facts, const struct oi_config *config,
	       const struct oi_catalog *catalog, struct oi_verdict *verdict);

/**
 * oi_decide_exchange() - how a driver that is there takes the place of the kernel's own
 * @verdict: of oi_decide(), ready, with a stack that brings modules; it gets the steps
 *	     for it, or becomes a refusal when the loaded modules cannot make way; it stays as it
 *	     is where the kernel takes signed modules only and the stanza has no key
 * Source: design, "The machine's own network comes first"
 */
void oi_decide_exchange(const struct oi_facts *facts, const struct oi_config *config,
			struct oi_verdict *verdict);

/**
 * oi_decide_image() - the plan for an image that machines of @sizes will boot
 * @builder: facts of the image; kernel: the release that it will boot
 * @sizes: names of the catalog, at least one; all of them must take the same driver
 * @config: an image without a stanza gets what an empty one asks for
 * @verdict: zeroed; filled, owned by the caller; a refusal is the first size's that has one
 *
 * Nothing is asked of the machine that builds: no platform, no size, no adapter. Steps
 * that need the device (modules to load, services to start, the fabric) are left out. Where the
 * driver brings modules, the image's initramfs is made anew: the last step, and the only one of
 * a verdict that says ready.
 * Return: 0, or -1 with OI_R_USAGE for an unknown size, OI_R_BAKE_SIZES.
 */
OI_MUST_CHECK
int oi_decide_image(const struct oi_facts *builder, const struct oi_strv *sizes,
		    const struct oi_config *config, const struct oi_catalog *catalog,
		    struct oi_verdict *verdict, struct oi_err *err);

/**
 * oi_decide_modules_key() - what built modules of this machine would be called in a cache
 * Return: owned by the caller; NULL when a gate refuses the machine, or its driver is
 *         not one whose modules are shared.
 */
char *oi_decide_modules_key(const struct oi_facts *facts, const struct oi_config *config,
			    const struct oi_catalog *catalog);

/**
 * oi_decide_platform() - has the platform gate passed
 *
 * Asked before the metadata service is: no network call is made on a machine
 * that is not Azure's.
 */
bool oi_decide_platform(const struct oi_facts *facts);

#endif
