/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stanza: what the user asked for, checked, with defaults filled in. */
#ifndef OI_MODEL_CONFIG_H
#define OI_MODEL_CONFIG_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/doc.h"
#include "base/err.h"
#include "base/strv.h"

enum oi_driver { OI_DRIVER_AUTO, OI_DRIVER_DOCA, OI_DRIVER_MLNX, OI_DRIVER_INBOX, OI_DRIVER_COUNT };
enum oi_unsupported { OI_UNSUPPORTED_FAIL, OI_UNSUPPORTED_SKIP, OI_UNSUPPORTED_STRICT };
enum oi_auto { OI_AUTO, OI_AUTO_TRUE, OI_AUTO_FALSE };

/* For numbers that may be "auto": the catalog's row decides. */
#define OI_AUTO_NUMBER (-1)

struct oi_config {
	bool present; /* there was a stanza; without one nothing is done */
	bool enabled;
	enum oi_driver driver;
	char *version; /* NULL: the catalog's default */
	enum oi_unsupported on_unsupported;
	bool block_on_failure; /* on_failure: block */
	bool reboot_if_needed; /* reboot: if_needed */
	bool all_modules; /* modules: all */
	struct {
		struct oi_strv allow, deny;
	} vm_sizes;
	struct {
		struct oi_strv mirrors;
		char *url, *sha256, *directory, *proxy, *ca_bundle;
		struct oi_strv no_proxy;
		char *identity; /* NULL: none; "system", or a managed identity's client id */
		int spread_seconds; /* 0: everybody at once */
	} source;
	struct {
		char *key, *certificate;
	} secure_boot;
	struct {
		char *url;
		char *public_key; /* NULL: signatures are not asked for */
		bool publish;
	} modules_cache;
	enum oi_auto ipoib;
	bool persistent_names;
	struct {
		int wait_seconds;
		int ports; /* or OI_AUTO_NUMBER */
		int min_rate_gbps; /* or OI_AUTO_NUMBER */
		int network_wait_seconds; /* 0: the network is not looked at */
	} verify;
	struct {
		bool memlock;
	} tuning;
	struct {
		char *prometheus; /* a folder; NULL: a usual one, when it is there */
		char *webhook;
	} report;
	struct oi_strv hold_units; /* systemd units that wait for infiniband-ready.target */
	struct oi_strv may_remove; /* globs of packages that the installation may remove */
	struct oi_strv blacklist; /* modules that are not to be loaded by themselves */
	int timeout_seconds;
};

/** oi_config_init() - defaults, no stanza present */
void oi_config_init(struct oi_config *config);
/** oi_config_clear() - free; fine on a zeroed one, and for OI_CLEANUP */
void oi_config_clear(struct oi_config *config);

/**
 * oi_config_from_doc() - check a stanza and fill in @config
 * @stanza: the value of the `infiniband` key, borrowed; NULL is "no stanza"
 * @config: initialised; to be thrown away after an error
 * @culprit: on error the path of the key that is wrong, "infiniband.verify.ports",
 *           owned by the caller; may be NULL
 * Return: 0, or -1 with @err "FILE:LINE:COLUMN: infiniband.KEY: what is wrong"
 *         (without line and column when the tree came from JSON).
 * Errors: OI_R_STANZA_*
 */
OI_MUST_CHECK
int oi_config_from_doc(const struct oi_doc *stanza, struct oi_config *config, char **culprit,
		       struct oi_err *err);

/**
 * oi_config_take_readable() - of a stanza that is wrong, what is right
 * @stanza: as for oi_config_from_doc()
 * @config: initialised before, in whatever state an error has left it; present stays false
 * For who is to be told of the fault. A report that names no usable place is none.
 */
void oi_config_take_readable(const struct oi_doc *stanza, struct oi_config *config);

struct oi_config_faults {
	struct oi_err *v; /* as oi_config_from_doc() has them, in the order of the stanza */
	size_t n;
};

/**
 * oi_config_find_faults() - all that is wrong with the keys of a stanza, for who mends it
 * @faults: appended to; oi_config_faults_clear() frees it
 *
 * What does not fit together is only looked for where each key by itself is right.
 */
void oi_config_find_faults(const struct oi_doc *stanza, struct oi_config_faults *faults);
/** oi_config_add_fault() - append a copy */
void oi_config_add_fault(struct oi_config_faults *faults, const struct oi_err *err);
void oi_config_faults_clear(struct oi_config_faults *faults);

/**
 * oi_config_version_hint() - what to say of a version without quotes
 * @text: the number, as the file has it
 * Return: owned by the caller.
 */
char *oi_config_version_hint(const char *key_path, const char *text);

/** oi_config_is_key() - is @name a key of the stanza's first level */
bool oi_config_is_key(const char *name);

/** oi_config_to_doc() - every key with its effective value; owned by the caller */
struct oi_doc *oi_config_to_doc(const struct oi_config *config);

/** oi_config_schema() - JSON Schema (draft-07 words only) of the stanza's value */
struct oi_doc *oi_config_schema(void);

/** oi_driver_name() - "auto", "doca-ofed", "mlnx-ofed", "inbox" */
const char *oi_driver_name(enum oi_driver driver);

#endif
