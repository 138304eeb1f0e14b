/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The journal of the run that is under way: which steps it has begun and ended,
 * and what each may leave half-done. It is written before a step begins, and it
 * is gone when there is nothing left to be finished: so one that is found is of a
 * run that was cut off, or that failed on its way, and says what has to be healed
 * first (heal.h). What was done to the machine for good is in the record.
 */
#ifndef OI_EXECUTE_STATE_JOURNAL_H
#define OI_EXECUTE_STATE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/strv.h"
#include "model/verdict.h"
#include "sys/host.h"

/* What a step that is cut off leaves behind; bits. */
enum oi_heal {
	OI_HEAL_LISTS = 1, /* the package manager's private state */
	OI_HEAL_PACKAGES = 2, /* unpacked and not configured, or worse */
	OI_HEAL_MODULES = 4, /* half-built, half-installed */
	OI_HEAL_SCRATCH = 8, /* some GiB of an unpacked bundle */
};

struct oi_journal_step {
	char *id; /* "install-packages" */
	unsigned int heals; /* enum oi_heal */
	bool done;
};

/* Zeroed is empty. */
struct oi_journal {
	char *stack; /* "doca-ofed" */
	char *manager; /* "apt": whose work the packages are; NULL: nobody's */
	char *kernel; /* that the modules are for */
	int64_t began_s; /* of the wall clock, when its last step did; 0: unknown */
	char *boot; /* whose page cache may be all that has what was written; NULL: the disk has it */
	struct oi_strv hurried; /* "name version" of packages that were unpacked without syncing */
	bool open; /* for writing */
	bool carried; /* an earlier run had left something */
	bool begun; /* a step of this plan */
	bool damaged; /* it could not be read: anything may be half-done */
	struct oi_journal_step *steps; /* in the order they were begun in */
	size_t n;
};

void oi_journal_clear(struct oi_journal *journal);

/**
 * oi_journal_read() - what a run that was not finished has left
 * @journal: zeroed; filled, owned by the caller
 * A journal of an older program is read. One that is damaged is found as such,
 * and is no error: healing what is whole does no harm.
 * Return: 0; 1 there is none; -1 with OI_R_STATE_NEWER, OI_R_READ_FAILED.
 */
OI_MUST_CHECK
int oi_journal_read(const struct oi_root *root, struct oi_journal *journal, struct oi_err *err);

/**
 * oi_journal_start() - of a plan; nothing is written before its first step
 * What a journal that is there says may be half-done is carried over into the new one.
 */
void oi_journal_start(const struct oi_root *root, struct oi_journal *journal,
		      const struct oi_verdict *verdict);

/**
 * oi_journal_begin() - before a step's first effect: those before it are done
 * One write a step: that it is done is told by the next one's beginning.
 */
OI_MUST_CHECK
int oi_journal_begin(const struct oi_root *root, struct oi_journal *journal,
		     const struct oi_step *step, struct oi_err *err);

/**
 * oi_journal_hurry() - before these are unpacked without syncing each file
 * @packages: "name version"; borrowed
 * Only right while @journal->boot is known: else nobody could tell that they were lost.
 */
OI_MUST_CHECK
int oi_journal_hurry(const struct oi_root *root, struct oi_journal *journal,
		     const struct oi_strv *packages, struct oi_err *err);

/**
 * oi_journal_settle() - a step has ended, well or not: what it wrote goes to the disk
 * Changes nothing after a step that leaves neither packages nor modules.
 */
void oi_journal_settle(const struct oi_root *root, struct oi_journal *journal);

/** oi_journal_lost() - has the machine been restarted since, with things written that nobody had synced */
bool oi_journal_lost(const struct oi_root *root, const struct oi_journal *journal);

/** oi_journal_end() - nothing is left to be finished: what was done is on disk, the journal gone */
OI_MUST_CHECK
int oi_journal_end(const struct oi_root *root, struct oi_err *err);

/**
 * oi_journal_sync() - all that was changed is on disk
 * dkms, depmod and scripts do not sync what they write, nor does a dpkg that was told to
 * hurry. Without this a power cut half a minute after the end would find empty modules
 * that all records call installed, or modules of a driver that no record knows.
 */
void oi_journal_sync(const struct oi_root *root);

/** oi_journal_cut() - the step that was not finished; NULL: none was begun */
const struct oi_journal_step *oi_journal_cut(const struct oi_journal *journal);

/** oi_journal_heals() - what may be half-done, all steps together; enum oi_heal */
unsigned int oi_journal_heals(const struct oi_journal *journal);

#endif
