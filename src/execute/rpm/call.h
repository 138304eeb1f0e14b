/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One call of dnf, yum, tdnf, zypper or rpm: how they differ, and what they said. */
#ifndef OI_EXECUTE_RPM_CALL_H
#define OI_EXECUTE_RPM_CALL_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/strv.h"
#include "execute/tools/child.h"
#include "execute/packages/packages.h"
#include "execute/rpm/text.h"

#define OI_RPM_ARGS 8

/* What each manager, and rpm below it, is locked with; one without a path ends a list. */
extern const struct oi_packages_lock oi_dnf_locks[];
extern const struct oi_packages_lock oi_yum_locks[];
extern const struct oi_packages_lock oi_tdnf_locks[];
extern const struct oi_packages_lock oi_zypper_locks[];

struct oi_rpm_manager {
	const struct oi_packages_lock *locks;
	const char *method;
	enum oi_tool tools[2]; /* the first that is there */
	const char *conf; /* the system's; NULL: it needs no copy */
	const char *repos; /* the system's repository files */
	const char *folder; /* the setting that names the folder of repository files */
	const char *settings; /* more of our copy */
	/* Where its cache has a repository's signed index, with %s for the repository; NULL:
	 * it does not look at that signature. */
	const char *index;
	char exact; /* between a name and its version */
	/* arguments behind those of every call; NULL ends them */
	const char *refresh[OI_RPM_ARGS];
	const char *simulate[OI_RPM_ARGS];
	const char *download[OI_RPM_ARGS];
	const char *install[OI_RPM_ARGS];
	const char *provides[OI_RPM_ARGS]; /* what a package that would come provides */
	/* to other versions that are named, whatever has to go for that; none: it cannot */
	const char *try_restore[OI_RPM_ARGS];
	const char *restore[OI_RPM_ARGS];
	void (*listen)(struct oi_rpm_words *words, const char *line);
	int locked_status; /* exit status for "somebody else is at work"; 0: it waits by itself */
	int fine[4]; /* exit statuses beside 0 that mean success */
};

struct oi_rpm_call {
	const struct oi_rpm_manager *manager;
	const struct oi_packages_lock *locks;
	const struct oi_host *host;
	struct oi_child child;
	struct oi_run_result result;
	struct oi_rpm_words words;
	pid_t holder; /* named already */
};

/** oi_rpm_manager_find() - the row of a method; the first one for any that is none */
const struct oi_rpm_manager *oi_rpm_manager_find(const char *method);
/** oi_rpm_manager_of() - the row of a plan */
const struct oi_rpm_manager *oi_rpm_manager_of(const struct oi_packages *p);

/**
 * oi_rpm_call_init() - the manager with our private configuration
 * @call: zeroed, or used before
 * @args: of the row; NULL: rpm itself, whose arguments the caller adds
 * @names: may be NULL
 */
void oi_rpm_call_init(struct oi_rpm_call *call, const struct oi_packages *p,
		      const char *const *args, const struct oi_strv *names);

/** oi_rpm_call_plain() - the same with the machine's own configuration */
void oi_rpm_call_plain(struct oi_rpm_call *call, const struct oi_host *host,
		       const struct oi_rpm_manager *manager, const char *const *args,
		       const struct oi_strv *names);

void oi_rpm_call_clear(struct oi_rpm_call *call);
#define OI_RPM_CALL_AUTO OI_CLEANUP(oi_rpm_call_clear) struct oi_rpm_call

/** oi_rpm_call_run() - once; what it says is in call->words */
OI_MUST_CHECK
int oi_rpm_call_run(struct oi_rpm_call *call, struct oi_err *err);
/** oi_rpm_call_locked() - one that takes the lock: until it got it, or the time is over */
OI_MUST_CHECK
int oi_rpm_call_locked(struct oi_rpm_call *call, struct oi_err *err);

/** oi_rpm_call_ended() - did it end by itself; else there is an error that is not about packages */
bool oi_rpm_call_ended(const struct oi_rpm_call *call);
/** oi_rpm_call_why() - in the manager's words, else in ours; owned by the caller */
char *oi_rpm_call_why(const struct oi_rpm_call *call, const struct oi_err *err);

/** oi_rpm_failed() - the reason for which a call failed; Return: -1 */
int oi_rpm_failed(const struct oi_packages *p, const struct oi_rpm_call *call,
		  struct oi_err *err);

#endif
