/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Package managers, one row each. The rest of the program names what it wants done
 * and takes the row that execute/managers.h gives; nothing else asks which it is.
 */
#ifndef OI_EXECUTE_PACKAGES_PACKAGES_H
#define OI_EXECUTE_PACKAGES_PACKAGES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/strv.h"
#include "execute/context.h"
#include "sys/background.h"
#include "sys/host.h"

struct oi_journal;
struct oi_packages;

struct oi_packages_lock {
	const char *path;
	bool pid_file; /* it counts while the process lives that it names; else a lock on it does */
};
struct oi_record;

struct oi_packages_ops {
	const char *method; /* "apt", as in the catalog and the verdict */
	const char *format; /* of a vendor's repository package: "deb", "rpm" */
	const char *books; /* there where packages of this format are managed */
	/* What the manager, and what it drives, is locked with; the first without a path ends it. */
	const struct oi_packages_lock *locks;

	/* What one run learns of packages, in @p->state; begin(): zeroed. */
	void (*begin)(struct oi_packages *p);
	void (*end)(struct oi_packages *p);

	/* Looks into the vendor's package of the step (its path: the name in staging), whose
	 * repository then counts in all that follows. Changes nothing of the machine. */
	int (*stage)(struct oi_packages *p, const struct oi_step *step, struct oi_err *err);
	/* The same for a repository that is an address: the step's, in order. */
	int (*stage_address)(struct oi_packages *p, const struct oi_step *step,
			     struct oi_err *err);
	/* Begins with the system's lists beside us, while something is downloaded that the vendor's
	 * wait for. NULL: it does not. */
	void (*refresh_ahead)(struct oi_packages *p);
	/* Package lists of system and vendor together, into private state. */
	int (*refresh)(struct oi_packages *p, struct oi_err *err);
	/* What would change; refuses what must not happen. The step's names must fit, each of
	 * its optional ones is taken if it does. */
	int (*simulate)(struct oi_packages *p, const struct oi_step *step, struct oi_err *err);
	/* Installs the vendor's package: now for real. */
	int (*add)(struct oi_packages *p, const struct oi_step *step, struct oi_err *err);
	/* Writes down the address, with its keys, for the manager. */
	int (*add_address)(struct oi_packages *p, const struct oi_step *step,
			   struct oi_err *err);
	/* Keeps distribution and vendor from taking each other's packages, until uninstall. */
	int (*hold)(struct oi_packages *p, const struct oi_step *step, struct oi_err *err);
	/* For real, what was simulated. Waits for the lock and names who holds it. */
	int (*install)(struct oi_packages *p, const struct oi_step *step, struct oi_err *err);
	/* "name version" of what the simulation would newly install; NULL where nobody asks. */
	const struct oi_strv *(*fresh)(const struct oi_packages *p);
	/* Private state after a run that failed; what was downloaded stays for another try. */
	void (*shrink)(const struct oi_host *host);

	/* From the machine's own books and settings, whatever there was of a plan: */
	/* The version that is installed, in the words of the record; NULL: none. */
	int (*version)(const struct oi_host *host, const char *name, char **version,
		       struct oi_err *err);
	/* Which of @entries ("name" or "name version") are there, or have left something:
	 * appended to @present in the words of remove(). */
	int (*present)(const struct oi_host *host, const struct oi_strv *entries,
		       struct oi_strv *present, struct oi_err *err);
	/* Would only packages of @entries go; else OI_R_REMOVAL_FOREIGN. With restore_first
	 * there may be "name before after" among them: of what goes back before. */
	int (*try_remove)(const struct oi_host *host, const struct oi_strv *present,
			  const struct oi_strv *entries, struct oi_err *err);
	/* For real, with their settings. */
	int (*remove)(const struct oi_host *host, const struct oi_strv *present,
		      struct oi_err *err);
	/* Back to the versions that @replaced ("name before after") had, as far as the
	 * machine's own archives have them: those that are still as we made them, and of the
	 * others only packages of @entries may go. */
	int (*restore)(const struct oi_host *host, const struct oi_packages_ops *ops,
		       const struct oi_strv *replaced, const struct oi_strv *entries,
		       struct oi_err *err);
	/* Before the removal, which it makes possible; else after it. */
	bool restore_first;
	/* Finishes what was cut off, as far as that can be done with what is on the machine; what
	 * of ours can be neither finished nor removed is forced out. NULL: nothing to be done. */
	int (*heal)(struct oi_packages *p, const struct oi_record *record,
		    const struct oi_journal *journal, struct oi_err *err);
	/* At the end of a run that failed: the manager has nothing left to complain of, so that it serves
	 * others. What is new and can not be finished goes; the next run brings it. NULL: nothing to be done. */
	int (*settle)(struct oi_packages *p, struct oi_err *err);
};

/* A run's dealings with its package manager. */
struct oi_packages {
	const struct oi_context *ctx;
	const struct oi_packages_ops *ops; /* NULL: packages are not how it is done */
	struct oi_journal *journal;
	void *state; /* the manager's own */
	struct oi_background lists; /* background update of package lists */
	struct oi_background build; /* background build of the driver */
	bool modules_given; /* by the cache: nothing is compiled */
	struct oi_strv removed; /* "name version": what the installation has taken away */
};

/**
 * oi_packages_may_go() - may the installation remove this package
 * What the stacks replace may; of others only what the stanza's may_remove names.
 * @name: "libibverbs1", "libibverbs1:i386"
 */
bool oi_packages_may_go(const struct oi_config *config, const char *name);

/**
 * oi_packages_note_removed() - an installation has ended well: remember what went
 * @replaced: "name before after"; after is "-" for what is gone
 */
void oi_packages_note_removed(struct oi_packages *p, const struct oi_strv *replaced);

/**
 * oi_packages_ops_of() - the manager that a step needs
 * Return: NULL: @err says OI_R_METHOD_UNAVAILABLE.
 */
const struct oi_packages_ops *oi_packages_ops_of(const struct oi_packages *p, struct oi_err *err);

/**
 * oi_packages_can_add() - is a repository step's artefact a package of that kind
 * Return: 0, or -1 with OI_R_METHOD_UNAVAILABLE.
 */
OI_MUST_CHECK
int oi_packages_can_add(const struct oi_packages_ops *ops, const struct oi_step *step,
			struct oi_err *err);

/**
 * oi_packages_find_line() - where a setting of the machine stands
 * @passes: is it this line; called with @what
 * Return: "FILE:LINE" of the first line that passes, owned by the caller; NULL: none.
 */
char *oi_packages_find_line(const struct oi_root *root, const char *path,
			    bool (*passes)(const char *line, const char *what), const char *what);

/**
 * oi_packages_wanted() - "name before" of what is still as the installation left it
 * @replaced: "name before after"
 * @wanted: appended to
 */
OI_MUST_CHECK
int oi_packages_wanted(const struct oi_packages_ops *ops, const struct oi_host *host,
		       const struct oi_strv *replaced, struct oi_strv *wanted,
		       struct oi_err *err);

/* --- the lock --- */

/* Zeroed is nobody. */
struct oi_packages_holder {
	const char *path; /* of the lock; static */
	pid_t pid; /* 0: it cannot be told */
	char *command; /* NULL: unknown */
};

void oi_packages_holder_clear(struct oi_packages_holder *holder);

/** oi_packages_holder() - who has one of @locks, us apart; Return: whether somebody has */
bool oi_packages_holder(const struct oi_packages_lock *locks, const struct oi_host *host,
			struct oi_packages_holder *holder);

/**
 * oi_packages_name_holder() - tell the operator whom we wait for
 * @named: pid that was named already, 0 at the beginning; kept up to date
 */
void oi_packages_name_holder(const struct oi_packages_lock *locks, const struct oi_host *host,
			     pid_t *named);

/** oi_packages_wait() - until nobody has it; OI_R_PACKAGES_LOCK, naming the holder, when time is up */
OI_MUST_CHECK
int oi_packages_wait(const struct oi_packages_lock *locks, const struct oi_host *host, pid_t *named,
		     struct oi_err *err);

/** oi_packages_lock_failed() - OI_R_PACKAGES_LOCK, naming the holder; Return: -1 */
int oi_packages_lock_failed(const struct oi_packages_lock *locks, const struct oi_host *host,
			    struct oi_err *err);

#endif
