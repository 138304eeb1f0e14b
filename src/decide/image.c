/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan for an image: the builder's system, on the machines that will boot it. */
#include <string.h>

#include "base/mem.h"
#include "decide/decide.h"

/* What the machine will be, and what is not known of it: the builder's own says nothing. */
static const char azure[] =
	"{\"dmi\": {\"sys_vendor\": \"Microsoft Corporation\", \"product_name\": \"Virtual Machine\","
	" \"chassis_asset_tag\": \"7783-7084-3265-9085-8269-3286-77\"},"
	" \"hyperv\": {\"vmbus\": true, \"pci_hyperv\": true, \"network_direct\": false}}";

static void replace(struct oi_doc *map, const char *key, struct oi_doc *value)
{
	oi_doc_free(oi_doc_take(map, key));
	if (value)
		oi_doc_put(map, key, value);
}

/* The device id that a size's adapter shows; 0: the catalog knows none. */
static unsigned int device_of(const struct oi_catalog *catalog, const char *generation)
{
	for (size_t i = 0; i < catalog->n_pci_ids; i++)
		if (!strcmp(catalog->pci_ids[i].nic_generation, generation))
			return catalog->pci_ids[i].device;
	return 0;
}

static struct oi_doc *one_function(const struct oi_catalog *catalog, const struct oi_size *size)
{
	struct oi_doc *list = oi_doc_new(OI_DOC_LIST);
	struct oi_doc *map = oi_doc_new(OI_DOC_MAP);
	OI_FREE char *device = oi_mem_printf("%04x", device_of(catalog, size->nic_generation));

	oi_doc_put_string(map, "address", "0101:00:00.0");
	oi_doc_put_string(map, "vendor", "15b3");
	oi_doc_put_string(map, "device", device);
	oi_doc_put_string(map, "class", "0207");
	oi_doc_put_string(map, "driver", NULL);
	oi_doc_add(list, map);
	return list;
}

/* The facts of a machine of @size that boots what the builder has. */
static int facts_of(const struct oi_facts *builder, const struct oi_catalog *catalog,
		    const struct oi_size *size, struct oi_facts *facts, struct oi_err *err)
{
	OI_DOC_AUTO *doc = oi_facts_to_doc(builder);
	OI_DOC_AUTO *there = NULL;
	struct oi_doc *vm = oi_doc_new(OI_DOC_MAP);

	if (oi_doc_from_json(azure, strlen(azure), "azure", OI_R_FACTS_MALFORMED, &there, err)) {
		oi_doc_free(vm);
		return -1;
	}
	replace(doc, "dmi", oi_doc_take(there, "dmi"));
	replace(doc, "hyperv", oi_doc_take(there, "hyperv"));
	oi_doc_put_string(vm, "size", size->name);
	oi_doc_put_string(vm, "size_source", "bake");
	replace(doc, "vm", vm);
	replace(doc, "security", NULL);
	replace(doc, "rdma", oi_doc_new(OI_DOC_LIST));
	replace(doc, "modules", oi_doc_new(OI_DOC_LIST));
	replace(doc, "pci", one_function(catalog, size));
	return oi_facts_from_doc(doc, facts, err);
}

static bool same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* ConnectX-3 has modules of other names than all that came after it. */
static bool is_cx3(const struct oi_verdict *v)
{
	return oi_generation_is_mlx4(v->vm.nic_generation);
}

static bool same_driver(const struct oi_verdict *a, const struct oi_verdict *b)
{
	return same(a->driver.stack, b->driver.stack) &&
	       same(a->driver.version, b->driver.version) &&
	       same(a->driver.method, b->driver.method) && same(a->driver.url, b->driver.url) &&
	       is_cx3(a) == is_cx3(b);
}

/* What an image can do: no device is there, and no workload waits for one. */
static bool fits_image(enum oi_action action)
{
	return action != OI_ACTION_MODULE_LOAD && action != OI_ACTION_SERVICE_RESTART &&
	       action != OI_ACTION_REBOOT && action != OI_ACTION_VERIFY;
}

/* All of the vendor's; the distribution's stack has the kernel's own modules, as the initramfs does. */
static bool adds_modules(const struct oi_verdict *v)
{
	return v->driver.stack && (!strcmp(v->driver.stack, oi_driver_name(OI_DRIVER_DOCA)) ||
				   !strcmp(v->driver.stack, oi_driver_name(OI_DRIVER_MLNX)));
}

/* Also when the driver is there already: whoever installed it need not have done this. */
static void renew_initramfs(struct oi_verdict *v)
{
	if (v->outcome == OI_OUTCOME_REFUSE || !adds_modules(v))
		return;
	oi_verdict_step(v, OI_ACTION_INITRAMFS_RENEW, "renew-initramfs",
			"the image's initramfs for %s, with the modules of %s",
			v->driver.kernel ? v->driver.kernel : "its kernel", v->driver.stack);
}

static int decide_one(const struct oi_facts *builder, const struct oi_config *config,
		      const struct oi_catalog *catalog, const char *name,
		      struct oi_verdict *verdict, struct oi_err *err)
{
	OI_CLEANUP(oi_facts_clear) struct oi_facts facts = { 0 };
	const struct oi_size *size = oi_catalog_find_size(catalog, name);

	if (!size)
		return oi_err_set(err, OI_R_USAGE, "--size: the catalog has no RDMA size \"%s\"",
				  name);
	if (facts_of(builder, catalog, size, &facts, err))
		return -1;
	oi_decide(&facts, config, catalog, verdict);
	oi_verdict_keep(verdict, fits_image);
	renew_initramfs(verdict);
	return 0;
}

int oi_decide_image(const struct oi_facts *builder, const struct oi_strv *sizes,
		    const struct oi_config *config, const struct oi_catalog *catalog,
		    struct oi_verdict *verdict, struct oi_err *err)
{
	struct oi_config asked = *config; /* borrows all that it points to */

	asked.present = true;
	asked.enabled = true;
	if (asked.on_unsupported == OI_UNSUPPORTED_SKIP)
		asked.on_unsupported = OI_UNSUPPORTED_FAIL;
	for (size_t i = 0; i < sizes->n; i++) {
		OI_CLEANUP(oi_verdict_clear) struct oi_verdict other = { 0 };
		struct oi_verdict *v = i ? &other : verdict;

		if (decide_one(builder, &asked, catalog, sizes->v[i], v, err))
			return -1;
		if (v->outcome == OI_OUTCOME_REFUSE && i) {
			oi_verdict_clear(verdict);
			*verdict = other;
			memset(&other, 0, sizeof(other));
		}
		if (verdict->outcome == OI_OUTCOME_REFUSE)
			return 0;
		if (i && !same_driver(verdict, v))
			return oi_err_set(err, OI_R_BAKE_SIZES, "%s takes %s %s, and %s takes %s %s",
					  sizes->v[0], verdict->driver.stack,
					  verdict->driver.version ? verdict->driver.version : "",
					  sizes->v[i], v->driver.stack,
					  v->driver.version ? v->driver.version : "");
	}
	return 0;
}
