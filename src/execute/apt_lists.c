/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/apt.h"
#include "execute/apt_call.h"
#include "execute/apt_text.h"
#include "model/reasons.h"

/* Does a line of apt's speak of one of the staged repositories? */
static bool is_about(const struct oi_strv *uris, const char *line)
{
	for (size_t i = 0; i < uris->n; i++)
		if (strstr(line, uris->v[i]))
			return true;
	return false;
}

static int check_trust(const struct oi_apt *apt, const struct oi_strv *lines, struct oi_err *err)
{
	for (size_t i = 0; i < lines->n; i++)
		if (is_about(&apt->staged.uris, lines->v[i]) && oi_apt_is_distrust(lines->v[i]))
			return oi_err_set(err, OI_R_REPOSITORY_UNTRUSTED, "%s", lines->v[i]);
	return 0;
}

/* Less than the smallest index: apt was at the end of the disk, or was as good as there. */
#define ROOM_BYTES (INT64_C(1) << 20)

/* On a full disk apt cannot write down the keys, and says that the signature is wrong. */
static int check_room(const struct oi_host *host, struct oi_err *err)
{
	struct oi_err ignored; /* then it is not the disk of which we know */
	int64_t free_bytes;

	if (oi_root_free_bytes(&host->change, OI_APT_DIR, &free_bytes, &ignored) ||
	    free_bytes >= ROOM_BYTES)
		return 0;
	return oi_err_set(err, OI_R_DISK_SPACE, "package lists: %lld kB are free below %s",
			  (long long)(free_bytes / 1000), OI_APT_DIR);
}

/* Source files of which there is a list of packages now, one "FILE:LINE" a line. */
static int list_indexes(const struct oi_execution *run, struct oi_buf *out, struct oi_err *err)
{
	OI_APT_CALL_AUTO call = { 0 };

	oi_apt_call_init(&call, run, OI_TOOL_APT_GET);
	call.child.out = out;
	oi_strv_add(&call.child.args, "indextargets");
	oi_strv_add(&call.child.args, "--format");
	oi_strv_add(&call.child.args, "$(SOURCESENTRY)");
	oi_strv_add(&call.child.args, "Created-By: Packages");
	return oi_apt_call_run(&call, err);
}

static int check_indexes(const struct oi_execution *run, struct oi_err *err)
{
	const struct oi_apt *apt = &run->apt;
	OI_CLEANUP(oi_buf_clear) struct oi_buf indexes = { 0 };

	if (!apt->incomplete && !apt->staged.names.n)
		return 0;
	if (list_indexes(run, &indexes, err))
		return -1;
	for (size_t i = 0; i < apt->staged.names.n; i++) {
		OI_FREE char *path = oi_apt_source_path(run->host, apt->staged.names.v[i]);
		OI_FREE char *entry = oi_mem_printf("%s:", path);

		if (!strstr(oi_buf_str(&indexes), entry))
			return oi_err_set(err, OI_R_PACKAGES_LISTS,
					  "the vendor's repository (%s) could not be read: %s",
					  apt->staged.names.v[i],
					  apt->incomplete ? apt->incomplete : "no cause was given");
	}
	if (!indexes.len)
		return oi_err_set(err, OI_R_PACKAGES_LISTS, "%s", apt->incomplete);
	if (apt->incomplete)
		oi_log_warn(&run->host->log, "packages: going on with the lists that could be had");
	return 0;
}

int oi_apt_refresh(struct oi_execution *run, struct oi_err *err)
{
	struct oi_apt *apt = &run->apt;
	OI_APT_CALL_AUTO call = { 0 };
	int ret;

	if (oi_apt_lay_out(run->host, run->config, run->verdict, &apt->staged, err))
		return -1;
	oi_apt_call_init(&call, run, OI_TOOL_APT_GET);
	call.child.level = OI_LOG_INFO;
	oi_strv_add(&call.child.args, "update");
	ret = oi_apt_call_run(&call, err);
	if (ret && !oi_apt_said_no(&call))
		return -1;
	if ((ret || call.words.errors.n || call.words.warnings.n) && check_room(run->host, err))
		return -1;
	if (check_trust(apt, &call.words.warnings, err) || check_trust(apt, &call.words.errors, err))
		return -1;
	/* Before Error-Mode (apt 2.3) a failed source is a warning and exit status 0. */
	free(apt->incomplete);
	apt->incomplete = NULL;
	if (ret || call.words.errors.n)
		apt->incomplete = oi_apt_why(&call, err);
	for (size_t i = 0; !apt->incomplete && i < call.words.warnings.n; i++)
		if (strstr(call.words.warnings.v[i], "Failed to fetch") ||
		    oi_apt_is_distrust(call.words.warnings.v[i]))
			oi_mem_set(&apt->incomplete, call.words.warnings.v[i]);
	if (apt->incomplete)
		oi_log_warn(&run->host->log, "packages: not all lists could be fetched: %s",
			    apt->incomplete);
	return check_indexes(run, err);
}
