/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What ofed-init has done to this machine, for uninstall: one file, written
 * before each effect. An entry may therefore be of something that never came to
 * be; one that is missing is of something that was not done.
 */
#ifndef OI_EXECUTE_STATE_RECORD_H
#define OI_EXECUTE_STATE_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/strv.h"
#include "model/verdict.h"
#include "sys/host.h"

#define OI_RECORD_PATH OI_STATE_DIR "/installed.json"
/* A file that was there before ours lies below this folder, under its own path. */
#define OI_RECORD_BEFORE_DIR OI_STATE_DIR "/before"

struct oi_record_file {
	char *path;
	struct oi_strv ours; /* fingerprints of what we wrote there, by oi_hash_text() */
	char *before; /* fingerprint of what was there first; NULL: nothing */
};

/* Zeroed is empty. */
struct oi_record {
	struct oi_strv methods; /* "apt", "bundle": by which it was done */
	struct oi_strv packages; /* "name version": not installed before us */
	struct oi_strv replaced; /* "name before after": changed by us; after "-": removed */
	struct oi_strv repository; /* names of packages that hold the vendor's repository */
	struct oi_strv units; /* enabled by us, and not before */
	struct oi_strv dkms; /* modules that dkms did not know before */
	struct oi_strv modules; /* "kernel file", which dkms has built; by uninstall for itself */
	struct oi_strv initramfs; /* kernels whose initramfs was rebuilt for our modules */
	struct oi_strv kept; /* there before: leavings.h */
	struct oi_strv folders; /* made for our files, an outer one before an inner one */
	struct oi_record_file *files;
	size_t n_files;
};

void oi_record_clear(struct oi_record *record);

/**
 * oi_record_read() - all that was noted
 * @record: zeroed; filled, owned by the caller
 * Return: 0; 1 there is no record; -1 with OI_R_RECORD_MALFORMED, OI_R_READ_FAILED.
 */
OI_MUST_CHECK
int oi_record_read(const struct oi_root *root, struct oi_record *record, struct oi_err *err);

/**
 * oi_record_note_plan() - before its first effect: what of its units and modules is new
 * A unit that is enabled already, or a module that dkms knows already, is not ours.
 */
OI_MUST_CHECK
int oi_record_note_plan(const struct oi_root *root, const struct oi_verdict *verdict,
			struct oi_err *err);

/**
 * oi_record_built() - what dkms has built
 * @names: modules as dkms names them
 * @built: appended: "kernel file", each once
 * Return: 0, or -1 with OI_R_READ_FAILED. Source: dkms(8), "DKMS directories"
 */
OI_MUST_CHECK
int oi_record_built(const struct oi_root *root, const struct oi_strv *names, struct oi_strv *built,
		    struct oi_err *err);

/**
 * oi_record_note_modules() - before the packages go: what dkms has built of the noted modules
 * A removal that is cut off may take dkms' own record away, and leave the files.
 */
OI_MUST_CHECK
int oi_record_note_modules(const struct oi_root *root, struct oi_err *err);

/** oi_record_note_kept() - paths that were there before us, of a kind that the vendor's packages leave */
OI_MUST_CHECK
int oi_record_note_kept(const struct oi_root *root, const struct oi_strv *paths, struct oi_err *err);

/** oi_record_note_packages() - before they are installed; @fresh: "name version" */
OI_MUST_CHECK
int oi_record_note_packages(const struct oi_root *root, const struct oi_strv *fresh,
			    struct oi_err *err);

/** oi_record_note_replaced() - before they are changed; @replaced: "name before after" */
OI_MUST_CHECK
int oi_record_note_replaced(const struct oi_root *root, const struct oi_strv *replaced,
			    struct oi_err *err);

/** oi_record_note_dkms() - modules that dkms has got to know by another program's hand */
OI_MUST_CHECK
int oi_record_note_dkms(const struct oi_root *root, const struct oi_strv *names,
			struct oi_err *err);

/**
 * oi_record_note_initramfs() - before a kernel's initramfs is made anew
 * Where there is no record nothing of ours is in there, and none is begun.
 */
OI_MUST_CHECK
int oi_record_note_initramfs(const struct oi_root *root, const char *kernel, struct oi_err *err);

/** oi_record_note_repository() - before it is installed: the package with the repository */
OI_MUST_CHECK
int oi_record_note_repository(const struct oi_root *root, const char *package,
			      struct oi_err *err);

/**
 * oi_record_note_file() - before @text is written to @path
 * The first time a copy of what is there is put aside, unless there is an earlier one of leavings.h.
 */
OI_MUST_CHECK
int oi_record_note_file(const struct oi_root *root, const char *path, const char *text,
			struct oi_err *err);

/** oi_record_forget_unchanged() - files that were noted, and are to be as they were before */
OI_MUST_CHECK
int oi_record_forget_unchanged(const struct oi_root *root, struct oi_err *err);

/**
 * oi_record_note_found() - @path has come with @text by another program's hand
 * Nothing was there before, so nothing is put aside; uninstall removes it unless it
 * is something else by then.
 */
OI_MUST_CHECK
int oi_record_note_found(const struct oi_root *root, const char *path, const char *text,
			 struct oi_err *err);

#endif
