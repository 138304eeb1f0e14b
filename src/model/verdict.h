/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was decided: an outcome with its reason and the rules that led there,
 * and for "install" the complete plan. A refusal is a result, not an error.
 */
#ifndef OI_MODEL_VERDICT_H
#define OI_MODEL_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/doc.h"
#include "base/strv.h"
#include "model/reasons.h"

enum oi_outcome { OI_OUTCOME_SKIP, OI_OUTCOME_READY, OI_OUTCOME_REFUSE, OI_OUTCOME_INSTALL };

enum oi_result { OI_RESULT_PASS, OI_RESULT_FAIL, OI_RESULT_UNKNOWN };

struct oi_rule {
	char *id; /* "platform-hyperv" */
	enum oi_result result;
	char *detail; /* on what facts it rests */
};

/* What a step does; verdict.c gives each its name, its kind for reports and its members. */
enum oi_action {
	OI_ACTION_FETCH, /* artefact -> staging, digest checked */
	OI_ACTION_REPOSITORY_STAGE, /* look at the artefact without changing the machine */
	OI_ACTION_MODULES_FETCH, /* built modules from a cache; none there is no error */
	OI_ACTION_PACKAGES_REFRESH, /* package lists, into private state */
	OI_ACTION_PACKAGES_SIMULATE, /* refuse what must not happen */
	OI_ACTION_REPOSITORY_ADD, /* now for real */
	OI_ACTION_PACKAGES_HOLD, /* of distribution and vendor, which comes from where */
	OI_ACTION_FILE_WRITE,
	OI_ACTION_FILE_SET, /* KEY=value lines of a file, when the file is there */
	OI_ACTION_PACKAGES_INSTALL,
	OI_ACTION_BUNDLE_OPEN, /* unpack or mount an MLNX_OFED bundle, see for whom it is */
	OI_ACTION_BUNDLE_INSTALL, /* run its installer */
	OI_ACTION_MODULES_PUBLISH, /* what was compiled here, for others; a failure is only warned of */
	OI_ACTION_MODULES_CHOOSE, /* which ones dkms is to leave alone */
	OI_ACTION_MODULE_CHECK, /* were the modules really built for this kernel */
	OI_ACTION_KEY_CHECK, /* may the pair that signs modules be used */
	OI_ACTION_MODULE_SIGN, /* who has signed the built ones; those without a signature get one */
	OI_ACTION_INITRAMFS_RENEW, /* of an image: it is to hold the modules that are in place */
	OI_ACTION_MODULE_LOAD,
	OI_ACTION_SERVICE_ENABLE,
	OI_ACTION_SERVICE_RESTART,
	OI_ACTION_REBOOT, /* ends the run: the next boot goes on */
	OI_ACTION_VERIFY,
	OI_ACTION_COUNT
};

/* What each kind of step needs. All is owned by the step; lists may be empty, NULL is none. */

struct oi_step_fetch {
	struct oi_strv urls; /* in the order to try; file:// or https:// */
	char *name; /* in staging */
	char *sha256; /* NULL when the publisher gives none */
	bool unpack; /* only the content is needed: unpacked while it comes, no file of it */
};

struct oi_step_repository {
	char *form; /* of what holds it: "deb", "rpm", OI_REPOSITORY_ADDRESS */
	char *name; /* of the package, in staging */
	struct oi_strv urls; /* addresses, in the order to try */
	struct oi_strv accepted; /* fingerprints of keys that may sign it */
	struct oi_strv refused; /* of keys that must not */
};
#define OI_REPOSITORY_ADDRESS "address"

struct oi_step_cache {
	struct oi_strv urls; /* of the pointer file; none: publish to the stanza's place */
	char *name; /* of the pointer file */
	char *key; /* oi_plan_modules_key() */
};

struct oi_step_packages {
	struct oi_strv names;
	struct oi_strv optional; /* taken when the archive has them */
	struct oi_strv build; /* needed only when the modules are compiled here */
};

struct oi_step_hold {
	struct oi_strv names;
	char *archive; /* whose packages they stay */
};

struct oi_step_file {
	char *path;
	char *content; /* all of it */
};

struct oi_step_setting {
	char *path;
	char *key; /* set whatever the file says; NULL: none is */
	char *value;
	struct oi_strv defaults; /* "KEY=value" for each KEY that no line sets yet */
};

struct oi_step_bundle {
	char *name; /* in staging */
	char *distro; /* as the vendor names it; NULL: unknown */
	struct oi_strv arguments;
	struct oi_strv rebuild; /* further arguments when it was not built for the kernel */
};

struct oi_step_choice {
	char *folder; /* of settings, one file a module */
	char *settings; /* that keep dkms from a module */
	struct oi_strv left_out;
	struct oi_strv allowed;
};

struct oi_step_built {
	struct oi_strv dkms; /* names there; required */
	struct oi_strv optional; /* the same; may be missing */
	char *files; /* modules that may come as files of packages, divided by blanks; NULL: none may */
};

struct oi_step_signing {
	char *key; /* path of the private key */
	char *certificate; /* path */
	struct oi_strv modules;
};

struct oi_step_modules {
	struct oi_strv names;
	struct oi_strv optional; /* a kernel may lack them */
};

struct oi_step_units {
	struct oi_strv names;
	struct oi_strv modules; /* that a service loads */
};

/* Values only: a step can be printed, compared and carried out without the facts. */
struct oi_step {
	enum oi_action action; /* tells which member of the union counts */
	char *id; /* "fetch-repository" */
	char *detail; /* for people */
	union {
		struct oi_step_fetch fetch;
		struct oi_step_repository repository; /* repository-stage, repository-add */
		struct oi_step_cache cache; /* modules-fetch, modules-publish */
		struct oi_step_packages packages; /* packages-simulate, packages-install */
		struct oi_step_hold hold;
		struct oi_step_file file; /* file-write */
		struct oi_step_setting setting; /* file-set */
		struct oi_step_bundle bundle; /* bundle-open, bundle-install */
		struct oi_step_choice choice; /* modules-choose */
		struct oi_step_built built; /* module-check */
		struct oi_step_signing signing; /* key-check, module-sign */
		struct oi_step_modules modules; /* module-load */
		struct oi_step_units units; /* service-enable, service-restart */
	};
};

struct oi_verdict {
	enum oi_outcome outcome;
	enum oi_reason reason;
	int exit_code; /* what `run` ends with if nothing else happens */
	char *message;
	char *remedy; /* NULL: nothing to do */
	char *doubt; /* of the choice, for the last line of a run; NULL: none */
	bool may_wait; /* refused for a device that may still be hot-added */
	struct {
		char *size; /* NULL: unknown */
		char *nic_generation; /* NULL: unknown */
		int ib_ports; /* 0: unknown */
		int link_gbps; /* 0: unknown */
	} vm;
	struct {
		char *stack; /* NULL: none chosen */
		char *version;
		char *method; /* "apt", "dnf", "bundle", ... how it is carried out */
		char *url;
		char *sha256;
		char *kernel; /* the release that the modules are for */
		char *manager; /* of packages, where the method is not one; NULL: the method is */
	} driver;
	struct oi_rule *rules;
	size_t n_rules;
	struct oi_step *steps;
	size_t n_steps;
};

/* One thing looked at after the work, or by `verify`. "unproven" is not "fine". */
enum oi_proof { OI_PROOF_PASS, OI_PROOF_FAIL, OI_PROOF_UNPROVEN };

struct oi_check {
	char *id; /* "module-files", "port-state", ... */
	enum oi_proof proof;
	enum oi_reason reason; /* when it failed: which reason the run then ends with */
	char *detail;
};

struct oi_checks {
	struct oi_check *v;
	size_t n;
};

/** oi_verdict_clear(), oi_checks_clear() - free; fine on zeroed ones, and for OI_CLEANUP */
void oi_verdict_clear(struct oi_verdict *verdict);
void oi_checks_clear(struct oi_checks *checks);

/** oi_verdict_rule() - append a rule */
void oi_verdict_rule(struct oi_verdict *verdict, const char *id, enum oi_result result,
		     const char *fmt, ...) OI_PRINTF(4, 5);
/** oi_verdict_step() - append a step; fill in the rest through the pointer, valid until the next */
struct oi_step *oi_verdict_step(struct oi_verdict *verdict, enum oi_action action,
				const char *id, const char *fmt, ...) OI_PRINTF(4, 5);
/** oi_step_urls() - what a step may ask a network or folder for; borrowed; NULL: nothing */
const struct oi_strv *oi_step_urls(const struct oi_step *step);
/** oi_verdict_keep() - drop the steps of every action that @wanted does not want */
void oi_verdict_keep(struct oi_verdict *verdict, bool (*wanted)(enum oi_action action));
/** oi_checks_add() - append a check; @reason counts when @proof is OI_PROOF_FAIL */
void oi_checks_add(struct oi_checks *checks, const char *id, enum oi_proof proof,
		   enum oi_reason reason, const char *fmt, ...) OI_PRINTF(5, 6);
/** oi_checks_move() - append all of @from to @to; @from is empty afterwards */
void oi_checks_move(struct oi_checks *from, struct oi_checks *to);

/** oi_verdict_to_doc() - JSON form, schema 1; owned by the caller */
struct oi_doc *oi_verdict_to_doc(const struct oi_verdict *verdict);
/** oi_checks_to_doc() - JSON list; owned by the caller */
struct oi_doc *oi_checks_to_doc(const struct oi_checks *checks);

const char *oi_outcome_name(enum oi_outcome outcome);
const char *oi_result_name(enum oi_result result);
const char *oi_proof_name(enum oi_proof proof);
/** oi_result_word() - as people read it: a rule that says no is no failure */
const char *oi_result_word(enum oi_result result);
/** oi_proof_word() - as people read it */
const char *oi_proof_word(enum oi_proof proof);
/** oi_action_name(), oi_action_kind() - "packages-install" and "packages" */
const char *oi_action_name(enum oi_action action);
const char *oi_action_kind(enum oi_action action);
/** oi_action_doing() - "installing packages", for who wants to know what goes on */
const char *oi_action_doing(enum oi_action action);

#endif
