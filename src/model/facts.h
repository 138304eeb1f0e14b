/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of the machine. A fact that could not be read is unknown, one
 * that is known not to be there is absent: two things, and neither is zero.
 * Snapshot format: JSON, schema 1; an absent key is unknown, null is absent.
 */
#ifndef OI_MODEL_FACTS_H
#define OI_MODEL_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/doc.h"
#include "base/err.h"
#include "base/strv.h"

enum oi_known { OI_UNKNOWN, OI_ABSENT, OI_KNOWN };

struct oi_text {
	enum oi_known known;
	char *value; /* set when known is OI_KNOWN, else NULL */
};

enum oi_flag { OI_FLAG_UNKNOWN, OI_FLAG_ABSENT, OI_FLAG_NO, OI_FLAG_YES };

struct oi_pci_function {
	char *address; /* "0101:00:00.0", full domain */
	unsigned int vendor;
	unsigned int device;
	unsigned int class_code; /* 16 bits: base class and subclass, 0x0207 is InfiniBand */
	char *driver; /* NULL: none bound */
};

struct oi_rdma_port {
	char *device; /* "mlx5_ib0" */
	unsigned int port;
	char *link_layer; /* "InfiniBand" or "Ethernet"; NULL: unreadable, so below */
	char *state; /* "ACTIVE" */
	char *phys_state; /* "LinkUp" */
	double rate_gbps; /* below 0: unreadable */
	char *address; /* of its PCI function; NULL: unreadable */
	int numa_node; /* of that function; below 0: unreadable, or near to none */
};

struct oi_module {
	char *name; /* "ib_core" */
	long refs; /* modules and others that use it; below 0: unknown */
	struct oi_strv holders; /* the modules among them */
};

struct oi_use {
	char *module; /* "rpcrdma" */
	char *by; /* "/etc/fstab: /data is of type nfs with proto=rdma" */
};

/* One that an installation writes to. */
struct oi_file_system {
	char *mount; /* "/usr" */
	int64_t free_bytes; /* for programs without privilege */
	struct oi_strv holds; /* which of /usr, /lib/modules, /var, /boot and /tmp */
};

struct oi_facts {
	struct {
		struct oi_text sys_vendor, product_name, chassis_asset_tag;
	} dmi;
	struct {
		enum oi_flag vmbus;
		enum oi_flag pci_hyperv; /* the pass-through driver is there or can be loaded */
		enum oi_flag network_direct; /* a VMBus channel of that class */
	} hyperv;
	struct {
		struct oi_text size, size_source, id, location;
		struct oi_text image_publisher, image_offer, image_sku, image_version;
	} vm;
	struct {
		struct oi_text id, version_id, pretty_name;
		enum oi_known id_like_known;
		struct oi_strv id_like;
		enum oi_known repositories_known;
		struct oi_strv repositories; /* ids of those in /etc/yum.repos.d that are enabled */
	} os;
	struct {
		struct oi_text release, arch;
		struct oi_text build; /* which of all builds of that release: when, and how configured */
		enum oi_flag headers; /* of this release */
		enum oi_flag compiler;
	} kernel;
	struct {
		enum oi_flag secure_boot;
		struct oi_text lockdown; /* "none", "integrity", "confidentiality" */
		enum oi_flag sig_enforce;
	} security;
	struct {
		enum oi_known known;
		struct oi_pci_function *v;
		size_t n;
	} pci;
	struct {
		enum oi_known known;
		struct oi_rdma_port *v;
		size_t n;
	} rdma;
	struct {
		enum oi_known known;
		struct oi_module *v; /* only those that RDMA is about */
		size_t n;
	} modules;
	struct {
		struct oi_use *v; /* of the kernel's clients of RDMA, loaded or not */
		size_t n;
	} uses;
	struct {
		struct oi_text stack; /* "doca-ofed", "mlnx-ofed", "inbox"; absent: none of them */
		struct oi_text version;
		struct oi_text kernel; /* the release that the stack has modules for */
		struct oi_text unfinished; /* the step at which an installation of ours stopped */
		enum oi_flag baked; /* by bake, for the running kernel, and as it was then;
				     * absent: not for this kernel */
	} installed;
	struct {
		enum oi_known known;
		int64_t work_free_bytes; /* the least of those that packages and downloads go to */
		struct oi_file_system *v; /* none in a snapshot of 0.1.0 */
		size_t n;
	} disk;
	struct oi_strv doubts; /* "vm.size: why it is unknown", for people */
};

/** oi_facts_clear() - free; fine on a zeroed one, and for OI_CLEANUP */
void oi_facts_clear(struct oi_facts *facts);

/**
 * oi_facts_add_file_system() - append one
 * @mount: copied
 * Return: it, borrowed until the next one is added.
 */
struct oi_file_system *oi_facts_add_file_system(struct oi_facts *facts, const char *mount,
						int64_t free_bytes);

/** oi_text_set() - known, with a copy of @value; NULL makes it absent */
void oi_text_set(struct oi_text *text, const char *value);
/** oi_text_or() - the value, or @otherwise when unknown or absent; borrowed */
const char *oi_text_or(const struct oi_text *text, const char *otherwise);
/** oi_text_is() - known and equal to @value, without regard to case */
bool oi_text_is(const struct oi_text *text, const char *value);
/** oi_flag_of() - yes or no */
enum oi_flag oi_flag_of(bool yes);

/** oi_facts_add_pci(), oi_facts_add_port() - append a record in which nothing is known yet */
struct oi_pci_function *oi_facts_add_pci(struct oi_facts *facts);
struct oi_rdma_port *oi_facts_add_port(struct oi_facts *facts);
/** oi_facts_add_module() - append a zeroed record and make the list known */
struct oi_module *oi_facts_add_module(struct oi_facts *facts);
/** oi_facts_add_use() - append a use; an equal one is there once */
void oi_facts_add_use(struct oi_facts *facts, const char *module, const char *by);
/** oi_facts_drop_pci(), oi_facts_drop_ports() - empty the list, unknown again */
void oi_facts_drop_pci(struct oi_facts *facts);
void oi_facts_drop_ports(struct oi_facts *facts);

/**
 * oi_pci_is_infiniband() - is it an InfiniBand function, by vendor and class
 * Source: design, device gate: 15b3 with class 0207, or 0280 with device 1004
 */
bool oi_pci_is_infiniband(const struct oi_pci_function *function);

/** oi_facts_to_doc() - the snapshot, owned by the caller */
struct oi_doc *oi_facts_to_doc(const struct oi_facts *facts);

/**
 * oi_facts_from_doc() - read a snapshot
 * Return: 0, or -1 with OI_R_FACTS_MALFORMED naming file and key.
 */
OI_MUST_CHECK
int oi_facts_from_doc(const struct oi_doc *doc, struct oi_facts *facts, struct oi_err *err);

#endif
