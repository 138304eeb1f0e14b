/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of a decision hand to each other; private to this room. */
#ifndef OI_DECIDE_DECISION_H
#define OI_DECIDE_DECISION_H

#include <stdbool.h>

#include "base/attr.h"
#include "decide/decide.h"
#include "model/manager.h"

struct oi_decision {
	const struct oi_facts *facts;
	const struct oi_config *config;
	const struct oi_catalog *catalog;
	struct oi_verdict *verdict;
	/* what the gates found; borrowed from facts and catalog, NULL while unknown */
	const struct oi_size *size;
	const char *generation;
	const char *arch;
	const struct oi_inbox *inbox; /* the distribution's own row */
	const struct oi_release *release; /* the chosen release; NULL: the inbox row */
	enum oi_driver stack; /* the chosen stack */
	char *in_use; /* loaded modules that cannot make way, and may by a reboot; NULL: none */
	struct oi_strv needs; /* repositories that are not enabled: "EPEL" */
	struct oi_strv remedies; /* how they are */
};

/** oi_decision_end() - outcome, reason, message "sentence: detail." and remedy; Return: false */
bool oi_decision_end(struct oi_decision *d, enum oi_outcome outcome, enum oi_reason reason,
		     const char *fmt, ...) OI_PRINTF(4, 5);

/** oi_decision_refuse() - as oi_decision_end() with refuse, or skip if the stanza says so */
bool oi_decision_refuse(struct oi_decision *d, enum oi_reason reason, const char *fmt, ...)
	OI_PRINTF(3, 4);

/* Each gate returns true to go on, or false with the verdict's end written. */
bool oi_gate_platform(struct oi_decision *d);
bool oi_gate_size(struct oi_decision *d);
bool oi_gate_distro(struct oi_decision *d);
bool oi_gate_device(struct oi_decision *d);
bool oi_gate_preflight(struct oi_decision *d);

/** oi_gate_holders() - what else uses RDMA, and what the chosen driver means for it */
bool oi_gate_holders(struct oi_decision *d);

/** oi_judge_repositories() - are those enabled that the vendor's packages need; fills needs */
void oi_judge_repositories(struct oi_decision *d);

/** oi_plan_names() - package names of a row, their words replaced; appended to @into */
void oi_plan_names(const struct oi_decision *d, const struct oi_strv *names, struct oi_strv *into);

/** oi_has_infiniband() - is an InfiniBand function on the bus */
bool oi_has_infiniband(const struct oi_facts *facts);

/** oi_choose_inbox() - the distribution's own row: os id, then id_like; NULL: none */
const struct oi_inbox *oi_choose_inbox(const struct oi_decision *d);

/** oi_choose_driver() - stack and release by "Driver choice"; false: refused */
bool oi_choose_driver(struct oi_decision *d);

/** oi_choose_any() - has any usable row this distribution, version and architecture */
bool oi_choose_any(const struct oi_decision *d, bool regard_generation);

/** oi_choose_source_only() - is there nothing but a source archive for this distribution */
bool oi_choose_source_only(const struct oi_decision *d);

/** oi_unsigned_refused() - would the kernel refuse modules that nobody signed; why, or NULL */
const char *oi_unsigned_refused(const struct oi_facts *facts);

/** oi_from_distro() - does the chosen driver come ready built and signed from the distribution */
bool oi_from_distro(const struct oi_decision *d);

/** oi_installed_fits() - is a stack there that is as good as the chosen one */
bool oi_installed_fits(const struct oi_decision *d);

/**
 * oi_installed_lacks_modules() - are the packages of the chosen release there, complete, and only
 * modules for this kernel are not
 */
bool oi_installed_lacks_modules(const struct oi_decision *d);

/** oi_plan_sources() - where the artefact of the chosen release is to be had, in order */
void oi_plan_sources(const struct oi_decision *d, struct oi_strv *urls);
/** oi_plan_digest() - its digest, or NULL */
const char *oi_plan_digest(const struct oi_decision *d);
/** oi_plan_is_address() - a repository to be used where it is, and no file to be fetched */
bool oi_plan_is_address(const struct oi_decision *d);
/** oi_plan_method() - "apt", "dnf", "bundle", ... of the chosen driver */
const char *oi_plan_method(const struct oi_decision *d);
/** oi_plan_shares_modules() - can built modules of the chosen driver be shared */
bool oi_plan_shares_modules(const struct oi_decision *d);
/** oi_plan_uses_modules() - does the chosen driver take built modules from the stanza's cache */
bool oi_plan_uses_modules(const struct oi_decision *d);
/**
 * oi_plan_modules_key() - what built modules are for: stack, version, kernel,
 * architecture, distribution, and a fingerprint of how they are built
 * Only when oi_plan_shares_modules().
 * Return: a file name without its ending, owned by the caller.
 */
char *oi_plan_modules_key(const struct oi_decision *d);
/** oi_plan_folder_url() - a folder as file:// URL, escaped; owned by the caller */
char *oi_plan_folder_url(const char *folder);
/** oi_plan_fetch_modules(), oi_plan_publish_modules() - the steps, if they are wanted */
void oi_plan_fetch_modules(struct oi_decision *d);
void oi_plan_publish_modules(struct oi_decision *d);

/** oi_plan_choose_modules() - the step that keeps dkms from what is not asked for, or lets it again */
void oi_plan_choose_modules(struct oi_decision *d);
/** oi_plan_add_chosen() - to the step that judges what dkms has built, what is asked for beside the driver */
void oi_plan_add_chosen(const struct oi_decision *d, struct oi_step *step);
/** oi_plan_leave_out() - the same for the installer of a bundle of Debian packages: its options */
void oi_plan_leave_out(const struct oi_decision *d, struct oi_strv *arguments);

/** oi_plan_manager() - the distribution's package manager; never NULL */
const struct oi_manager *oi_plan_manager(const struct oi_decision *d);
/** oi_plan_exchange() - the step by which the built modules take the place of the loaded ones */
void oi_plan_exchange(struct oi_decision *d);
/** oi_plan_build() - the complete list of steps */
void oi_plan_build(struct oi_decision *d);

#endif
