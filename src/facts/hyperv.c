/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VMBus, its pass-through driver, and the network-direct channel of old sizes. */
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "facts/doubt.h"
#include "facts/look.h"

#define VMBUS "/sys/bus/vmbus"
/* Source: rdma-core, providers/mlx4/mlx4.c; kernel, include/linux/hyperv.h, HV_ND_GUID */
#define CLASS_NETWORK_DIRECT "3daf2e8c-a732-094b-ab99-bd1f1c86b501"
/* modules.dep of a distribution's kernel is below 2 MiB */
#define LIST_LIMIT_BYTES (16u << 20)

/* "{3daf...}" or "3daf..." */
static bool is_network_direct(const char *class_id)
{
	size_t len = strlen(class_id);

	if (len >= 2 && *class_id == '{' && class_id[len - 1] == '}') {
		class_id++;
		len -= 2;
	}
	return len == strlen(CLASS_NETWORK_DIRECT) &&
	       !strncasecmp(class_id, CLASS_NETWORK_DIRECT, len);
}

static enum oi_flag look_for_network_direct(const struct oi_host *host, struct oi_facts *facts)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv channels = { 0 };
	struct oi_err err;
	int got = oi_root_list(&host->look, VMBUS "/devices", &channels, &err);
	enum oi_flag found = OI_FLAG_NO;

	if (got < 0)
		oi_facts_doubt(facts, "hyperv.network_direct: %s", err.text);
	if (got < 0)
		return OI_FLAG_UNKNOWN;
	for (size_t i = 0; i < channels.n; i++) {
		OI_FREE char *path = oi_mem_printf(VMBUS "/devices/%s/class_id", channels.v[i]);
		OI_FREE char *class_id = NULL;

		got = oi_root_read_line(&host->look, path, &class_id, &err);
		if (!got && is_network_direct(class_id))
			return OI_FLAG_YES;
		if (got < 0) {
			oi_facts_doubt(facts, "hyperv.network_direct: %s", err.text);
			found = OI_FLAG_UNKNOWN;
		}
	}
	return found;
}

/* Is pci-hyperv in one of depmod's lists: "kernel/drivers/pci/controller/pci-hyperv.ko.xz: ..." */
static enum oi_flag is_in_list(const struct oi_host *host, const char *release, const char *list)
{
	OI_FREE char *path = oi_mem_printf("/lib/modules/%s/%s", release, list);
	OI_CLEANUP(oi_buf_clear) struct oi_buf buf = { 0 };
	struct oi_err ignored;

	if (oi_root_read(&host->look, path, LIST_LIMIT_BYTES, &buf, &ignored) &&
	    oi_root_read(&host->change, path, LIST_LIMIT_BYTES, &buf, &ignored))
		return OI_FLAG_UNKNOWN;
	/* pci-hyperv-intf.ko is another module. */
	return oi_flag_of(strstr(oi_buf_str(&buf), "/pci-hyperv.ko"));
}

/* A size without pass-through devices never loads it: that it can be loaded will do. */
static enum oi_flag look_for_pass_through(const struct oi_host *host, const struct oi_facts *facts)
{
	const char *release = oi_text_or(&facts->kernel.release, NULL);
	enum oi_flag builtin, module;

	if (oi_root_exists(&host->look, VMBUS "/drivers/hv_pci") ||
	    oi_root_exists(&host->look, "/sys/module/pci_hyperv"))
		return OI_FLAG_YES;
	if (!release)
		return OI_FLAG_UNKNOWN;
	builtin = is_in_list(host, release, "modules.builtin");
	module = builtin == OI_FLAG_YES ? OI_FLAG_YES : is_in_list(host, release, "modules.dep");
	if (module == OI_FLAG_NO)
		return builtin;
	return module;
}

void oi_facts_look_hyperv(const struct oi_host *host, struct oi_facts *facts)
{
	if (!oi_root_exists(&host->look, "/sys/bus")) {
		oi_facts_doubt(facts, "hyperv: there is no /sys/bus");
		return;
	}
	facts->hyperv.vmbus = oi_flag_of(oi_root_exists(&host->look, VMBUS));
	facts->hyperv.network_direct = facts->hyperv.vmbus == OI_FLAG_YES ?
					       look_for_network_direct(host, facts) :
					       OI_FLAG_NO;
	facts->hyperv.pci_hyperv = look_for_pass_through(host, facts);
	/* Without VMBus nobody asks. */
	if (facts->hyperv.pci_hyperv == OI_FLAG_UNKNOWN && facts->hyperv.vmbus == OI_FLAG_YES)
		oi_facts_doubt(facts, "hyperv.pci_hyperv: not loaded, and depmod's lists for "
				      "this kernel are not there");
}
