/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One call of apt or dpkg, and what its words mean. Only for apt*.c. */
#ifndef OI_EXECUTE_APT_CALL_H
#define OI_EXECUTE_APT_CALL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/strv.h"
#include "execute/apt/text.h"
#include "execute/tools/child.h"
#include "execute/packages/packages.h"

struct oi_apt_call {
	struct oi_child child;
	struct oi_run_result result;
	struct oi_apt_words words;
	struct oi_apt_changes changes;
	struct oi_apt_preview preview;
	int64_t bytes; /* to download */
	const struct oi_packages_lock *locks;
	const struct oi_host *host;
	pid_t holder; /* of the lock: named already */
	bool advice; /* the line before was about packages that are not to be installed */
};

#define OI_APT_CALL_AUTO OI_CLEANUP(oi_apt_call_clear) struct oi_apt_call

/**
 * oi_apt_call_init() - a call without arguments of its own, in our apt's private state
 * @call: zeroed, or used before; cleared by oi_apt_call_clear()
 */
void oi_apt_call_init(struct oi_apt_call *call, const struct oi_packages *p, enum oi_tool tool);
void oi_apt_call_clear(struct oi_apt_call *call);

/** oi_apt_call_run() - carry it out; Return: as oi_child_run() */
OI_MUST_CHECK
int oi_apt_call_run(struct oi_apt_call *call, struct oi_err *err);

/**
 * oi_apt_call_install() - begin an `apt-get install`
 * @names: NULL: nothing but what packages that are there already lack
 */
void oi_apt_call_install(struct oi_apt_call *call, const struct oi_packages *p,
			 const struct oi_strv *names);

/**
 * oi_apt_call_preview() - the same, to see what it would do; changes nothing of the machine
 * @mode: "--print-uris", "--simulate"
 * Return: 0, or -1 as oi_apt_private_marks(); then oi_apt_said_no() is false.
 */
OI_MUST_CHECK
int oi_apt_call_preview(struct oi_apt_call *call, const struct oi_packages *p, const char *mode,
			const struct oi_strv *names, struct oi_err *err);

/** oi_apt_call_settings() - dpkg's options: files that somebody has changed stay as they are */
void oi_apt_call_settings(struct oi_strv *args);

/** oi_apt_call_wait() - apt's own way of waiting for the lock, up to our deadline */
void oi_apt_call_wait(struct oi_apt_call *call);

/**
 * oi_apt_call_dpkg() - carry out one that changes packages
 * Waits for the lock, names who holds it, and finishes first what dpkg was cut off in.
 * Return: 0, or -1 with OI_R_PACKAGES_LOCK, OI_R_DKMS_FAILED, OI_R_DISK_SPACE,
 *         OI_R_PACKAGES_FAILED.
 */
OI_MUST_CHECK
int oi_apt_call_dpkg(const struct oi_packages *p, struct oi_apt_call *call, struct oi_err *err);

/** oi_apt_said_no() - did it end by itself, and refuse; else there is an error that is not about packages */
bool oi_apt_said_no(const struct oi_apt_call *call);

/**
 * oi_apt_quiet_failed() - one that only asks has failed: its words into the log, and into the reason
 * Return: -1 with @reason; as it is when it did not end by itself.
 */
int oi_apt_quiet_failed(const struct oi_apt_call *call, enum oi_reason reason, struct oi_err *err);

/** oi_apt_why() - in apt's or dpkg's words, else in ours; owned by the caller */
char *oi_apt_why(const struct oi_apt_call *call, const struct oi_err *err);

/**
 * oi_apt_preview() - what would change and what would be downloaded, into @call
 * Return: 0, or -1; if oi_apt_said_no() then apt has refused.
 */
OI_MUST_CHECK
int oi_apt_preview(const struct oi_packages *p, struct oi_apt_call *call,
		   const struct oi_strv *names, struct oi_err *err);

/** oi_apt_compiles() - is a package a compiler's, or a kernel's headers */
bool oi_apt_compiles(const char *name);

#endif
