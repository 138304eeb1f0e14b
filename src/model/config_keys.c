/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/config_keys.h"

#include <string.h>

#define AT(member) offsetof(struct oi_config, member)

/* Choices are read and written as a number, whichever enum they are. */
_Static_assert(sizeof(enum oi_driver) == sizeof(unsigned int) &&
	       sizeof(enum oi_unsupported) == sizeof(unsigned int), "an enum is as wide as its number");

/* A day: longer than any boot may last. */
#define LONGEST_SECONDS 86400

/* An hour: then even a thousand VMs come one in four seconds. */
#define LONGEST_SPREAD_SECONDS 3600

const struct oi_config_key oi_config_keys[] = {
	{ .path = "enabled", .type = OI_KEY_BOOL, .offset = AT(enabled), .section = OI_KEYS_ASKED,
	  .about = "Set up InfiniBand on this VM. Without any stanza nothing is done.",
	  .more = "With false the stanza is checked, and nothing is done.",
	  .example = "enabled: false" },
	{ .path = "driver", .type = OI_KEY_CHOICE, .offset = AT(driver), .choices = { "auto", "doca-ofed", "mlnx-ofed", "inbox" }, .section = OI_KEYS_ASKED,
	  .about = "The driver stack; auto takes the best one that the catalog has for distribution, architecture and adapter.",
	  .example = "driver: doca-ofed" },
	{ .path = "version", .type = OI_KEY_VERSION, .offset = AT(version), .section = OI_KEYS_ASKED,
	  .about = "default, or an exact version of the catalog, in quotes.",
	  .example = "version: \"3.2.0\"" },
	{ .path = "on_unsupported", .type = OI_KEY_CHOICE, .offset = AT(on_unsupported), .choices = { "fail", "skip", "strict" }, .section = OI_KEYS_ASKED,
	  .about = "On a VM that cannot have InfiniBand: fail with exit 10 to 13, or skip with exit 0 (one image for mixed sizes); strict fails on unknown releases too.",
	  .more = "A release of a known distribution that is newer than the catalog's gets the distribution's own packages as the last resort, with a warning. With strict it is refused, with exit 12.",
	  .example = "on_unsupported: skip" },
	{ .path = "on_failure", .type = OI_KEY_TWO_WAYS, .offset = AT(block_on_failure), .choices = { "continue", "block" }, .section = OI_KEYS_ASKED,
	  .about = "When the set-up fails: let workloads start anyway, or hold back cloud-init's final stage.",
	  .more = "block counts whatever else is wrong: an unknown key, a file that breaks off after it, a program that does not start. The strongest file that says anything counts. One that cannot be parsed, or that others may write, can ask for a block and cannot lift it.",
	  .example = "on_failure: block" },
	{ .path = "reboot", .type = OI_KEY_TWO_WAYS, .offset = AT(reboot_if_needed), .choices = { "never", "if_needed" }, .section = OI_KEYS_ASKED,
	  .about = "When the new modules cannot replace the loaded ones: fail, or restart the VM, once, before workloads start.",
	  .example = "reboot: if_needed" },
	{ .path = "modules", .type = OI_KEY_TWO_WAYS, .offset = AT(all_modules), .choices = { "fabric", "all" }, .section = OI_KEYS_ASKED,
	  .about = "Which of the vendor's modules are compiled: the driver's own, or also what else its packages bring (iSER, SRP, NVMe and NFS over RDMA, knem, xpmem, firmware tools).",
	  .more = "fabric is the driver itself: MPI, verbs and IPoIB need no more. all adds what else the packages register with dkms: iser, isert, srp, mlnx-nvme, mlnx-nfsrdma, knem, xpmem, kernel-mft-dkms. What is left out is not compiled for later kernels either: /etc/dkms/NAME.conf says so, unless there is one of your own. The kernel's own modules of these names do not load beside the vendor's ib_core. The key counts when the driver is installed, or compiled for another kernel.",
	  .example = "modules: all" },
	{ .path = "vm_sizes", .type = OI_KEY_MAP, .section = OI_KEYS_SIZES,
	  .about = "Changes the catalog's answer for some VM sizes.",
	  .example = "vm_sizes: {deny: [\"Standard_NC*\"]}" },
	{ .path = "vm_sizes.allow", .type = OI_KEY_STRINGS, .offset = AT(vm_sizes.allow), .section = OI_KEYS_SIZES,
	  .about = "Globs, regardless of case: sizes to go on with whatever the catalog says.",
	  .example = "allow: [\"Standard_HB*\"]" },
	{ .path = "vm_sizes.deny", .type = OI_KEY_STRINGS, .offset = AT(vm_sizes.deny), .section = OI_KEYS_SIZES,
	  .about = "Globs, regardless of case: sizes to refuse; beats allow.",
	  .example = "deny: [\"Standard_NC24rs_v3\"]" },
	{ .path = "source", .type = OI_KEY_MAP, .section = OI_KEYS_SOURCE,
	  .about = "Where the driver comes from, when not from its vendor.",
	  .example = "source: {mirrors: [\"https://mirror.example/drivers\"]}" },
	{ .path = "source.mirrors", .type = OI_KEY_STRINGS, .offset = AT(source.mirrors), .section = OI_KEYS_SOURCE,
	  .about = "Base URLs, tried in order instead of the vendor's.",
	  .example = "mirrors: [\"https://a.example/drivers\", \"https://b.example/drivers\"]" },
	{ .path = "source.url", .type = OI_KEY_TEXT, .offset = AT(source.url), .section = OI_KEYS_SOURCE,
	  .about = "An exact artefact (.deb, .rpm, .tgz, .iso); needs sha256.",
	  .example = "url: \"https://store.example/doca-host.deb\"" },
	{ .path = "source.sha256", .type = OI_KEY_TEXT, .offset = AT(source.sha256), .section = OI_KEYS_SOURCE,
	  .about = "The artefact's SHA-256 digest, 64 hexadecimal digits.",
	  .more = "Shortened in the example.",
	  .example = "sha256: \"0f1e...d2c3\"" },
	{ .path = "source.directory", .type = OI_KEY_TEXT, .offset = AT(source.directory), .section = OI_KEYS_SOURCE,
	  .about = "A folder with the artefacts; no network is used for them.",
	  .example = "directory: /mnt/drivers" },
	{ .path = "source.proxy", .type = OI_KEY_TEXT, .offset = AT(source.proxy), .section = OI_KEYS_SOURCE,
	  .about = "Proxy for downloads, as a URL.",
	  .more = "A password in it is written to no log.",
	  .example = "proxy: \"http://proxy.example:3128\"" },
	{ .path = "source.ca_bundle", .type = OI_KEY_TEXT, .offset = AT(source.ca_bundle), .section = OI_KEYS_SOURCE,
	  .about = "A file of CA certificates to trust for downloads instead of the system's.",
	  .more = "The file and its folders must belong to root, and nobody else may write to them.",
	  .example = "ca_bundle: /etc/ssl/site-ca.pem" },
	{ .path = "source.no_proxy", .type = OI_KEY_STRINGS, .offset = AT(source.no_proxy), .section = OI_KEYS_SOURCE,
	  .about = "Hosts, domains, addresses and networks that are reached without the proxy.",
	  .example = "no_proxy: [\".internal.example\", \"10.0.0.0/8\"]" },
	{ .path = "source.identity", .type = OI_KEY_TEXT, .offset = AT(source.identity), .section = OI_KEYS_SOURCE,
	  .about = "The VM's managed identity that opens url, mirrors and modules_cache.url on Azure storage: system, or a client id.",
	  .more = "Refused without any of the three, since a vendor has no use for it.",
	  .example = "identity: system" },
	{ .path = "source.spread_seconds", .type = OI_KEY_NUMBER, .offset = AT(source.spread_seconds), .low = 0, .high = LONGEST_SPREAD_SECONDS, .section = OI_KEYS_SOURCE,
	  .about = "Spread the start of a fleet's downloads over this time; each VM always has the same moment of it. 0: at once.",
	  .example = "spread_seconds: 60" },
	{ .path = "secure_boot", .type = OI_KEY_MAP, .section = OI_KEYS_SIGNING,
	  .about = "A key pair that signs modules built on the VM.",
	  .more = "See ofed-init(8).",
	  .example = "secure_boot: {key: /etc/ofed-init/mok.priv, certificate: /etc/ofed-init/mok.der}" },
	{ .path = "secure_boot.key", .type = OI_KEY_TEXT, .offset = AT(secure_boot.key), .section = OI_KEYS_SIGNING,
	  .about = "File of the private key.",
	  .more = "PEM, without pass phrase, owned by root, mode 0600.",
	  .example = "key: /etc/ofed-init/mok.priv" },
	{ .path = "secure_boot.certificate", .type = OI_KEY_TEXT, .offset = AT(secure_boot.certificate), .section = OI_KEYS_SIGNING,
	  .about = "File of its X.509 certificate, which the firmware or shim trusts.",
	  .more = "DER or PEM.",
	  .example = "certificate: /etc/ofed-init/mok.der" },
	{ .path = "modules_cache", .type = OI_KEY_MAP, .section = OI_KEYS_CACHE,
	  .about = "Built modules, shared between VMs.",
	  .more = "See ofed-init(8).",
	  .example = "modules_cache: {url: /mnt/share/modules, publish: true}" },
	{ .path = "modules_cache.url", .type = OI_KEY_TEXT, .offset = AT(modules_cache.url), .section = OI_KEYS_CACHE,
	  .about = "Where built modules are looked up: an https:// address or a folder.",
	  .example = "url: \"https://store.example/modules\"" },
	{ .path = "modules_cache.public_key", .type = OI_KEY_TEXT, .offset = AT(modules_cache.public_key), .section = OI_KEYS_CACHE,
	  .about = "File of a public key: built modules that its private key has not signed are not used.",
	  .more = "An absolute path; PEM. See ofed-init(8).",
	  .example = "public_key: /etc/ofed-init/modules.pem" },
	{ .path = "modules_cache.publish", .type = OI_KEY_BOOL, .offset = AT(modules_cache.publish), .section = OI_KEYS_CACHE,
	  .about = "Put freshly built modules there, if there are none for such a machine yet.",
	  .more = "What is there is never overwritten.",
	  .example = "publish: true" },
	{ .path = "ipoib", .type = OI_KEY_AUTO_BOOL, .offset = AT(ipoib), .section = OI_KEYS_MACHINE,
	  .about = "Load IP over InfiniBand; auto does, unless the driver's openib.conf says otherwise.",
	  .example = "ipoib: true" },
	{ .path = "persistent_names", .type = OI_KEY_BOOL, .offset = AT(persistent_names), .section = OI_KEYS_MACHINE,
	  .about = "Name RDMA devices by their place on the PCI bus.",
	  .example = "persistent_names: false" },
	{ .path = "verify", .type = OI_KEY_MAP, .section = OI_KEYS_VERIFY,
	  .about = "What must be true of the fabric in the end.",
	  .example = "verify: {ports: 8, min_rate_gbps: 400}" },
	{ .path = "verify.wait_seconds", .type = OI_KEY_NUMBER, .offset = AT(verify.wait_seconds), .low = 0, .high = LONGEST_SECONDS, .section = OI_KEYS_VERIFY,
	  .about = "How long to wait for a late device and for ports to become ACTIVE.",
	  .example = "wait_seconds: 300" },
	{ .path = "verify.ports", .type = OI_KEY_AUTO_NUMBER, .offset = AT(verify.ports), .low = 1, .high = 64, .section = OI_KEYS_VERIFY,
	  .about = "InfiniBand ports to expect; auto: as the VM size has.",
	  .example = "ports: 8" },
	{ .path = "verify.min_rate_gbps", .type = OI_KEY_AUTO_NUMBER, .offset = AT(verify.min_rate_gbps), .low = 1, .high = 10000, .section = OI_KEYS_VERIFY,
	  .about = "Least rate of each port in Gb/s; auto: as the VM size has.",
	  .example = "min_rate_gbps: 200" },
	{ .path = "verify.network_wait_seconds", .type = OI_KEY_NUMBER, .offset = AT(verify.network_wait_seconds), .low = 0, .high = LONGEST_SECONDS, .section = OI_KEYS_VERIFY,
	  .about = "How long the machine's own network may be gone after drivers were exchanged, before ofed-init rolls back to the kernel's driver; 0: do not look.",
	  .example = "network_wait_seconds: 120" },
	{ .path = "tuning", .type = OI_KEY_MAP, .section = OI_KEYS_MACHINE,
	  .about = "Settings that RDMA programs need.",
	  .example = "tuning: {memlock: false}" },
	{ .path = "tuning.memlock", .type = OI_KEY_BOOL, .offset = AT(tuning.memlock), .section = OI_KEYS_MACHINE,
	  .about = "Lift the limit of locked memory for all users.",
	  .more = "Of sessions, and of the services in hold_units; another service needs LimitMEMLOCK=infinity of its own.",
	  .example = "memlock: false" },
	{ .path = "report", .type = OI_KEY_MAP, .section = OI_KEYS_TOLD,
	  .about = "Who else is told the result of a run.",
	  .example = "report: {prometheus: /var/lib/metrics}" },
	{ .path = "report.prometheus", .type = OI_KEY_TEXT, .offset = AT(report.prometheus), .section = OI_KEYS_TOLD,
	  .about = "Folder of node_exporter's textfile collector, for ofed_init.prom; null: a usual one, if it exists.",
	  .more = "The usual ones are /var/lib/prometheus/node-exporter and /var/lib/node_exporter/textfile_collector.",
	  .example = "prometheus: /var/lib/metrics" },
	{ .path = "report.webhook", .type = OI_KEY_TEXT, .offset = AT(report.webhook), .section = OI_KEYS_TOLD,
	  .about = "URL that gets a start and a finish event by POST, in JSON, as from cloud-init's reporting.",
	  .more = "An https:// or http:// address. An event has the fields of cloud-init's own (name, description, event_type, origin, timestamp, result, and from 26.1 on duration), and outcome, reason, exit_code, instance_id and vm_size. Each is sent once, through source.proxy, within five seconds. Only the end of the run waits for it.",
	  .example = "webhook: https://hook.example/ofed-init" },
	{ .path = "hold_units", .type = OI_KEY_STRINGS, .offset = AT(hold_units), .section = OI_KEYS_MACHINE,
	  .about = "systemd units that wait for infiniband-ready.target.",
	  .more = "From the first boot on; a service among them may lock memory without limit, unless tuning.memlock is false. A unit that cloud-init or the set-up itself waits for is an error, also where that is so only on one machine. One that runs already is named in the log.",
	  .example = "hold_units: [slurmd.service]" },
	{ .path = "blacklist", .type = OI_KEY_STRINGS, .offset = AT(blacklist), .section = OI_KEYS_MACHINE,
	  .about = "Kernel modules that are not loaded automatically, such as mana_ib.",
	  .example = "blacklist: [mana_ib]" },
	{ .path = "may_remove", .type = OI_KEY_STRINGS, .offset = AT(may_remove), .section = OI_KEYS_MACHINE,
	  .about = "Globs: packages of this machine that the installation may remove.",
	  .more = "What the driver's own packages replace (rdma-core, libibverbs and their kin) may always go. Anything else that would be removed is named, and nothing is changed.",
	  .example = "may_remove: [openmpi*, slurm-*]" },
	{ .path = "timeout_seconds", .type = OI_KEY_NUMBER, .offset = AT(timeout_seconds), .low = 1, .high = LONGEST_SECONDS, .section = OI_KEYS_ASKED,
	  .about = "Time for the whole run.",
	  .example = "timeout_seconds: 3600" },
};

const char *const oi_config_sections[OI_KEYS_COUNT] = {
	[OI_KEYS_ASKED] = "What to set up",
	[OI_KEYS_SIZES] = "Which sizes",
	[OI_KEYS_SOURCE] = "Where the driver comes from",
	[OI_KEYS_SIGNING] = "Secure Boot",
	[OI_KEYS_CACHE] = "Built modules",
	[OI_KEYS_MACHINE] = "The machine afterwards",
	[OI_KEYS_TOLD] = "Who is told",
	[OI_KEYS_VERIFY] = "What is verified",
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
	unsigned int choice;
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
		memcpy(&choice, at, sizeof(choice));
		return oi_doc_new_string(key->choices[choice]);
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
