/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/facts.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "model/reasons.h"

/* Mellanox; Source: pci.ids */
#define VENDOR_MELLANOX 0x15b3
/* PCI classes, base and subclass; Source: PCI Code and ID Assignment specification */
#define CLASS_INFINIBAND 0x0207
#define CLASS_NETWORK_OTHER 0x0280
/* ConnectX-3 virtual function: shows as "other network controller" when it is InfiniBand;
 * Source: catalog notes, "PCI ids" */
#define DEVICE_CX3_VF 0x1004

void oi_facts_drop_pci(struct oi_facts *facts)
{
	for (size_t i = 0; i < facts->pci.n; i++) {
		free(facts->pci.v[i].address);
		free(facts->pci.v[i].driver);
	}
	free(facts->pci.v);
	memset(&facts->pci, 0, sizeof(facts->pci));
}

void oi_facts_drop_ports(struct oi_facts *facts)
{
	for (size_t i = 0; i < facts->rdma.n; i++) {
		free(facts->rdma.v[i].device);
		free(facts->rdma.v[i].link_layer);
		free(facts->rdma.v[i].state);
		free(facts->rdma.v[i].phys_state);
		free(facts->rdma.v[i].address);
	}
	free(facts->rdma.v);
	memset(&facts->rdma, 0, sizeof(facts->rdma));
}

struct oi_pci_function *oi_facts_add_pci(struct oi_facts *facts)
{
	struct oi_pci_function *f;

	facts->pci.v = oi_mem_grow(facts->pci.v, facts->pci.n + 1, sizeof(*facts->pci.v));
	facts->pci.known = OI_KNOWN;
	f = &facts->pci.v[facts->pci.n++];
	memset(f, 0, sizeof(*f));
	return f;
}

struct oi_rdma_port *oi_facts_add_port(struct oi_facts *facts)
{
	struct oi_rdma_port *p;

	facts->rdma.v = oi_mem_grow(facts->rdma.v, facts->rdma.n + 1, sizeof(*facts->rdma.v));
	facts->rdma.known = OI_KNOWN;
	p = &facts->rdma.v[facts->rdma.n++];
	memset(p, 0, sizeof(*p));
	p->numa_node = -1;
	return p;
}

struct oi_module *oi_facts_add_module(struct oi_facts *facts)
{
	struct oi_module *m;

	facts->modules.v = oi_mem_grow(facts->modules.v, facts->modules.n + 1,
				       sizeof(*facts->modules.v));
	facts->modules.known = OI_KNOWN;
	m = &facts->modules.v[facts->modules.n++];
	memset(m, 0, sizeof(*m));
	return m;
}

void oi_facts_add_use(struct oi_facts *facts, const char *module, const char *by)
{
	for (size_t i = 0; i < facts->uses.n; i++)
		if (!strcmp(facts->uses.v[i].module, module) && !strcmp(facts->uses.v[i].by, by))
			return;
	facts->uses.v = oi_mem_grow(facts->uses.v, facts->uses.n + 1, sizeof(*facts->uses.v));
	facts->uses.v[facts->uses.n].module = oi_mem_dup(module);
	facts->uses.v[facts->uses.n].by = oi_mem_dup(by);
	facts->uses.n++;
}

static void drop_uses(struct oi_facts *facts)
{
	for (size_t i = 0; i < facts->uses.n; i++) {
		free(facts->uses.v[i].module);
		free(facts->uses.v[i].by);
	}
	free(facts->uses.v);
}

static void drop_modules(struct oi_facts *facts)
{
	for (size_t i = 0; i < facts->modules.n; i++) {
		free(facts->modules.v[i].name);
		oi_strv_clear(&facts->modules.v[i].holders);
	}
	free(facts->modules.v);
}

void oi_text_set(struct oi_text *text, const char *value)
{
	oi_mem_set(&text->value, value);
	text->known = value ? OI_KNOWN : OI_ABSENT;
}

const char *oi_text_or(const struct oi_text *text, const char *otherwise)
{
	return text->known == OI_KNOWN ? text->value : otherwise;
}

bool oi_text_is(const struct oi_text *text, const char *value)
{
	return text->known == OI_KNOWN && !strcasecmp(text->value, value);
}

enum oi_flag oi_flag_of(bool yes)
{
	return yes ? OI_FLAG_YES : OI_FLAG_NO;
}

bool oi_pci_is_infiniband(const struct oi_pci_function *function)
{
	if (function->vendor != VENDOR_MELLANOX)
		return false;
	return function->class_code == CLASS_INFINIBAND ||
	       (function->class_code == CLASS_NETWORK_OTHER && function->device == DEVICE_CX3_VF);
}

/* --- the simple facts, one table for reading, writing and clearing --- */

enum kind { TEXT, FLAG };

struct field {
	const char *path;
	enum kind kind;
	size_t offset;
};

#define TEXT_FIELD(path, member) { path, TEXT, offsetof(struct oi_facts, member) }
#define FLAG_FIELD(path, member) { path, FLAG, offsetof(struct oi_facts, member) }

static const struct field fields[] = {
	TEXT_FIELD("dmi.sys_vendor", dmi.sys_vendor),
	TEXT_FIELD("dmi.product_name", dmi.product_name),
	TEXT_FIELD("dmi.chassis_asset_tag", dmi.chassis_asset_tag),
	FLAG_FIELD("hyperv.vmbus", hyperv.vmbus),
	FLAG_FIELD("hyperv.pci_hyperv", hyperv.pci_hyperv),
	FLAG_FIELD("hyperv.network_direct", hyperv.network_direct),
	TEXT_FIELD("vm.size", vm.size),
	TEXT_FIELD("vm.size_source", vm.size_source),
	TEXT_FIELD("vm.id", vm.id),
	TEXT_FIELD("vm.location", vm.location),
	TEXT_FIELD("vm.image.publisher", vm.image_publisher),
	TEXT_FIELD("vm.image.offer", vm.image_offer),
	TEXT_FIELD("vm.image.sku", vm.image_sku),
	TEXT_FIELD("vm.image.version", vm.image_version),
	TEXT_FIELD("os.id", os.id),
	TEXT_FIELD("os.version_id", os.version_id),
	TEXT_FIELD("os.pretty_name", os.pretty_name),
	TEXT_FIELD("kernel.release", kernel.release),
	TEXT_FIELD("kernel.arch", kernel.arch),
	TEXT_FIELD("kernel.build", kernel.build),
	FLAG_FIELD("kernel.headers", kernel.headers),
	FLAG_FIELD("kernel.compiler", kernel.compiler),
	FLAG_FIELD("security.secure_boot", security.secure_boot),
	TEXT_FIELD("security.lockdown", security.lockdown),
	FLAG_FIELD("security.sig_enforce", security.sig_enforce),
	TEXT_FIELD("installed.stack", installed.stack),
	TEXT_FIELD("installed.version", installed.version),
	TEXT_FIELD("installed.kernel", installed.kernel),
	TEXT_FIELD("installed.unfinished", installed.unfinished),
	FLAG_FIELD("installed.baked", installed.baked),
};

static struct oi_text *text_of(struct oi_facts *facts, const struct field *f)
{
	return (struct oi_text *)(void *)((char *)facts + f->offset);
}

static const struct oi_text *text_of_const(const struct oi_facts *facts, const struct field *f)
{
	return (const struct oi_text *)(const void *)((const char *)facts + f->offset);
}

static enum oi_flag *flag_of(struct oi_facts *facts, const struct field *f)
{
	return (enum oi_flag *)(void *)((char *)facts + f->offset);
}

struct oi_file_system *oi_facts_add_file_system(struct oi_facts *facts, const char *mount,
						int64_t free_bytes)
{
	const size_t n = facts->disk.n++;

	facts->disk.v = oi_mem_grow(facts->disk.v, facts->disk.n, sizeof(*facts->disk.v));
	facts->disk.v[n] = (struct oi_file_system){ .mount = oi_mem_dup(mount), .free_bytes = free_bytes };
	return &facts->disk.v[n];
}

static void drop_file_systems(struct oi_facts *facts)
{
	for (size_t i = 0; i < facts->disk.n; i++) {
		free(facts->disk.v[i].mount);
		oi_strv_clear(&facts->disk.v[i].holds);
	}
	free(facts->disk.v);
}

void oi_facts_clear(struct oi_facts *facts)
{
	for (size_t i = 0; i < OI_ARRAY_SIZE(fields); i++)
		if (fields[i].kind == TEXT)
			free(text_of(facts, &fields[i])->value);
	oi_strv_clear(&facts->os.id_like);
	oi_strv_clear(&facts->os.repositories);
	oi_strv_clear(&facts->doubts);
	oi_facts_drop_pci(facts);
	oi_facts_drop_ports(facts);
	drop_modules(facts);
	drop_uses(facts);
	drop_file_systems(facts);
	memset(facts, 0, sizeof(*facts));
}

/* --- writing --- */

/* The map for "vm.image.sku" is made on the way: each part but the last. */
static void put_at(struct oi_doc *top, const char *path, struct oi_doc *value)
{
	const char *dot = strchr(path, '.');
	OI_FREE char *key = NULL;
	struct oi_doc *map = NULL;

	if (!dot) {
		oi_doc_put(top, path, value);
		return;
	}
	key = oi_mem_ndup(path, (size_t)(dot - path));
	for (size_t i = 0; i < top->n; i++)
		if (!strcmp(top->keys[i], key))
			map = top->items[i];
	if (!map) {
		map = oi_doc_new(OI_DOC_MAP);
		oi_doc_put(top, key, map);
	}
	put_at(map, dot + 1, value);
}

static struct oi_doc *pci_to_doc(const struct oi_pci_function *f)
{
	struct oi_doc *doc = oi_doc_new(OI_DOC_MAP);
	char number[16];

	oi_doc_put_string(doc, "address", f->address);
	snprintf(number, sizeof(number), "%04x", f->vendor);
	oi_doc_put_string(doc, "vendor", number);
	snprintf(number, sizeof(number), "%04x", f->device);
	oi_doc_put_string(doc, "device", number);
	snprintf(number, sizeof(number), "%04x", f->class_code);
	oi_doc_put_string(doc, "class", number);
	oi_doc_put_string(doc, "driver", f->driver);
	return doc;
}

static struct oi_doc *port_to_doc(const struct oi_rdma_port *p)
{
	struct oi_doc *doc = oi_doc_new(OI_DOC_MAP);

	oi_doc_put_string(doc, "device", p->device);
	oi_doc_put_int(doc, "port", p->port);
	if (p->link_layer)
		oi_doc_put_string(doc, "link_layer", p->link_layer);
	if (p->state)
		oi_doc_put_string(doc, "state", p->state);
	if (p->phys_state)
		oi_doc_put_string(doc, "phys_state", p->phys_state);
	if (p->rate_gbps >= 0) {
		struct oi_doc *rate = oi_doc_new(OI_DOC_REAL);

		rate->real = p->rate_gbps;
		rate->text = oi_mem_printf("%g", p->rate_gbps);
		oi_doc_put(doc, "rate_gbps", rate);
	}
	if (p->address)
		oi_doc_put_string(doc, "address", p->address);
	if (p->numa_node >= 0)
		oi_doc_put_int(doc, "numa_node", p->numa_node);
	return doc;
}

static struct oi_doc *modules_to_doc(const struct oi_facts *facts)
{
	struct oi_doc *list = oi_doc_new(OI_DOC_LIST);

	for (size_t i = 0; i < facts->modules.n; i++) {
		const struct oi_module *m = &facts->modules.v[i];
		struct oi_doc *doc = oi_doc_new(OI_DOC_MAP);

		oi_doc_put_string(doc, "name", m->name);
		if (m->refs >= 0)
			oi_doc_put_int(doc, "refs", m->refs);
		oi_doc_put(doc, "holders", oi_doc_new_strings(&m->holders));
		oi_doc_add(list, doc);
	}
	return list;
}

static struct oi_doc *uses_to_doc(const struct oi_facts *facts)
{
	struct oi_doc *list = oi_doc_new(OI_DOC_LIST);

	for (size_t i = 0; i < facts->uses.n; i++) {
		struct oi_doc *doc = oi_doc_new(OI_DOC_MAP);

		oi_doc_put_string(doc, "module", facts->uses.v[i].module);
		oi_doc_put_string(doc, "by", facts->uses.v[i].by);
		oi_doc_add(list, doc);
	}
	return list;
}

static struct oi_doc *file_systems_to_doc(const struct oi_facts *facts)
{
	struct oi_doc *list = oi_doc_new(OI_DOC_LIST);

	for (size_t i = 0; i < facts->disk.n; i++) {
		const struct oi_file_system *fs = &facts->disk.v[i];
		struct oi_doc *doc = oi_doc_new(OI_DOC_MAP);

		oi_doc_put_string(doc, "mount", fs->mount);
		oi_doc_put_int(doc, "free_bytes", fs->free_bytes);
		oi_doc_put(doc, "holds", oi_doc_new_strings(&fs->holds));
		oi_doc_add(list, doc);
	}
	return list;
}

static void put_field(struct oi_doc *doc, const struct oi_facts *facts, const struct field *f)
{
	if (f->kind == TEXT) {
		const struct oi_text *text = text_of_const(facts, f);

		if (text->known != OI_UNKNOWN)
			put_at(doc, f->path, oi_doc_new_string(text->value));
	} else {
		enum oi_flag flag;

		memcpy(&flag, (const char *)facts + f->offset, sizeof(flag));
		if (flag == OI_FLAG_ABSENT)
			put_at(doc, f->path, oi_doc_new(OI_DOC_NULL));
		else if (flag != OI_FLAG_UNKNOWN)
			put_at(doc, f->path, oi_doc_new_bool(flag == OI_FLAG_YES));
	}
}

static void put_list(struct oi_doc *doc, const char *path, enum oi_known known,
		     const struct oi_strv *strings)
{
	if (known != OI_UNKNOWN)
		put_at(doc, path,
		       known == OI_KNOWN ? oi_doc_new_strings(strings) : oi_doc_new(OI_DOC_NULL));
}

struct oi_doc *oi_facts_to_doc(const struct oi_facts *facts)
{
	struct oi_doc *doc = oi_doc_new(OI_DOC_MAP);

	oi_doc_put_int(doc, "schema", 1);
	for (size_t i = 0; i < OI_ARRAY_SIZE(fields); i++)
		put_field(doc, facts, &fields[i]);
	put_list(doc, "os.id_like", facts->os.id_like_known, &facts->os.id_like);
	put_list(doc, "os.repositories", facts->os.repositories_known, &facts->os.repositories);
	if (facts->pci.known == OI_ABSENT)
		oi_doc_put(doc, "pci", oi_doc_new(OI_DOC_NULL));
	if (facts->pci.known == OI_KNOWN) {
		struct oi_doc *list = oi_doc_new(OI_DOC_LIST);

		for (size_t i = 0; i < facts->pci.n; i++)
			oi_doc_add(list, pci_to_doc(&facts->pci.v[i]));
		oi_doc_put(doc, "pci", list);
	}
	if (facts->rdma.known == OI_ABSENT)
		oi_doc_put(doc, "rdma", oi_doc_new(OI_DOC_NULL));
	if (facts->rdma.known == OI_KNOWN) {
		struct oi_doc *list = oi_doc_new(OI_DOC_LIST);

		for (size_t i = 0; i < facts->rdma.n; i++)
			oi_doc_add(list, port_to_doc(&facts->rdma.v[i]));
		oi_doc_put(doc, "rdma", list);
	}
	if (facts->modules.known != OI_UNKNOWN)
		put_at(doc, "modules.loaded",
		       facts->modules.known == OI_KNOWN ? modules_to_doc(facts) :
							  oi_doc_new(OI_DOC_NULL));
	if (facts->uses.n)
		put_at(doc, "modules.uses", uses_to_doc(facts));
	if (facts->disk.known == OI_KNOWN)
		put_at(doc, "disk.work_free_bytes", oi_doc_new_int(facts->disk.work_free_bytes));
	if (facts->disk.n)
		put_at(doc, "disk.file_systems", file_systems_to_doc(facts));
	if (facts->doubts.n)
		oi_doc_put(doc, "doubts", oi_doc_new_strings(&facts->doubts));
	return doc;
}

/* --- reading --- */

static int wrong(const struct oi_doc *at, const char *path, const char *wanted,
		 struct oi_err *err)
{
	return oi_err_set(err, OI_R_FACTS_MALFORMED, "%s: %s: expected %s, got %s",
			  at->file ? at->file : "facts", path, wanted,
			  oi_doc_kind_name(at->kind));
}

static int read_field(const struct oi_doc *doc, const struct field *f, struct oi_facts *facts,
		      struct oi_err *err)
{
	const struct oi_doc *at = oi_doc_at(doc, f->path);

	if (!at)
		return 0;
	if (f->kind == TEXT) {
		if (at->kind != OI_DOC_STRING && at->kind != OI_DOC_NULL)
			return wrong(at, f->path, "a string or null", err);
		oi_text_set(text_of(facts, f), oi_doc_string(at));
		return 0;
	}
	if (at->kind != OI_DOC_BOOL && at->kind != OI_DOC_NULL)
		return wrong(at, f->path, "true, false or null", err);
	*flag_of(facts, f) = at->kind == OI_DOC_NULL ? OI_FLAG_ABSENT : oi_flag_of(at->boolean);
	return 0;
}

/* "15b3", as lspci -n writes it. */
static int read_hex(const struct oi_doc *map, const char *key, const char *where,
		    unsigned int *value, struct oi_err *err)
{
	const char *text = oi_doc_string(oi_doc_get(map, key));
	char *end;

	if (!text || !*text || strlen(text) > 4 ||
	    strspn(text, "0123456789abcdefABCDEF") != strlen(text))
		return oi_err_set(err, OI_R_FACTS_MALFORMED,
				  "%s: %s.%s: expected four hexadecimal digits in quotes",
				  map->file ? map->file : "facts", where, key);
	*value = (unsigned int)strtoul(text, &end, 16);
	return 0;
}

static int read_pci(const struct oi_doc *list, struct oi_facts *facts, struct oi_err *err)
{
	if (list->kind == OI_DOC_NULL) {
		facts->pci.known = OI_ABSENT;
		return 0;
	}
	if (list->kind != OI_DOC_LIST)
		return wrong(list, "pci", "a list or null", err);
	facts->pci.known = OI_KNOWN;
	for (size_t i = 0; i < list->n; i++) {
		struct oi_pci_function *f;

		if (list->items[i]->kind != OI_DOC_MAP)
			return wrong(list->items[i], "pci", "a list of maps", err);
		f = oi_facts_add_pci(facts);
		oi_mem_set(&f->address, oi_doc_string(oi_doc_get(list->items[i], "address")));
		oi_mem_set(&f->driver, oi_doc_string(oi_doc_get(list->items[i], "driver")));
		if (read_hex(list->items[i], "vendor", "pci", &f->vendor, err) ||
		    read_hex(list->items[i], "device", "pci", &f->device, err) ||
		    read_hex(list->items[i], "class", "pci", &f->class_code, err))
			return -1;
	}
	return 0;
}

static int read_ports(const struct oi_doc *list, struct oi_facts *facts, struct oi_err *err)
{
	if (list->kind == OI_DOC_NULL) {
		facts->rdma.known = OI_ABSENT;
		return 0;
	}
	if (list->kind != OI_DOC_LIST)
		return wrong(list, "rdma", "a list or null", err);
	facts->rdma.known = OI_KNOWN;
	for (size_t i = 0; i < list->n; i++) {
		const struct oi_doc *map = list->items[i];
		int64_t port = oi_doc_int(oi_doc_get(map, "port"), 0);
		const struct oi_doc *rate = oi_doc_get(map, "rate_gbps");
		int64_t node = oi_doc_int(oi_doc_get(map, "numa_node"), -1);
		const char *device = oi_doc_string(oi_doc_get(map, "device"));
		struct oi_rdma_port *p;

		if (!device)
			return wrong(map, "rdma", "a list of maps with a device", err);
		p = oi_facts_add_port(facts);
		oi_mem_set(&p->device, device);
		p->port = port > 0 ? (unsigned int)port : 1;
		oi_mem_set(&p->link_layer, oi_doc_string(oi_doc_get(map, "link_layer")));
		oi_mem_set(&p->state, oi_doc_string(oi_doc_get(map, "state")));
		oi_mem_set(&p->phys_state, oi_doc_string(oi_doc_get(map, "phys_state")));
		p->rate_gbps = rate && (rate->kind == OI_DOC_INT || rate->kind == OI_DOC_REAL) ?
				       rate->real :
				       -1;
		oi_mem_set(&p->address, oi_doc_string(oi_doc_get(map, "address")));
		p->numa_node = node >= 0 && node <= INT_MAX ? (int)node : -1;
	}
	return 0;
}

static int read_modules(const struct oi_doc *list, struct oi_facts *facts, struct oi_err *err)
{
	if (list->kind == OI_DOC_NULL) {
		facts->modules.known = OI_ABSENT;
		return 0;
	}
	if (list->kind != OI_DOC_LIST)
		return wrong(list, "modules.loaded", "a list or null", err);
	facts->modules.known = OI_KNOWN;
	for (size_t i = 0; i < list->n; i++) {
		const char *name = oi_doc_string(oi_doc_get(list->items[i], "name"));
		const struct oi_doc *holders = oi_doc_get(list->items[i], "holders");
		struct oi_module *m;

		if (!name)
			return wrong(list->items[i], "modules.loaded", "a list of maps with a name",
				     err);
		m = oi_facts_add_module(facts);
		m->name = oi_mem_dup(name);
		m->refs = (long)oi_doc_int(oi_doc_get(list->items[i], "refs"), -1);
		for (size_t h = 0; holders && h < holders->n; h++) {
			if (!oi_doc_string(holders->items[h]))
				return wrong(holders->items[h], "modules.loaded.holders",
					     "a list of strings", err);
			oi_strv_add(&m->holders, holders->items[h]->text);
		}
	}
	return 0;
}

static int read_uses(const struct oi_doc *list, struct oi_facts *facts, struct oi_err *err)
{
	if (list->kind != OI_DOC_LIST)
		return wrong(list, "modules.uses", "a list", err);
	for (size_t i = 0; i < list->n; i++) {
		const char *module = oi_doc_string(oi_doc_get(list->items[i], "module"));
		const char *by = oi_doc_string(oi_doc_get(list->items[i], "by"));

		if (!module || !by)
			return wrong(list->items[i], "modules.uses", "a list of maps with module and by",
				     err);
		oi_facts_add_use(facts, module, by);
	}
	return 0;
}

static int read_strings(const struct oi_doc *doc, const char *path, enum oi_known *known,
			struct oi_strv *strings, struct oi_err *err)
{
	const struct oi_doc *list = oi_doc_at(doc, path);

	if (!list)
		return 0;
	if (list->kind == OI_DOC_NULL) {
		*known = OI_ABSENT;
		return 0;
	}
	if (list->kind != OI_DOC_LIST)
		return wrong(list, path, "a list of strings", err);
	*known = OI_KNOWN;
	for (size_t i = 0; i < list->n; i++) {
		if (!oi_doc_string(list->items[i]))
			return wrong(list->items[i], path, "a list of strings", err);
		oi_strv_add(strings, list->items[i]->text);
	}
	return 0;
}

static int read_file_systems(const struct oi_doc *list, struct oi_facts *facts, struct oi_err *err)
{
	static const char path[] = "disk.file_systems";

	if (list->kind != OI_DOC_LIST)
		return wrong(list, path, "a list", err);
	for (size_t i = 0; i < list->n; i++) {
		const struct oi_doc *room = oi_doc_get(list->items[i], "free_bytes");
		const char *mount = oi_doc_string(oi_doc_get(list->items[i], "mount"));
		enum oi_known known = OI_UNKNOWN;
		struct oi_file_system *fs;

		if (!mount || !room || room->kind != OI_DOC_INT)
			return wrong(list->items[i], path, "a list of maps with mount and free_bytes", err);
		fs = oi_facts_add_file_system(facts, mount, room->integer);
		if (read_strings(list->items[i], "holds", &known, &fs->holds, err))
			return -1;
	}
	return 0;
}

int oi_facts_from_doc(const struct oi_doc *doc, struct oi_facts *facts, struct oi_err *err)
{
	const struct oi_doc *at;

	if (doc->kind != OI_DOC_MAP)
		return wrong(doc, "snapshot", "a map", err);
	if (oi_doc_int(oi_doc_get(doc, "schema"), 0) != 1)
		return oi_err_set(err, OI_R_FACTS_MALFORMED, "%s: expected schema: 1",
				  doc->file ? doc->file : "facts");
	for (size_t i = 0; i < OI_ARRAY_SIZE(fields); i++)
		if (read_field(doc, &fields[i], facts, err))
			return -1;
	if (read_strings(doc, "os.id_like", &facts->os.id_like_known, &facts->os.id_like, err) ||
	    read_strings(doc, "os.repositories", &facts->os.repositories_known,
			 &facts->os.repositories, err))
		return -1;
	at = oi_doc_get(doc, "pci");
	if (at && read_pci(at, facts, err))
		return -1;
	at = oi_doc_get(doc, "rdma");
	if (at && read_ports(at, facts, err))
		return -1;
	at = oi_doc_at(doc, "modules.loaded");
	if (at && read_modules(at, facts, err))
		return -1;
	at = oi_doc_at(doc, "modules.uses");
	if (at && read_uses(at, facts, err))
		return -1;
	at = oi_doc_at(doc, "disk.work_free_bytes");
	if (at && at->kind != OI_DOC_INT && at->kind != OI_DOC_NULL)
		return wrong(at, "disk.work_free_bytes", "a whole number", err);
	if (at && at->kind == OI_DOC_INT) {
		facts->disk.known = OI_KNOWN;
		facts->disk.work_free_bytes = at->integer;
	}
	at = oi_doc_at(doc, "disk.file_systems");
	if (at && read_file_systems(at, facts, err))
		return -1;
	return 0;
}
