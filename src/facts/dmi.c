/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the firmware calls the machine. */
#include "facts/doubt.h"
#include "facts/look.h"

#define DMI "/sys/class/dmi/id"

static void read_field(const struct oi_host *host, struct oi_facts *facts, const char *path,
		 const char *key, struct oi_text *text)
{
	/* The kernel has no file for what the firmware leaves out. */
	if (oi_facts_read_text(&host->look, path, facts, key, text) == 1)
		oi_text_set(text, NULL);
}

void oi_facts_look_dmi(const struct oi_host *host, struct oi_facts *facts)
{
	if (!oi_root_exists(&host->look, "/sys/class")) {
		oi_facts_doubt(facts, "dmi: there is no /sys/class");
		return;
	}
	read_field(host, facts, DMI "/sys_vendor", "dmi.sys_vendor", &facts->dmi.sys_vendor);
	read_field(host, facts, DMI "/product_name", "dmi.product_name", &facts->dmi.product_name);
	read_field(host, facts, DMI "/chassis_asset_tag", "dmi.chassis_asset_tag",
	     &facts->dmi.chassis_asset_tag);
}
