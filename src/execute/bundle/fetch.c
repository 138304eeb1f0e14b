/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bundle that is unpacked into its scratch folder while it comes. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "execute/bundle/bundle.h"
#include "execute/tools/fetch_job.h"
#include "model/reasons.h"
#include "sys/fetcher.h"
#include "sys/mnt.h"

#define TREE "bundle"

/*
 * Its size is not known before it is asked for. Where there is this much, twice the
 * largest bundle and room to build have it; else the place has to do that has room to
 * build, and ofed-fetch looks again when the source has told the size.
 */
#define LARGEST_BYTES (INT64_C(1536) << 20)

static int make_scratch(const struct oi_host *host, char **scratch, struct oi_err *err)
{
	if (!oi_bundle_scratch(host, OI_MNT_TABLE, 2 * LARGEST_BYTES + OI_BUNDLE_BUILD_BYTES,
			       scratch, err))
		return 0;
	if (err->code != OI_R_DISK_SPACE)
		return -1;
	return oi_bundle_scratch(host, OI_MNT_TABLE, OI_BUNDLE_BUILD_BYTES, scratch, err);
}

static int fetch(const struct oi_context *ctx, const struct oi_step *step, const char *scratch,
		 struct oi_err *err)
{
	const struct oi_host *host = ctx->host;
	struct oi_fetch_job job = oi_fetch_job_of(ctx, &step->fetch.urls, step->fetch.name);
	int fd = oi_root_openat(&host->change, scratch, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	int ret;

	if (fd < 0)
		return oi_err_set(err, OI_R_WRITE_FAILED, "%s: %s", scratch, strerror(errno));
	job.sha256 = step->fetch.sha256;
	/* Once as it comes out, which is about its size; once more copied to be built. */
	ret = oi_fetcher_stream(host, &job, fd, TREE, 2, OI_BUNDLE_BUILD_BYTES, err);
	close(fd);
	return ret;
}

int oi_bundle_fetch(const struct oi_context *ctx, struct oi_bundle *bundle, const struct oi_step *step,
		    struct oi_err *err)
{
	const struct oi_host *host = ctx->host;
	struct oi_err why;

	oi_bundle_clear(bundle);
	if (step->fetch.sha256 && oi_bundle_kept(host, step->fetch.sha256, &bundle->scratch)) {
		oi_log_info(&host->log, "fetch: %s: already here and unpacked", step->fetch.name);
	} else if (make_scratch(host, &bundle->scratch, err)) {
		return -1;
	} else if (fetch(ctx, step, bundle->scratch, err)) {
		oi_bundle_forget(host);
		oi_bundle_clear(bundle);
		return -1;
	} else if (step->fetch.sha256 && oi_bundle_keep(host, bundle->scratch, step->fetch.sha256, &why)) {
		oi_log_warn(&host->log, "it would be fetched again: %s", why.text);
	}
	bundle->tree = oi_mem_printf("%s/" TREE, bundle->scratch);
	return 0;
}
