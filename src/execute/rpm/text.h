/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What dnf, yum, tdnf, zypper and rpm say, understood. Text in, values out. */
#ifndef OI_EXECUTE_RPM_TEXT_H
#define OI_EXECUTE_RPM_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strv.h"

enum oi_rpm_effect {
	OI_RPM_NONE, /* no change, or not of a package */
	OI_RPM_NEW,
	OI_RPM_REPLACED, /* by a newer or older one */
	OI_RPM_REMOVED,
	OI_RPM_EFFECT_COUNT
};

struct oi_rpm_change {
	char *name;
	char *version; /* with epoch and release: what comes; of a removed one, what goes */
	char *arch;
	enum oi_rpm_effect effect;
	bool obsoleted; /* it goes because another takes its place; dnf does not count these */
};

/* All that was said that matters, gathered line by line. Zeroed is the beginning. */
struct oi_rpm_words {
	struct oi_rpm_change *changes;
	size_t n_changes;
	struct oi_strv errors; /* in order */
	struct oi_strv missing; /* names that no repository has */
	struct oi_strv hidden; /* packages that the machine's own settings keep from the solver */
	struct oi_strv skipped; /* repositories that could not be fetched: ids of dnf, names of zypper */
	/* "badpost-1-1.noarch %post failed, exit status 3 (its last words)": what managers call a success */
	struct oi_strv scripts;
	bool some_failed; /* zypper: others were refreshed */
	bool aborted; /* it would go on if it were let */
	bool nothing; /* there is nothing to do */
	bool waiting; /* another program has the lock */
	bool no_space;
	bool untrusted; /* a signature or key is not as it must be */
	bool dkms_failed;
	/* how far the reading is */
	enum oi_rpm_effect section;
	char *wrapped; /* a name whose version stands in the next line */
	size_t counted[OI_RPM_EFFECT_COUNT]; /* by the manager's own summary */
	size_t counted_all; /* zypper: one number for all */
	bool summary;
	bool in_error; /* the next line belongs to it */
	bool in_prompt; /* zypper: what it would ask, with the solver's words */
	bool in_problem; /* zypper: a description within that */
	char *before; /* the line before, when it may be a script's */
};

/**
 * oi_rpm_words_dnf() - listen to one line of dnf, yum or tdnf
 * Source: dnf 4.14 output.py (list_transaction), yum 3.4 output.py, vmware/tdnf
 *         tools/cli/lib/installcmd.c and client/; recorded output in tests/data/rpm
 */
void oi_rpm_words_dnf(struct oi_rpm_words *words, const char *line);

/**
 * oi_rpm_words_zypper() - listen to one line of zypper --xmlout
 * Source: zypper's Summary.cc, output/OutXML.cc; libzypp's RpmDb and commit; as zypper 1.14 spoke
 */
void oi_rpm_words_zypper(struct oi_rpm_words *words, const char *line);

/** oi_rpm_words_whole() - do the changes agree with the manager's own count */
bool oi_rpm_words_whole(const struct oi_rpm_words *words);

/** oi_rpm_words_text() - the decisive ones in one line, "" when nothing was said; owned by the caller */
char *oi_rpm_words_text(const struct oi_rpm_words *words);
void oi_rpm_words_clear(struct oi_rpm_words *words);

/** oi_rpm_changes_text() - "12 new, 1 upgraded, 0 removed"; owned by the caller */
char *oi_rpm_changes_text(const struct oi_rpm_words *words);

/**
 * oi_rpm_may_be_kernel() - has this change to be looked into: by its name it could touch a kernel
 * @release: the running one; the rest of its own modules may be installed
 * What only helps to build, and firmware, is no kernel.
 */
bool oi_rpm_may_be_kernel(const struct oi_rpm_change *change, const char *release);

enum oi_rpm_kernel {
	OI_RPM_KERNEL_UNKNOWN, /* nothing was said */
	OI_RPM_KERNEL_NO,
	OI_RPM_KERNEL_YES,
};

/**
 * oi_rpm_is_kernel() - is what a package provides, or the files that it owns, a kernel's
 * @text: a capability ("kernel = 5.14.0-611.el9") or a path in a line, blanks before it
 * Source: Provides: of kernel.spec of Fedora, RHEL, UEK ("kernel", "kernel-uname-r"), of
 *         SUSE's kernel-binary.spec and of Azure Linux ("kernel"); where their images lie
 */
enum oi_rpm_kernel oi_rpm_is_kernel(const char *text);

/** oi_rpm_is_headers() - is it a package of kernel headers to build modules with */
bool oi_rpm_is_headers(const char *name);

/**
 * oi_rpm_changes_headers() - the first headers to be installed that are not the running kernel's
 * Return: borrowed, or NULL.
 */
const struct oi_rpm_change *oi_rpm_changes_headers(const struct oi_rpm_words *words,
						   const char *release);

#endif
