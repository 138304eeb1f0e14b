/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A set of modules into a cache that is reached by https://: complete, once, and never over another's. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/strv.h"
#include "base/url.h"
#include "execute/cache/modset.h"
#include "execute/cache/text.h"
#include "execute/tools/fetch_job.h"
#include "model/reasons.h"
#include "sys/clock.h"
#include "sys/fetcher.h"

/* What has not been taken by then is for another machine to send. */
#define UPLOAD_MS 180000

struct upload {
	struct oi_host host; /* with a deadline of its own */
	const struct oi_config *config;
	const char *place;
};

static struct oi_fetch_job job_of(const struct upload *u, const char *name, struct oi_strv *urls)
{
	const struct oi_context ctx = { .host = &u->host, .config = u->config };

	oi_url_join(urls, u->place, name);
	return oi_fetch_job_of(&ctx, urls, name);
}

/* Return: 0; 1 there is one already; -1. */
static int put(const struct upload *u, const char *name, const char *staged, struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv urls = { 0 };
	OI_FREE char *path = oi_mem_printf(OI_STAGING_DIR "/%s", staged);
	const struct oi_fetch_job job = job_of(u, name, &urls);
	int fd = oi_root_openat(&u->host.change, path, O_RDONLY | O_NOFOLLOW, 0);
	int ret;

	if (fd < 0)
		return oi_err_set(err, OI_R_READ_FAILED, "%s: %s", path, strerror(errno));
	ret = oi_fetcher_upload(&u->host, &job, fd, err);
	close(fd);
	return ret;
}

/*
 * Most of a fleet that comes late is spared sending the package in vain. Who may create but
 * not read learns it from the refusal of the pointer, so no status is an error here.
 * Return: 0 go on; 1 there is one already; -1, also when it is none, which nobody may overwrite.
 */
static int look(const struct upload *u, const char *key, struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv urls = { 0 };
	OI_CLEANUP(oi_modset_clear) struct oi_modset set = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	OI_FREE char *pointer = oi_mem_printf("%s.json", key);
	OI_FREE char *path = oi_mem_printf(OI_STAGING_DIR "/%s", pointer);
	const struct oi_fetch_job job = job_of(u, pointer, &urls);

	if (oi_fetcher_download(&u->host, &job, err))
		return err->code == OI_R_FETCH_STATUS ? 0 : -1;
	if (oi_root_read(&u->host.change, path, OI_MODSET_POINTER_BYTES, &text, err) ||
	    oi_modset_pointer_read(oi_buf_str(&text), text.len, key, &set, err)) {
		err->code = OI_R_MODULES_UNFIT;
		return oi_err_prefix(err, "delete %s from the cache, so that it can be written again",
				     pointer);
	}
	return 1;
}

static int put_pointer(const struct upload *u, const char *pointer, const struct oi_modset *set,
		       struct oi_err *err)
{
	static const char staged[] = "publish.json";
	OI_FREE char *text = oi_modset_pointer_text(set);

	if (oi_root_write(&u->host.change, OI_STAGING_DIR "/publish.json", 0600, text, strlen(text),
			  err))
		return -1;
	return put(u, pointer, staged, err);
}

static struct upload upload_of(const struct oi_host *host, const struct oi_config *config,
			   const char *place)
{
	struct upload u = { .host = *host, .config = config, .place = place };
	int64_t until_ms = oi_clock_ms() + UPLOAD_MS;

	if (until_ms < u.host.deadline_ms)
		u.host.deadline_ms = until_ms;
	return u;
}

int oi_modset_is_uploaded(const struct oi_host *host, const struct oi_config *config,
			  const char *place, const char *key, struct oi_err *err)
{
	const struct upload u = upload_of(host, config, place);

	return look(&u, key, err);
}

int oi_modset_upload(const struct oi_host *host, const struct oi_config *config,
		     const char *place, const struct oi_modset *set, struct oi_err *err)
{
	OI_FREE char *pointer = oi_mem_printf("%s.json", set->key);
	const struct upload u = upload_of(host, config, place);
	int ret = look(&u, set->key, err);

	if (ret)
		return ret;
	/* Of this name there is but one content: if it is there, it is the same. */
	if (put(&u, set->file, set->file, err) < 0)
		return -1;
	return put_pointer(&u, pointer, set, err);
}
