/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/config_keys.h"

#include <string.h>

#define AT(member) offsetof(struct oi_config, member)

/* A day: longer than any boot may last. */
#define LONGEST_SECONDS 86400

/* An hour: then even a thousand VMs come one in four seconds. */
#define LONGEST_SPREAD_SECONDS 3600

const struct oi_config_key oi_config_keys[] = {
	{ .path = "enabled", .type = OI_KEY_BOOL, .offset = AT(enabled),
	  .about = "Set up InfiniBand on this VM. No stanza at all means: do nothing." },
	{ .path = "driver", .type = OI_KEY_CHOICE, .offset = AT(driver),
	  .choices = { "auto", "doca-ofed", "mlnx-ofed", "inbox" },
	  .about = "The driver stack; auto takes the best that fits distribution and adapter." },
	{ .path = "version", .type = OI_KEY_VERSION, .offset = AT(version),
	  .about = "default, or an exact version in quotes." },
	{ .path = "on_unsupported", .type = OI_KEY_TWO_WAYS, .offset = AT(skip_unsupported),
	  .choices = { "fail", "skip" },
	  .about = "On a VM that cannot have InfiniBand: fail with exit 10 to 13, or skip with exit 0 (one image for mixed sizes)." },
	{ .path = "on_failure", .type = OI_KEY_TWO_WAYS, .offset = AT(block_on_failure),
	  .choices = { "continue", "block" },
	  .about = "When the set-up fails: let workloads start anyway, or hold back cloud-init's final stage." },
	{ .path = "reboot", .type = OI_KEY_TWO_WAYS, .offset = AT(reboot_if_needed),
	  .choices = { "never", "if_needed" },
	  .about = "When the new modules cannot take the place of the loaded ones: fail, or restart the VM, once, before workloads start." },
	{ .path = "modules", .type = OI_KEY_TWO_WAYS, .offset = AT(all_modules),
	  .choices = { "fabric", "all" },
	  .about = "Which of the vendor's modules are compiled: the driver's own, or also what else its packages bring (iSER, SRP, NVMe and NFS over RDMA, knem, xpmem, firmware tools)." },
	{ .path = "vm_sizes", .type = OI_KEY_MAP,
	  .about = "Changes the catalog's answer for some VM sizes." },
	{ .path = "vm_sizes.allow", .type = OI_KEY_STRINGS, .offset = AT(vm_sizes.allow),
	  .about = "Globs, without regard to case: sizes to go on with whatever the catalog says." },
	{ .path = "vm_sizes.deny", .type = OI_KEY_STRINGS, .offset = AT(vm_sizes.deny),
	  .about = "Globs, without regard to case: sizes to refuse; beats allow." },
	{ .path = "source", .type = OI_KEY_MAP,
	  .about = "Where the driver comes from, when not from its vendor." },
	{ .path = "source.mirrors", .type = OI_KEY_STRINGS, .offset = AT(source.mirrors),
	  .about = "Base URLs, tried in order instead of the vendor's." },
	{ .path = "source.url", .type = OI_KEY_TEXT, .offset = AT(source.url),
	  .about = "An exact artefact (.deb, .rpm, .tgz, .iso); needs sha256." },
	{ .path = "source.sha256", .type = OI_KEY_TEXT, .offset = AT(source.sha256),
	  .about = "The artefact's SHA-256 digest, 64 hexadecimal digits." },
	{ .path = "source.directory", .type = OI_KEY_TEXT, .offset = AT(source.directory),
	  .about = "A folder with the artefacts; no network is used for them." },
	{ .path = "source.proxy", .type = OI_KEY_TEXT, .offset = AT(source.proxy),
	  .about = "Proxy for downloads, as a URL." },
	{ .path = "source.ca_bundle", .type = OI_KEY_TEXT, .offset = AT(source.ca_bundle),
	  .about = "A file of CA certificates to trust for downloads instead of the system's." },
	{ .path = "source.no_proxy", .type = OI_KEY_STRINGS, .offset = AT(source.no_proxy),
	  .about = "Hosts, domains, addresses and networks that are reached without the proxy." },
	{ .path = "source.identity", .type = OI_KEY_TEXT, .offset = AT(source.identity),
	  .about = "The VM's managed identity that url, mirrors and modules_cache.url on Azure storage are opened with: system, or a client id." },
	{ .path = "source.spread_seconds", .type = OI_KEY_NUMBER, .offset = AT(source.spread_seconds),
	  .low = 0, .high = LONGEST_SPREAD_SECONDS,
	  .about = "A fleet's downloads begin spread over so much time, each VM always at the same moment of it; 0: at once." },
	{ .path = "secure_boot", .type = OI_KEY_MAP,
	  .about = "A key pair that signs modules built on the VM." },
	{ .path = "secure_boot.key", .type = OI_KEY_TEXT, .offset = AT(secure_boot.key),
	  .about = "File of the private key." },
	{ .path = "secure_boot.certificate", .type = OI_KEY_TEXT, .offset = AT(secure_boot.certificate),
	  .about = "File of its X.509 certificate, which the firmware or shim trusts." },
	{ .path = "modules_cache", .type = OI_KEY_MAP,
	  .about = "Built modules, shared between VMs." },
	{ .path = "modules_cache.url", .type = OI_KEY_TEXT, .offset = AT(modules_cache.url),
	  .about = "Where built modules are looked up: an https:// address or a folder." },
	{ .path = "modules_cache.public_key", .type = OI_KEY_TEXT, .offset = AT(modules_cache.public_key),
	  .about = "File of a public key: built modules without a signature of its private half are not used." },
	{ .path = "modules_cache.publish", .type = OI_KEY_BOOL, .offset = AT(modules_cache.publish),
	  .about = "Put freshly built modules there, if there are none for such a machine yet." },
	{ .path = "ipoib", .type = OI_KEY_AUTO_BOOL, .offset = AT(ipoib),
	  .about = "Load IP over InfiniBand; auto does, unless the driver's openib.conf says otherwise." },
	{ .path = "persistent_names", .type = OI_KEY_BOOL, .offset = AT(persistent_names),
	  .about = "Name RDMA devices by their place on the PCI bus." },
	{ .path = "verify", .type = OI_KEY_MAP, .about = "What must be true of the fabric in the end." },
	{ .path = "verify.wait_seconds", .type = OI_KEY_NUMBER, .offset = AT(verify.wait_seconds),
	  .low = 0, .high = LONGEST_SECONDS,
	  .about = "How long to wait for a late device and for ports to become ACTIVE." },
	{ .path = "verify.ports", .type = OI_KEY_AUTO_NUMBER, .offset = AT(verify.ports),
	  .low = 1, .high = 64, .about = "InfiniBand ports to expect; auto: as the VM size has." },
	{ .path = "verify.min_rate_gbps", .type = OI_KEY_AUTO_NUMBER, .offset = AT(verify.min_rate_gbps),
	  .low = 1, .high = 10000,
	  .about = "Least rate of each port in Gb/s; auto: as the VM size has." },
	{ .path = "verify.network_wait_seconds", .type = OI_KEY_NUMBER,
	  .offset = AT(verify.network_wait_seconds), .low = 0, .high = LONGEST_SECONDS,
	  .about = "How long the machine's network may be gone after drivers were exchanged, before the kernel's own come back; 0: do not look." },
	{ .path = "tuning", .type = OI_KEY_MAP, .about = "Settings that RDMA programs need." },
	{ .path = "tuning.memlock", .type = OI_KEY_BOOL, .offset = AT(tuning.memlock),
	  .about = "Lift the limit of locked memory for all users." },
	{ .path = "report", .type = OI_KEY_MAP, .about = "Who else is told how the run went." },
	{ .path = "report.prometheus", .type = OI_KEY_TEXT, .offset = AT(report.prometheus),
	  .about = "Folder of node_exporter's textfile collector, for ofed_init.prom; null: a usual one, when it is there." },
	{ .path = "report.webhook", .type = OI_KEY_TEXT, .offset = AT(report.webhook),
	  .about = "URL that gets a start and a finish event by POST, in JSON, as from cloud-init's reporting." },
	{ .path = "hold_units", .type = OI_KEY_STRINGS, .offset = AT(hold_units),
	  .about = "systemd units that are to wait for infiniband-ready.target." },
	{ .path = "blacklist", .type = OI_KEY_STRINGS, .offset = AT(blacklist),
	  .about = "Kernel modules that are not to be loaded by themselves, such as mana_ib." },
	{ .path = "timeout_seconds", .type = OI_KEY_NUMBER, .offset = AT(timeout_seconds),
	  .low = 1, .high = LONGEST_SECONDS, .about = "Time for the whole run." },
};

const size_t oi_config_n_keys = OI_ARRAY_SIZE(oi_config_keys);

const char *oi_config_leaf(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot ? dot + 1 : path;
}

struct oi_doc *oi_config_group_of(struct oi_doc *top, const char *path)
{
	const char *dot = strchr(path, '.');

	if (!dot)
		return top;
	for (size_t i = 0; i < top->n; i++)
		if (!strncmp(top->keys[i], path, (size_t)(dot - path)) &&
		    !top->keys[i][dot - path])
			return top->items[i];
	return top;
}

struct oi_doc *oi_config_value_to_doc(const struct oi_config *config,
				      const struct oi_config_key *key)
{
	const void *at = (const char *)config + key->offset;
	int number;

	switch (key->type) {
	case OI_KEY_MAP:
		return oi_doc_new(OI_DOC_MAP);
	case OI_KEY_BOOL:
		return oi_doc_new_bool(*(const bool *)at);
	case OI_KEY_AUTO_BOOL:
		if (*(const enum oi_auto *)at == OI_AUTO)
			return oi_doc_new_string("auto");
		return oi_doc_new_bool(*(const enum oi_auto *)at == OI_AUTO_TRUE);
	case OI_KEY_NUMBER:
	case OI_KEY_AUTO_NUMBER:
		number = *(const int *)at;
		return number == OI_AUTO_NUMBER ? oi_doc_new_string("auto") :
						  oi_doc_new_int(number);
	case OI_KEY_CHOICE:
		return oi_doc_new_string(key->choices[*(const enum oi_driver *)at]);
	case OI_KEY_TWO_WAYS:
		return oi_doc_new_string(key->choices[*(const bool *)at]);
	case OI_KEY_TEXT:
		return oi_doc_new_string(*(char *const *)at);
	case OI_KEY_VERSION:
		return oi_doc_new_string(*(char *const *)at ? *(char *const *)at : "default");
	case OI_KEY_STRINGS:
		return oi_doc_new_strings(at);
	}
	return oi_doc_new(OI_DOC_NULL);
}
