/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/packages/address.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/tools/fetch_job.h"
#include "execute/tools/keyring.h"
#include "model/reasons.h"
#include "sys/fetcher.h"

#define KEY_NAME "GPG-KEY-Mellanox.pub"
#define FETCHED "vendor-key"

/* The path of a file:// URL, which has what means something in URLs escaped; owned by the caller. */
static char *local_path(const char *url)
{
	struct oi_buf path = { 0 };

	for (const char *c = url + strlen("file://"); *c; c++) {
		char digits[3] = { 0 };
		char byte = *c;

		if (*c == '%' && c[1] && c[2]) {
			memcpy(digits, c + 1, 2);
			byte = (char)strtol(digits, NULL, 16);
			c += 2;
		}
		oi_buf_add(&path, &byte, 1);
	}
	return oi_buf_take(&path);
}

/* Where its key lies, as a child sees it; NULL: it cannot be had (@err). Owned by the caller. */
static char *fetch_key(const struct oi_context *ctx, const char *address, struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv urls = { 0 };
	const struct oi_fetch_job job = oi_fetch_job_of(ctx, &urls, FETCHED);
	OI_FREE char *url = oi_mem_printf("%s/" KEY_NAME, address);

	if (!strncmp(url, "file://", 7)) {
		OI_FREE char *path = local_path(url);

		if (oi_root_exists(&ctx->host->change, path))
			return oi_root_name(&ctx->host->change, path);
		oi_err_set(err, OI_R_FETCH_FILE, "%s is not there", path);
		return NULL;
	}
	oi_strv_add(&urls, url);
	if (oi_fetcher_download(ctx->host, &job, err))
		return NULL;
	return oi_root_name(&ctx->host->change, OI_STAGING_DIR "/" FETCHED);
}

int oi_address_stage(const struct oi_context *ctx, const struct oi_step *step, const char *home,
		     const char *keys, struct oi_strv *accepted, char **address,
		     struct oi_err *err)
{
	for (size_t i = 0; i < step->repository.urls.n; i++) {
		size_t len = strlen(step->repository.urls.v[i]);
		OI_FREE char *file = NULL;

		while (len && step->repository.urls.v[i][len - 1] == '/')
			len--;
		*address = oi_mem_ndup(step->repository.urls.v[i], len);
		file = fetch_key(ctx, *address, err);
		if (!file) {
			oi_log_warn(&ctx->host->log, "packages: repository %s: %s", *address, err->text);
			free(oi_mem_take(address));
			continue;
		}
		oi_log_info(&ctx->host->log, "packages: the repository is %s", *address);
		if (oi_keyring_reset(ctx->host, home, err) ||
		    oi_keyring_import(ctx->host, home, file, err))
			return -1;
		return oi_keyring_judge(ctx->host, home, step, keys, accepted, err);
	}
	return oi_err_prefix(err, "the repository's key");
}
