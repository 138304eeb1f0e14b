/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of the walk through a plan, and the steps. */
#ifndef OI_EXECUTE_STEPS_STEPS_H
#define OI_EXECUTE_STEPS_STEPS_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "execute/bundle/bundle.h"
#include "execute/cache/modset.h"
#include "execute/context.h"
#include "execute/packages/packages.h"
#include "execute/state/journal.h"

struct oi_execution {
	struct oi_context ctx;
	struct oi_packages packages;
	struct oi_bundle bundle;
	struct oi_journal journal;
	struct oi_modset modset; /* what the cache gave; without a file: nothing */
	bool units_changed; /* systemd has not read them yet */
	bool noted; /* in the record, what the plan finds */
};

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
/**
 * oi_step_modules_give_up() - a set from the cache that is installed and of no use
 * It is remembered and removed, and what compiles is installed in its place. Return: 0, or -1 with
 * the reason of that.
 */
OI_MUST_CHECK
int oi_step_modules_give_up(struct oi_execution *run, const char *why, struct oi_err *err);
/** oi_step_reboot() - always OI_R_REBOOT_NEEDED: whether it may be is for the run to say */
OI_MUST_CHECK
int oi_step_reboot(struct oi_execution *run, const struct oi_step *step, struct oi_err *err);

/** oi_step_services() - one verb for each unit of a step, after systemd has read new files */
OI_MUST_CHECK
int oi_step_services(struct oi_execution *run, const struct oi_step *step, const char *verb,
		     struct oi_err *err);

/** oi_step_units_end() - behind the last step: tell systemd of new drop-ins, and people of units that run already */
OI_MUST_CHECK
int oi_step_units_end(struct oi_execution *run, struct oi_err *err);

#endif
