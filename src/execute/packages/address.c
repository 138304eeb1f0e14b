/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/packages/address.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/tools/child.h"
#include "execute/tools/keyring.h"
#include "execute/state/record.h"
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
static char *fetch_key(const struct oi_execution *run, const char *address, struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv urls = { 0 };
	const struct oi_fetch_job job = oi_step_fetch_job(run->host, run->config, &urls, FETCHED);
	OI_FREE char *url = oi_mem_printf("%s/" KEY_NAME, address);

	if (!strncmp(url, "file://", 7)) {
		OI_FREE char *path = local_path(url);

		if (oi_root_exists(&run->host->change, path))
			return oi_mem_printf("%s%s", oi_root_is_real(&run->host->change) ? "" :
					     run->host->change.path, path);
		oi_err_set(err, OI_R_FETCH_FILE, "%s is not there", path);
		return NULL;
	}
	oi_strv_add(&urls, url);
	if (oi_fetcher_download(run->host, &job, err))
		return NULL;
	return oi_mem_printf("%s" OI_STAGING_DIR "/" FETCHED,
			     oi_root_is_real(&run->host->change) ? "" : run->host->change.path);
}

int oi_address_stage(struct oi_execution *run, const struct oi_step *step, const char *home,
		     const char *keys, struct oi_strv *accepted, char **address,
		     struct oi_err *err)
{
	for (size_t i = 0; i < step->urls.n; i++) {
		size_t len = strlen(step->urls.v[i]);
		OI_FREE char *file = NULL;

		while (len && step->urls.v[i][len - 1] == '/')
			len--;
		*address = oi_mem_ndup(step->urls.v[i], len);
		file = fetch_key(run, *address, err);
		if (!file) {
			oi_log_warn(&run->host->log, "packages: repository %s: %s", *address, err->text);
			free(oi_mem_take(address));
			continue;
		}
		oi_log_info(&run->host->log, "packages: the repository is %s", *address);
		if (oi_keyring_reset(run->host, home, err) ||
		    oi_keyring_import(run->host, home, file, err))
			return -1;
		return oi_keyring_judge(run->host, home, step, keys, accepted, err);
	}
	return oi_err_prefix(err, "the repository's key");
}

int oi_address_write(const struct oi_execution *run, const char *path, const char *text,
		     struct oi_err *err)
{
	if (oi_record_note_file(&run->host->change, path, text, err))
		return -1;
	return oi_root_write(&run->host->change, path, 0644, text, strlen(text), err);
}
