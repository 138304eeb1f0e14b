/* SPDX-License-Identifier: GPL-2.0-or-later */
/* apt's package lists, in private state: the system's sources and the staged repository. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/apt/install.h"
#include "execute/apt/call.h"
#include "execute/apt/text.h"
#include "execute/tools/keyring.h"
#include "model/reasons.h"
#include "sys/clock.h"

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
			return oi_err_set(err, oi_keyring_is_policy(lines->v[i]) ? OI_R_KEY_POLICY :
					  OI_R_REPOSITORY_UNTRUSTED, "%s", lines->v[i]);
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

/* Source: apt's acquire-item.cc, pkgAcqMetaBase::VerifyVendor */
static bool is_of_the_future(const char *words)
{
	return words && strstr(words, "is not valid yet");
}

/* Source files of which there is a list of packages now, one "FILE:LINE" a line. */
static int list_indexes(const struct oi_packages *p, struct oi_buf *out, struct oi_err *err)
{
	OI_APT_CALL_AUTO call = { 0 };

	oi_apt_call_init(&call, p, OI_TOOL_APT_GET);
	call.child.out = out;
	oi_strv_add(&call.child.args, "indextargets");
	oi_strv_add(&call.child.args, "--format");
	oi_strv_add(&call.child.args, "$(SOURCESENTRY)");
	oi_strv_add(&call.child.args, "Created-By: Packages");
	if (!oi_apt_call_run(&call, err))
		return 0;
	return oi_apt_quiet_failed(&call, OI_R_PACKAGES_LISTS, err);
}

enum oi_reason oi_apt_lists_reason(const struct oi_apt *apt)
{
	return is_of_the_future(apt->incomplete) ? OI_R_CLOCK_BEHIND : OI_R_PACKAGES_LISTS;
}

static int check_indexes(const struct oi_packages *p, struct oi_err *err)
{
	const struct oi_apt *apt = oi_apt_of(p);
	OI_CLEANUP(oi_buf_clear) struct oi_buf indexes = { 0 };

	if (!apt->incomplete && !apt->staged.names.n)
		return 0;
	if (list_indexes(p, &indexes, err))
		return -1;
	for (size_t i = 0; i < apt->staged.names.n; i++) {
		OI_FREE char *path = oi_apt_source_path(p->ctx->host, apt->staged.names.v[i]);
		OI_FREE char *entry = oi_mem_printf("%s:", path);

		if (!strstr(oi_buf_str(&indexes), entry))
			return oi_err_set(err, oi_apt_lists_reason(apt),
					  "the vendor's repository (%s) could not be read: %s",
					  apt->staged.names.v[i],
					  apt->incomplete ? apt->incomplete : "no cause was given");
	}
	if (!indexes.len)
		return oi_err_set(err, oi_apt_lists_reason(apt), "%s", apt->incomplete);
	if (apt->incomplete)
		oi_log_warn(&p->ctx->host->log, "packages: continuing with the lists that were fetched");
	return 0;
}

enum sources { ALL, ALL_BUT_STAGED, STAGED };

/*
 * Of a part of the sources apt makes no cache: it is the next call's, which knows them all.
 * Source: apt, apt-private/private-update.cc
 */
static void choose_sources(const struct oi_host *host, enum sources which, struct oi_strv *args)
{
	if (which == ALL)
		return;
	oi_strv_add(args, "-o");
	oi_strv_add(args, "pkgCacheFile::Generate=false");
	if (which == STAGED)
		oi_apt_only_staged(host, args);
}

/* One `apt-get update`; apt->incomplete tells what of the user's own could not be had. */
static int update(struct oi_packages *p, enum sources which, struct oi_err *err)
{
	struct oi_apt *apt = oi_apt_of(p);
	OI_APT_CALL_AUTO call = { 0 };
	OI_FREE char *incomplete = NULL;
	int ret;

	oi_apt_call_init(&call, p, OI_TOOL_APT_GET);
	call.child.level = OI_LOG_INFO;
	oi_strv_add(&call.child.args, "update");
	choose_sources(p->ctx->host, which, &call.child.args);
	ret = oi_apt_call_run(&call, err);
	if (ret && !oi_apt_said_no(&call))
		return -1;
	if ((ret || call.words.errors.n || call.words.warnings.n) && check_room(p->ctx->host, err))
		return -1;
	if (check_trust(apt, &call.words.warnings, err) || check_trust(apt, &call.words.errors, err))
		return -1;
	/* Before Error-Mode (apt 2.3) a failed source is a warning and exit status 0. */
	if (ret || call.words.errors.n)
		incomplete = oi_apt_why(&call, err);
	for (size_t i = 0; !incomplete && i < call.words.warnings.n; i++)
		if (strstr(call.words.warnings.v[i], "Failed to fetch") ||
		    oi_apt_is_distrust(call.words.warnings.v[i]))
			oi_mem_set(&incomplete, call.words.warnings.v[i]);
	if (incomplete) {
		oi_log_warn(&p->ctx->host->log, "packages: not all lists could be fetched: %s",
			    incomplete);
		oi_mem_set(&apt->incomplete, incomplete);
	}
	return 0;
}

/* --- a clock that is behind --- */

/* From a first boot's start to a clock that chrony or the host has set. */
#define CLOCK_WAIT_MS 60000
#define CLOCK_LOOK_MS 500
#define CLOCK_STEP_MS 1000
#define CLOCK_REST_MS 10000 /* of the run's time, for what follows */

static int64_t clock_offset_ms(void)
{
	return oi_clock_epoch_ms() - oi_clock_ms();
}

/* @asked_ms: the offset when the lists were asked for. Return: somebody has set the clock forward since. */
static bool wait_for_clock(const struct oi_host *host, int64_t asked_ms)
{
	const struct timespec pause = { .tv_nsec = CLOCK_LOOK_MS * 1000000L };
	const int64_t rest = host->deadline_ms - CLOCK_REST_MS;
	int64_t until = oi_clock_ms() + CLOCK_WAIT_MS;

	if (rest < until)
		until = rest;
	oi_log_info(&host->log, "packages: the lists are newer than the clock: waiting up to %lld s for the clock to be set",
		    (long long)(oi_clock_left_ms(until) / 1000));
	while (clock_offset_ms() <= asked_ms + CLOCK_STEP_MS) {
		if (!oi_clock_left_ms(until))
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

/* Once more, also when no step was seen: a clock that is a little behind is set bit by bit. */
static int update_again(struct oi_packages *p, struct oi_err *err)
{
	struct oi_apt *apt = oi_apt_of(p);

	if (!is_of_the_future(apt->incomplete))
		return 0;
	oi_log_info(&p->ctx->host->log, "packages: %s: fetching the lists again",
		    wait_for_clock(p->ctx->host, apt->clock_ms) ? "the clock was set" :
								  "nobody has set the clock");
	free(apt->incomplete);
	apt->incomplete = NULL;
	return update(p, ALL, err);
}

/* --- ahead: while something else is downloaded --- */

#define AHEAD OI_APT_DIR "/ahead" /* it has ended: what could not be had, or nothing */
#define AHEAD_BYTES 65536

/* In another process: what it learns is lost but for that file. Without one all is done again. */
static void update_ahead(void *data)
{
	struct oi_packages *p = data;
	struct oi_err err;
	const char *why;

	if (update(p, ALL_BUT_STAGED, &err)) {
		oi_log_info(&p->ctx->host->log, "packages: %s", err.text);
		return;
	}
	why = oi_apt_of(p)->incomplete ?: "";
	if (oi_root_write(&p->ctx->host->change, AHEAD, 0644, why, strlen(why), &err))
		oi_log_warn(&p->ctx->host->log, "packages: %s", err.text);
}

void oi_apt_refresh_ahead(struct oi_packages *p)
{
	const struct oi_apt_staged none = { 0 };
	const struct oi_host *host = p->ctx->host;
	struct oi_err err; /* whatever it is, oi_apt_refresh() meets it too, and says it */

	if (oi_apt_lay_out(host, p->ctx->config, p->ctx->verdict, &none, false, &err) ||
	    oi_root_remove(&host->change, AHEAD, &err))
		return;
	oi_apt_of(p)->clock_ms = clock_offset_ms();
	oi_background_start(&p->lists, update_ahead, p);
}

/* Return: are they there, as far as they can be had. Of a source that counts no more they tell nothing. */
static bool have_ahead(struct oi_packages *p)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf why = { 0 };
	struct oi_err ignored; /* there is none, or nobody knows how it ended */

	if (!p->lists.pid)
		return false;
	oi_background_wait(&p->lists, p->ctx->host->deadline_ms);
	if (oi_root_read(&p->ctx->host->change, AHEAD, AHEAD_BYTES, &why, &ignored) ||
	    oi_apt_replaces(p->ctx->host, &oi_apt_of(p)->staged))
		return false;
	if (why.len)
		oi_mem_set(&oi_apt_of(p)->incomplete, oi_buf_str(&why));
	return true;
}

int oi_apt_refresh(struct oi_packages *p, struct oi_err *err)
{
	struct oi_apt *apt = oi_apt_of(p);
	bool ahead;

	free(apt->incomplete);
	apt->incomplete = NULL;
	if (!p->lists.pid)
		apt->clock_ms = clock_offset_ms();
	ahead = have_ahead(p);
	if (oi_apt_lay_out(p->ctx->host, p->ctx->config, p->ctx->verdict, &apt->staged, ahead, err))
		return -1;
	if ((!ahead || apt->staged.names.n) && update(p, ahead ? STAGED : ALL, err))
		return -1;
	if (update_again(p, err))
		return -1;
	return check_indexes(p, err);
}
