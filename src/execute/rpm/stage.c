/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A vendor's repository package, looked into: repositories, and the keys that sign them. */
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/tools/child.h"
#include "execute/tools/keyring.h"
#include "execute/rpm/install.h"
#include "execute/packages/packages.h"
#include "execute/tools/fetch_job.h"
#include "model/reasons.h"
#include "sys/fetcher.h"

#define TREE_NAME "repository"
#define TREE OI_STAGING_DIR "/" TREE_NAME
#define FETCHED_KEY "vendor-key"

/* A repository file is a few lines, a file with keys a few kilobytes. */
#define REPO_BYTES (1u << 20)

/* --- keys --- */

static int import_key(const struct oi_packages *p, const struct oi_root *tree,
		      const char *url, struct oi_err *err)
{
	const struct oi_host *host = p->ctx->host;
	const char *path = !strncmp(url, "file://", 7) ? url + 7 :
		!strncmp(url, "file:", 5) ? url + 5 : *url == '/' ? url : NULL;
	OI_FREE char *file = NULL;

	if (!path) {
		OI_CLEANUP(oi_strv_clear) struct oi_strv urls = { 0 };
		const struct oi_fetch_job job = oi_fetch_job_of(p->ctx, &urls, FETCHED_KEY);

		oi_strv_add(&urls, url);
		if (oi_fetcher_download(host, &job, err))
			return oi_err_prefix(err, "the repository's key");
		file = oi_root_name(&host->change, OI_STAGING_DIR "/" FETCHED_KEY);
	} else if (oi_root_exists(tree, path)) {
		file = oi_mem_printf("%s%s", tree->path, path);
	} else {
		/* A key that the machine has already, as the distribution's own. */
		file = oi_mem_dup(path);
	}
	return oi_keyring_import(host, OI_RPM_GPG_HOME, file, err);
}

static int judge_keys(struct oi_packages *p, const struct oi_root *tree,
		      const struct oi_step *step, struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv urls = { 0 };
	struct oi_rpm *rpm = oi_rpm_of(p);
	bool needed = false;

	for (size_t i = 0; i < rpm->repos.n; i++) {
		const struct oi_rpm_repo *repo = &rpm->repos.v[i];

		if (!oi_rpm_repo_is_checked(repo))
			continue;
		needed = true;
		for (size_t k = 0; k < repo->keys.n; k++)
			if (!oi_strv_has(&urls, repo->keys.v[k]))
				oi_strv_add(&urls, repo->keys.v[k]);
	}
	if (!needed)
		return 0;
	if (oi_keyring_reset(p->ctx->host, OI_RPM_GPG_HOME, err))
		return -1;
	for (size_t i = 0; i < urls.n; i++)
		if (import_key(p, tree, urls.v[i], err))
			return -1;
	if (oi_keyring_judge(p->ctx->host, OI_RPM_GPG_HOME, step, OI_RPM_KEYS, &rpm->accepted, err))
		return -1;
	oi_rpm_take_keys(p);
	return 0;
}

/* --- repositories --- */

static int read_repos(struct oi_packages *p, const struct oi_root *tree, struct oi_err *err)
{
	static const char *const folders[] = { "/etc/yum.repos.d", "/etc/zypp/repos.d" };
	struct oi_rpm *rpm = oi_rpm_of(p);

	for (size_t f = 0; f < OI_ARRAY_SIZE(folders); f++) {
		OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };

		if (oi_root_list(tree, folders[f], &names, err) < 0)
			return -1;
		for (size_t i = 0; i < names.n; i++) {
			OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
			OI_FREE char *path = oi_mem_printf("%s/%s", folders[f], names.v[i]);
			const char *dot = strrchr(names.v[i], '.');

			if (!dot || strcmp(dot, ".repo") != 0)
				continue;
			if (oi_root_read(tree, path, REPO_BYTES, &text, err) ||
			    oi_rpm_repo_read(tree, names.v[i], oi_buf_str(&text), &rpm->repos, err))
				return -1;
			oi_strv_add(&rpm->files, names.v[i]);
		}
	}
	if (!rpm->repos.n)
		return oi_err_set(err, OI_R_REPOSITORY_MALFORMED,
				  "the package brings no repository file (/etc/yum.repos.d is empty)");
	for (size_t i = 0; i < rpm->repos.n; i++) {
		const struct oi_rpm_repo *repo = &rpm->repos.v[i];
		OI_FREE char *urls = oi_strv_join(&repo->baseurls, ", ");

		oi_log_info(&p->ctx->host->log, "packages: repository [%s]: %s", repo->id,
			    repo->baseurls.n ? urls : repo->metalink ? repo->metalink :
								       repo->mirrorlist);
	}
	return 0;
}

static int ask_name(struct oi_packages *p, const struct oi_step *step, struct oi_err *err)
{
	OI_CLEANUP(oi_child_clear) struct oi_child child = { .tool = OI_TOOL_RPM };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf out = { 0 };
	OI_FREE char *staged = oi_mem_printf(OI_STAGING_DIR "/%s", step->repository.name);
	OI_FREE char *path = oi_root_name(&p->ctx->host->change, staged);

	child.out = &out;
	oi_strv_add(&child.args, "-qp");
	oi_strv_add(&child.args, "--nosignature");
	oi_strv_add(&child.args, "--queryformat");
	oi_strv_add(&child.args, "%{NAME}\\n");
	oi_strv_add(&child.args, path);
	if (oi_child_run(p->ctx->host, &child, &result, err))
		return result.end == OI_RUN_EXITED ?
			oi_err_set(err, OI_R_REPOSITORY_MALFORMED, "%s is not a package: %.300s", step->repository.name,
				   oi_buf_str(&result.tail)) : -1;
	oi_rpm_of(p)->package = oi_mem_ndup(oi_buf_str(&out), strcspn(oi_buf_str(&out), "\n"));
	return 0;
}

int oi_rpm_stage(struct oi_packages *p, const struct oi_step *step, struct oi_err *err)
{
	OI_CLEANUP(oi_root_close) struct oi_root tree = { .fd = -1 };
	OI_FREE char *path = oi_root_name(&p->ctx->host->change, TREE);

	oi_rpm_clear(oi_rpm_of(p));
	if (ask_name(p, step, err) ||
	    oi_fetcher_unpack(p->ctx->host, step->repository.name, TREE_NAME, err) ||
	    oi_root_open(path, &tree, err) || read_repos(p, &tree, err))
		return -1;
	return judge_keys(p, &tree, step, err);
}
