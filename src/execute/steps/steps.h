/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the steps of a plan share while it is carried out. */
#ifndef OI_EXECUTE_STEPS_STEPS_H
#define OI_EXECUTE_STEPS_STEPS_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "execute/apt/install.h"
#include "execute/rpm/install.h"
#include "execute/bundle/bundle.h"
#include "execute/modules/background.h"
#include "execute/state/journal.h"
#include "execute/cache/modset.h"
#include "model/config.h"
#include "model/verdict.h"
#include "sys/fetcher.h"
#include "sys/host.h"

struct oi_execution {
	const struct oi_host *host;
	const struct oi_config *config;
	const struct oi_verdict *verdict;
	struct oi_apt apt;
	struct oi_rpm rpm;
	struct oi_bundle bundle;
	struct oi_journal journal;
	struct oi_aside early; /* who compiles meanwhile */
	struct oi_aside lists; /* who fetches package lists meanwhile */
	struct oi_modset modset; /* what the cache gave; without a file: nothing */
	bool units_changed; /* systemd has not read them yet */
	bool noted; /* in the record, what the plan finds */
};

/** oi_step_fetch_job() - a transfer as the stanza wants it; without a digest; borrows from all four */
struct oi_fetch_job oi_step_fetch_job(const struct oi_host *host, const struct oi_config *config,
				      const struct oi_strv *urls, const char *name);

/** oi_step_*() - carry out one step of the kind; Return: 0, or -1 with the reason */
OI_MUST_CHECK
int oi_step_fetch(struct oi_execution *run, const struct oi_step *step, struct oi_err *err);
OI_MUST_CHECK
int oi_step_repository_stage(struct oi_execution *run, const struct oi_step *step,
			     struct oi_err *err);
OI_MUST_CHECK
int oi_step_repository_add(struct oi_execution *run, const struct oi_step *step,
			   struct oi_err *err);
OI_MUST_CHECK
int oi_step_packages_refresh(struct oi_execution *run, const struct oi_step *step,
			     struct oi_err *err);
OI_MUST_CHECK
int oi_step_packages_simulate(struct oi_execution *run, const struct oi_step *step,
			      struct oi_err *err);
OI_MUST_CHECK
int oi_step_packages_hold(struct oi_execution *run, const struct oi_step *step,
			  struct oi_err *err);
OI_MUST_CHECK
int oi_step_packages_install(struct oi_execution *run, const struct oi_step *step,
			     struct oi_err *err);
OI_MUST_CHECK
int oi_step_bundle_open(struct oi_execution *run, const struct oi_step *step, struct oi_err *err);
OI_MUST_CHECK
int oi_step_bundle_install(struct oi_execution *run, const struct oi_step *step,
			   struct oi_err *err);
OI_MUST_CHECK
int oi_step_file_write(struct oi_execution *run, const struct oi_step *step, struct oi_err *err);
OI_MUST_CHECK
int oi_step_file_set(struct oi_execution *run, const struct oi_step *step, struct oi_err *err);
OI_MUST_CHECK
int oi_step_modules_fetch(struct oi_execution *run, const struct oi_step *step,
			  struct oi_err *err);
OI_MUST_CHECK
int oi_step_modules_publish(struct oi_execution *run, const struct oi_step *step,
			    struct oi_err *err);
OI_MUST_CHECK
int oi_step_module_check(struct oi_execution *run, const struct oi_step *step,
			 struct oi_err *err);
OI_MUST_CHECK
int oi_step_modules_choose(struct oi_execution *run, const struct oi_step *step,
			   struct oi_err *err);
OI_MUST_CHECK
int oi_step_key_check(struct oi_execution *run, const struct oi_step *step, struct oi_err *err);
OI_MUST_CHECK
int oi_step_module_sign(struct oi_execution *run, const struct oi_step *step, struct oi_err *err);
OI_MUST_CHECK
int oi_step_initramfs_renew(struct oi_execution *run, const struct oi_step *step,
			    struct oi_err *err);
OI_MUST_CHECK
int oi_step_module_load(struct oi_execution *run, const struct oi_step *step, struct oi_err *err);
OI_MUST_CHECK
int oi_step_service_enable(struct oi_execution *run, const struct oi_step *step,
			   struct oi_err *err);
OI_MUST_CHECK
int oi_step_service_restart(struct oi_execution *run, const struct oi_step *step,
			    struct oi_err *err);
/** oi_step_reboot() - always OI_R_REBOOT_NEEDED: whether it may be is for the run to say */
OI_MUST_CHECK
int oi_step_reboot(struct oi_execution *run, const struct oi_step *step, struct oi_err *err);

/** oi_step_services() - one verb for each unit of a step, after systemd has read new files */
OI_MUST_CHECK
int oi_step_services(struct oi_execution *run, const struct oi_step *step, const char *verb,
		     struct oi_err *err);
/** oi_step_why_not_loaded() - why no module is loaded for this plan here, or NULL; owned by the caller */
char *oi_step_why_not_loaded(const struct oi_execution *run);
/** oi_step_load_module() - modprobe; @needed: a kernel without it is an error */
OI_MUST_CHECK
int oi_step_load_module(const struct oi_host *host, const char *name, bool needed,
			struct oi_err *err);

#endif
