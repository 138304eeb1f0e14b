/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bundle of `ofed-init collect`: what a bug report needs, and no secret in it. */
#ifndef OI_REPORT_COLLECT_H
#define OI_REPORT_COLLECT_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/doc.h"
#include "base/err.h"
#include "sys/host.h"
#include "sys/root.h"

/* The folder in the archive. */
#define OI_COLLECT_FOLDER "ofed-init-collect"

struct oi_collect {
	const struct oi_host *host; /* borrowed */
	struct oi_root scratch; /* a folder that only we may enter */
	struct oi_buf contents; /* a line for each thing: what it is, or why it is not there */
};

/** oi_collect_begin() - make the scratch folder; oi_collect_end() in any case */
OI_MUST_CHECK
int oi_collect_begin(const struct oi_host *host, struct oi_collect *collect, struct oi_err *err);
/** oi_collect_end() - remove it; for OI_CLEANUP */
void oi_collect_end(struct oi_collect *collect);

/**
 * oi_collect_doc() - put a tree in as JSON, its strings redacted
 * @doc: taken
 */
void oi_collect_doc(struct oi_collect *collect, const char *name, struct oi_doc *doc);
/** oi_collect_note() - say in the table of contents why @name is not there */
void oi_collect_note(struct oi_collect *collect, const char *name, const char *why);
/** oi_collect_machine() - logs, records, dkms, dmesg, lspci, versions: each in part, redacted */
void oi_collect_machine(struct oi_collect *collect);

/**
 * oi_collect_pack() - write all of it as a compressed tar archive
 * @path: as the user gave it; written beside and renamed, readable by its owner alone
 * Return: 0, or -1 with OI_R_TOOL_MISSING, OI_R_CHILD_*, OI_R_WRITE_FAILED.
 */
OI_MUST_CHECK
int oi_collect_pack(struct oi_collect *collect, const char *path, struct oi_err *err);

#endif
