/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The gates, in the order of the design: platform, size, distribution, device, pre-flight. */
#include "decide/gates.h"

#include <fnmatch.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "decide/artefact.h"
#include "decide/driver.h"
#include "decide/machine.h"

/* DMI strings of every Hyper-V guest, Azure's included. Source: design, "Facts snapshot" */
#define HYPERV_VENDOR "Microsoft Corporation"
#define HYPERV_PRODUCT "Virtual Machine"

#define MIB (INT64_C(1) << 20)

/* Free space that an installation may need, work files included: our estimate, and
 * generous, since the vendor publishes no sizes. Places as facts/disk.c names them. */
static const struct {
	const char *place;
	int inbox_mib, ofed_mib;
} rooms[] = {
	{ "/usr", 256, 1280 },	/* packages */
	{ "/lib/modules", 0, 512 },
	{ "/var", 224, 2048 },	/* downloads, package lists, what is compiled */
	{ "/boot", 0, 96 },	/* an initramfs is written beside the old one */
	{ "/tmp", 32, 160 },
};

/* --- platform --- */

static bool gate_dmi(struct oi_decision *d)
{
	const struct oi_facts *f = d->facts;
	const char *vendor = oi_text_or(&f->dmi.sys_vendor, NULL);
	const char *product = oi_text_or(&f->dmi.product_name, NULL);

	if ((vendor && strcasecmp(vendor, HYPERV_VENDOR) != 0) ||
	    (product && strcasecmp(product, HYPERV_PRODUCT) != 0)) {
		oi_verdict_rule(d->verdict, "platform-hyperv", OI_RESULT_FAIL, "DMI says %s, %s",
				vendor ? vendor : "unknown vendor",
				product ? product : "unknown product");
		return oi_decision_refuse(d, OI_R_PLATFORM_NOT_HYPERV, "DMI says %s, %s",
					  vendor ? vendor : "unknown vendor",
					  product ? product : "unknown product");
	}
	if (vendor || product) {
		oi_verdict_rule(d->verdict, "platform-hyperv", OI_RESULT_PASS, "DMI says %s, %s",
				vendor ? vendor : "unknown vendor",
				product ? product : "unknown product");
		return true;
	}
	oi_verdict_rule(d->verdict, "platform-hyperv", OI_RESULT_UNKNOWN, "DMI is not there");
	if (f->hyperv.vmbus == OI_FLAG_YES)
		return true; /* nobody else has that bus */
	return oi_decision_refuse(d, OI_R_PLATFORM_UNKNOWN, "neither DMI nor a VMBus is there");
}

static bool gate_flag(struct oi_decision *d, const char *rule, enum oi_flag flag,
		      enum oi_reason reason, const char *what)
{
	if (flag == OI_FLAG_NO || flag == OI_FLAG_ABSENT) {
		oi_verdict_rule(d->verdict, rule, OI_RESULT_FAIL, "%s is not there", what);
		return oi_decision_refuse(d, reason, "%s", "");
	}
	oi_verdict_rule(d->verdict, rule,
			flag == OI_FLAG_YES ? OI_RESULT_PASS : OI_RESULT_UNKNOWN, "%s %s", what,
			flag == OI_FLAG_YES ? "is there" : "could not be looked for");
	return true;
}

bool oi_gate_platform(struct oi_decision *d)
{
	return gate_dmi(d) &&
	       gate_flag(d, "platform-vmbus", d->facts->hyperv.vmbus, OI_R_PLATFORM_NO_VMBUS,
			 "the VMBus") &&
	       gate_flag(d, "platform-pci", d->facts->hyperv.pci_hyperv, OI_R_PLATFORM_NO_PCI,
			 "the PCI pass-through driver");
}

/* --- VM size --- */

/* "HB120*" means what "Standard_HB120*" does: nobody types the prefix twice. */
static const char *match_globs(const struct oi_strv *globs, const char *size)
{
	static const char prefix[] = "Standard_";
	const char *bare = !strncasecmp(size, prefix, strlen(prefix)) ? size + strlen(prefix) : size;

	for (size_t i = 0; i < globs->n; i++)
		if (!fnmatch(globs->v[i], size, FNM_CASEFOLD) ||
		    !fnmatch(globs->v[i], bare, FNM_CASEFOLD))
			return globs->v[i];
	return NULL;
}

static const struct oi_pci_function *first_infiniband(const struct oi_facts *facts)
{
	for (size_t i = 0; i < facts->pci.n; i++)
		if (oi_pci_is_infiniband(&facts->pci.v[i]))
			return &facts->pci.v[i];
	return NULL;
}

/* The hardware wins over the name: a size may come with a newer adapter than its page says. */
static void find_generation(struct oi_decision *d)
{
	const struct oi_pci_function *function = first_infiniband(d->facts);
	const struct oi_pci_id *id =
		function ? oi_catalog_find_pci(d->catalog, function->device) : NULL;
	OI_FREE char *device = function ? oi_mem_printf("%04x", function->device) : NULL;

	if (d->size)
		d->generation = d->size->nic_generation;
	if (id && (!d->size || !oi_strv_has(&d->size->pci_device_ids, device)))
		d->generation = id->nic_generation;
	if (!d->generation)
		oi_verdict_rule(d->verdict, "nic-generation", OI_RESULT_UNKNOWN,
				"unknown from the VM size and the device id");
	else
		oi_verdict_rule(d->verdict, "nic-generation", OI_RESULT_PASS, "%s%s%s",
				d->generation, device ? ", device 15b3:" : " by the VM size",
				device ? device : "");
}

/* A size that no table of RDMA sizes has: only the hardware itself can speak for it. */
static bool gate_strange_size(struct oi_decision *d, const char *name)
{
	const struct oi_other_size *other = oi_catalog_find_other(d->catalog, name);

	if (oi_machine_has_infiniband(d->facts)) {
		oi_verdict_rule(d->verdict, "vm-size", OI_RESULT_UNKNOWN,
				"warning: %s is %s, but an InfiniBand function is there", name,
				other ? "listed as a size without RDMA" : "not in the catalog");
		return true;
	}
	oi_verdict_rule(d->verdict, "vm-size", OI_RESULT_FAIL, "%s: %s", name,
			other ? other->why : "not in the catalog");
	if (d->facts->hyperv.network_direct == OI_FLAG_YES)
		return oi_decision_refuse(d, OI_R_SIZE_NETWORK_DIRECT, "%s", name);
	if (other)
		return oi_decision_refuse(d, OI_R_SIZE_NOT_RDMA, "%s (%s)", name, other->why);
	return oi_decision_refuse(d, OI_R_SIZE_NOT_IN_CATALOG, "%s", name);
}

static bool gate_unknown_size(struct oi_decision *d)
{
	if (oi_machine_has_infiniband(d->facts)) {
		oi_verdict_rule(d->verdict, "vm-size", OI_RESULT_UNKNOWN,
				"warning: the size could not be read, but an InfiniBand function is there");
		return true;
	}
	oi_verdict_rule(d->verdict, "vm-size", OI_RESULT_UNKNOWN, "the size could not be read");
	return oi_decision_refuse(d, OI_R_SIZE_UNKNOWN_NO_DEVICE, "%s", "");
}

static bool gate_named_size(struct oi_decision *d, const char *name)
{
	const char *glob = match_globs(&d->config->vm_sizes.deny, name);

	d->size = oi_catalog_find_size(d->catalog, name);
	if (glob) {
		oi_verdict_rule(d->verdict, "vm-size", OI_RESULT_FAIL, "vm_sizes.deny has %s", glob);
		return oi_decision_refuse(d, OI_R_SIZE_DENIED, "%s matches %s", name, glob);
	}
	glob = match_globs(&d->config->vm_sizes.allow, name);
	if (glob) {
		oi_verdict_rule(d->verdict, "vm-size", OI_RESULT_PASS, "vm_sizes.allow has %s", glob);
		return true;
	}
	if (!d->size)
		return gate_strange_size(d, name);
	if (d->size->network_direct) {
		oi_verdict_rule(d->verdict, "vm-size", OI_RESULT_FAIL, "%s: network direct", name);
		return oi_decision_refuse(d, OI_R_SIZE_NETWORK_DIRECT, "%s", name);
	}
	oi_verdict_rule(d->verdict, "vm-size", OI_RESULT_PASS, "%s: %s, %d x %d Gb/s%s%s",
			d->size->name, d->size->nic_generation, d->size->ib_ports,
			d->size->link_gbps, d->size->note ? "; doubt: " : "",
			d->size->note ? d->size->note : "");
	return true;
}

bool oi_gate_size(struct oi_decision *d)
{
	const char *name = oi_text_or(&d->facts->vm.size, NULL);

	if (!(name ? gate_named_size(d, name) : gate_unknown_size(d)))
		return false;
	find_generation(d);
	return true;
}

/* --- image / distribution --- */

/* May the distribution's own packages stand in: what the stanza names exactly is never replaced. */
static bool take_last_resort(struct oi_decision *d, const char *id, const char *version)
{
	const struct oi_config *c = d->config;
	const struct oi_inbox *row = oi_choose_newest_inbox(d);
	OI_FREE char *doubt = NULL;

	if (!row || c->source.url || c->version ||
	    (c->driver != OI_DRIVER_AUTO && c->driver != OI_DRIVER_INBOX))
		return false;
	if (c->on_unsupported == OI_UNSUPPORTED_STRICT) {
		oi_verdict_rule(d->verdict, "on-unsupported", OI_RESULT_FAIL,
				"strict: the packages of %s %s are not tried on %s", row->distro_id,
				row->distro_version, version);
		return false;
	}
	d->inbox = row;
	d->last_resort = true;
	doubt = oi_mem_printf("the catalog does not know %s %s", id, version);
	oi_mem_set(&d->verdict->doubt, doubt);
	return true;
}

bool oi_gate_distro(struct oi_decision *d)
{
	const struct oi_facts *f = d->facts;
	const char *id = oi_text_or(&f->os.id, NULL);
	const char *version = oi_text_or(&f->os.version_id, "(no version)");

	d->arch = oi_text_or(&f->kernel.arch, d->size ? d->size->arch : NULL);
	if (!id) {
		oi_verdict_rule(d->verdict, "distro", OI_RESULT_UNKNOWN, "os-release has no ID");
		return oi_decision_refuse(d, OI_R_DISTRO_UNKNOWN, "%s", "");
	}
	d->inbox = oi_choose_inbox(d);
	if (!oi_choose_any(d, false) && !take_last_resort(d, id, version)) {
		oi_verdict_rule(d->verdict, "distro", OI_RESULT_FAIL, "%s %s on %s has no row", id,
				version, d->arch ? d->arch : "an unknown architecture");
		return oi_decision_refuse(d, oi_choose_source_only(d) ? OI_R_SOURCE_ONLY :
									OI_R_DISTRO_UNSUPPORTED, "%s %s on %s%s", id, version,
					  d->arch ? d->arch : "an unknown architecture",
					  d->config->on_unsupported == OI_UNSUPPORTED_STRICT && oi_choose_newest_inbox(d) ?
						  " (on_unsupported: strict; without it the distribution's own packages are tried)" : "");
	}
	if (!oi_choose_any(d, true)) {
		oi_verdict_rule(d->verdict, "distro", OI_RESULT_FAIL, "%s %s on %s has no row for %s",
				id, version, d->arch, d->generation);
		return oi_decision_refuse(d, OI_R_DISTRO_NO_GENERATION, "%s on %s %s", d->generation,
					  id, version);
	}
	if (d->last_resort)
		oi_verdict_rule(d->verdict, "distro", OI_RESULT_UNKNOWN,
				"warning: no row is for %s %s on %s; it is taken for newer than %s (%s:%u), and gets the same packages",
				id, version, d->arch, d->inbox->distro_version, d->inbox->from.file,
				d->inbox->from.line);
	else
		oi_verdict_rule(d->verdict, "distro", OI_RESULT_PASS, "%s %s on %s", id, version, d->arch);
	return true;
}

/* --- device --- */

bool oi_gate_device(struct oi_decision *d)
{
	const struct oi_facts *f = d->facts;
	size_t infiniband = 0;
	size_t ethernet;

	for (size_t i = 0; i < f->pci.n; i++)
		infiniband += oi_pci_is_infiniband(&f->pci.v[i]);
	ethernet = f->pci.n - infiniband;
	if (infiniband) {
		oi_verdict_rule(d->verdict, "device", OI_RESULT_PASS, "%zu InfiniBand function%s",
				infiniband, infiniband == 1 ? "" : "s");
		return true;
	}
	d->verdict->may_wait = true;
	if (f->pci.known == OI_UNKNOWN) {
		oi_verdict_rule(d->verdict, "device", OI_RESULT_UNKNOWN, "the PCI bus could not be read");
		return oi_decision_refuse(d, OI_R_DEVICE_MISSING, "the PCI bus could not be read");
	}
	oi_verdict_rule(d->verdict, "device", OI_RESULT_FAIL,
			"no InfiniBand function, %zu of another kind (Accelerated Networking does not count)",
			ethernet);
	return oi_decision_refuse(d, OI_R_DEVICE_MISSING, "%s",
				  oi_text_or(&f->vm.size, "size unknown"));
}

/* --- pre-flight --- */

static bool gate_secure_boot(struct oi_decision *d)
{
	const char *why = oi_machine_refuses_unsigned(d->facts);

	if (oi_artefact_from_distro(d))
		return true; /* the distribution's modules are signed by the distribution */
	if (!why) {
		oi_verdict_rule(d->verdict, "module-signing",
				d->facts->security.secure_boot == OI_FLAG_UNKNOWN ?
					OI_RESULT_UNKNOWN : OI_RESULT_PASS,
				d->facts->security.secure_boot == OI_FLAG_UNKNOWN ?
					"Secure Boot could not be looked at" :
					"unsigned modules may be loaded");
		return true;
	}
	if (d->config->secure_boot.key) {
		oi_verdict_rule(d->verdict, "module-signing", OI_RESULT_PASS,
				"%s, and modules will be signed with the stanza's key", why);
		return true;
	}
	oi_verdict_rule(d->verdict, "module-signing", OI_RESULT_FAIL, "%s", why);
	return oi_decision_refuse(d, OI_R_SECURE_BOOT, "%s", why);
}

/* On a method that can install them they are part of the plan, and the simulation judges. */
static bool gate_build_tools(struct oi_decision *d)
{
	const struct oi_facts *f = d->facts;
	bool installable = d->inbox && d->inbox->build.n;
	bool missing = f->kernel.headers == OI_FLAG_NO || f->kernel.headers == OI_FLAG_ABSENT;

	if (oi_artefact_from_distro(d))
		return true;
	if (missing && !installable) {
		oi_verdict_rule(d->verdict, "headers", OI_RESULT_FAIL,
				"not installed, and no package of them is known here");
		return oi_decision_refuse(d, OI_R_HEADERS_MISSING, "%s",
					  oi_text_or(&f->kernel.release, "kernel unknown"));
	}
	oi_verdict_rule(d->verdict, "headers",
			f->kernel.headers == OI_FLAG_YES ? OI_RESULT_PASS : OI_RESULT_UNKNOWN, "%s",
			f->kernel.headers == OI_FLAG_YES ? "installed for the running kernel" :
			installable ? "not installed: part of the plan" : "not installed");
	if ((f->kernel.compiler == OI_FLAG_NO || f->kernel.compiler == OI_FLAG_ABSENT) &&
	    !installable) {
		oi_verdict_rule(d->verdict, "compiler", OI_RESULT_FAIL,
				"not installed, and no package of one is known here");
		return oi_decision_refuse(d, OI_R_COMPILER_MISSING, "%s", "");
	}
	return true;
}

/* @fs: NULL: all of it goes to one file system */
static int64_t room_needed(const struct oi_decision *d, const struct oi_file_system *fs)
{
	int64_t mib = 0;

	for (size_t i = 0; i < OI_ARRAY_SIZE(rooms); i++)
		if (!fs || oi_strv_has(&fs->holds, rooms[i].place))
			mib += d->stack == OI_DRIVER_INBOX ? rooms[i].inbox_mib : rooms[i].ofed_mib;
	return mib;
}

static bool has_room(struct oi_decision *d, const struct oi_file_system *fs, int64_t free_bytes)
{
	const long long needed = room_needed(d, fs), free_mib = free_bytes / MIB;
	const char *mount = fs ? fs->mount : "", *colon = fs ? ": " : "";

	if (free_bytes >= needed * MIB) {
		oi_verdict_rule(d->verdict, "disk-space", OI_RESULT_PASS, "%s%s%lld MiB free, %lld needed",
				mount, colon, free_mib, needed);
		return true;
	}
	oi_verdict_rule(d->verdict, "disk-space", OI_RESULT_FAIL, "%s%s%lld MiB free, %lld needed", mount,
			colon, free_mib, needed);
	return oi_decision_refuse(d, OI_R_DISK_SPACE, "%s%s%lld MiB free, %lld needed", mount, colon,
				  free_mib, needed);
}

static bool gate_disk(struct oi_decision *d)
{
	const struct oi_facts *f = d->facts;

	if (f->disk.known != OI_KNOWN) {
		oi_verdict_rule(d->verdict, "disk-space", OI_RESULT_UNKNOWN,
				"free space could not be read");
		return true;
	}
	for (size_t i = 0; i < f->disk.n; i++)
		if (room_needed(d, &f->disk.v[i]) && !has_room(d, &f->disk.v[i], f->disk.v[i].free_bytes))
			return false;
	return f->disk.n || has_room(d, NULL, f->disk.work_free_bytes);
}

/* What is not https proves nothing by itself: then only a digest can. */
static bool gate_digest(struct oi_decision *d)
{
	struct oi_strv urls = { 0 };
	bool all_https = true;

	if (oi_artefact_from_distro(d))
		return true; /* the package manager checks what it fetches */
	if (oi_artefact_is_address(d)) {
		oi_verdict_rule(d->verdict, "digest", OI_RESULT_PASS,
				"none is needed: the repository is signed, by a key of the catalog");
		return true;
	}
	oi_artefact_sources(d, &urls);
	for (size_t i = 0; i < urls.n; i++)
		all_https = all_https && !strncmp(urls.v[i], "https://", 8);
	oi_strv_clear(&urls);
	if (oi_artefact_digest(d)) {
		oi_verdict_rule(d->verdict, "digest", OI_RESULT_PASS, "sha256 %.12s...",
				oi_artefact_digest(d));
		return true;
	}
	oi_verdict_rule(d->verdict, "digest", all_https ? OI_RESULT_UNKNOWN : OI_RESULT_FAIL,
			"none is published%s",
			all_https ? ": authenticated by TLS and by the packages' own signatures" : "");
	return all_https || oi_decision_refuse(d, OI_R_DIGEST_MISSING, "%s %s",
					       d->verdict->driver.stack,
					       d->verdict->driver.version);
}

bool oi_gate_preflight(struct oi_decision *d)
{
	return gate_secure_boot(d) && gate_build_tools(d) && gate_disk(d) && gate_digest(d);
}
