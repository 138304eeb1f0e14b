/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signatures of the vendor's packages, before the first change: the managers look at
 * them when all is downloaded, and by then the repository's own package is installed.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/tools/child.h"
#include "execute/tools/keyring.h"
#include "execute/rpm/install.h"
#include "execute/rpm/call.h"
#include "execute/packages/packages.h"
#include "model/reasons.h"

#define KEY_BOOKS OI_RPM_DIR "/keys.db" /* rpm's, with the accepted keys and nothing else */
#define DEPTH 6 /* folders of a repository below its address */

/* --- which files --- */

/* Files that come, by the name that rpmbuild gives them. */
static void name_files(const struct oi_rpm_words *words, struct oi_strv *names)
{
	for (size_t i = 0; i < words->n_changes; i++) {
		const struct oi_rpm_change *change = &words->changes[i];
		const char *epoch = strchr(change->version, ':');

		if (change->effect != OI_RPM_REMOVED)
			oi_strv_addf(names, "%s-%s.%s.rpm", change->name,
				     epoch ? epoch + 1 : change->version, change->arch);
	}
}

static int find_files(const struct oi_host *host, const char *folder, const struct oi_strv *names,
		      int depth, struct oi_strv *files, struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv entries = { 0 };
	struct oi_err ignored;
	int got = oi_root_list(&host->change, folder, &entries, &ignored);

	if (got || !depth)
		return 0; /* a file, or not there: what counts is what is found */
	for (size_t i = 0; i < entries.n; i++) {
		OI_FREE char *path = oi_mem_printf("%s/%s", folder, entries.v[i]);

		if (oi_strv_has(names, entries.v[i])) {
			OI_FREE char *full = oi_root_name(&host->change, path);

			oi_strv_add(files, full);
		} else if (find_files(host, path, names, depth - 1, files, err)) {
			return -1;
		}
	}
	return 0;
}

/* Local repositories are used where they lie, others are in a folder of the cache. */
static int find_of_repo(const struct oi_packages *p, const struct oi_rpm_repo *repo,
			const struct oi_strv *names, struct oi_strv *files, struct oi_err *err)
{
	static const char *const caches[] = { OI_RPM_CACHE, OI_RPM_CACHE "/packages" };
	const struct oi_root *root = &p->ctx->host->change;
	size_t skip = oi_root_is_real(root) ? 0 : strlen(root->path);

	for (size_t i = 0; i < repo->baseurls.n; i++)
		if (!strncmp(repo->baseurls.v[i], "file://", 7) &&
		    find_files(p->ctx->host, repo->baseurls.v[i] + 7 + skip, names, DEPTH, files, err))
			return -1;
	for (size_t c = 0; c < OI_ARRAY_SIZE(caches); c++) {
		OI_CLEANUP(oi_strv_clear) struct oi_strv folders = { 0 };

		if (oi_root_list(root, caches[c], &folders, err) < 0)
			return -1;
		for (size_t i = 0; i < folders.n; i++) {
			OI_FREE char *folder = oi_mem_printf("%s/%s", caches[c], folders.v[i]);

			/* "ID" or, by dnf, "ID-" and a hash */
			if (!strncmp(folders.v[i], repo->id, strlen(repo->id)) &&
			    find_files(p->ctx->host, folder, names, DEPTH, files, err))
				return -1;
		}
	}
	return 0;
}

/* --- signatures --- */

static int rpmkeys(const struct oi_packages *p, const char *verb, const struct oi_strv *files,
		   struct oi_buf *out, struct oi_run_result *result, struct oi_err *err)
{
	OI_CLEANUP(oi_child_clear) struct oi_child child = { .tool = OI_TOOL_RPMKEYS };
	OI_FREE char *books = oi_root_name(&p->ctx->host->change, KEY_BOOKS);

	child.out = out;
	oi_strv_add(&child.args, "--dbpath");
	oi_strv_add(&child.args, books);
	oi_strv_add(&child.args, verb);
	if (out)
		oi_strv_add(&child.args, "--verbose");
	oi_strv_add_all(&child.args, files);
	return oi_child_run(p->ctx->host, &child, result, err);
}

static bool ends(const char *line, const char *with)
{
	size_t len = strlen(line), with_len = strlen(with);

	return len >= with_len && !strcmp(line + len - with_len, with);
}

/*
 * "Header V4 RSA/SHA512 Signature, key ID 12345678: OK", from rpm 6 on "Header OpenPGP V4
 * RSA/SHA512 signature, key fingerprint: (40 digits): OK"; its "key ID" is a key that it has not
 */
static bool is_signature(const char *line)
{
	return strstr(line, "ignature, key ID ") || strstr(line, "ignature, key fingerprint: ");
}

int oi_rpm_judge_signatures(const char *text, struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };
	const char *file = NULL;
	bool good = false;

	oi_strv_split(&lines, text, "\n");
	for (size_t i = 0; i <= lines.n; i++) {
		const char *line = i < lines.n ? lines.v[i] : "";

		if (*line == ' ') {
			good |= is_signature(line) && ends(line, ": OK");
			if (strstr(line, ": BAD") || ends(line, ": NOKEY") || ends(line, ": NOTTRUSTED"))
				return oi_err_set(err, OI_R_REPOSITORY_UNTRUSTED, "%s%s",
						  file ? file : "", line + strspn(line, " ") - 1);
			continue;
		}
		if (file && !good)
			return oi_err_set(err, OI_R_REPOSITORY_UNTRUSTED,
					  "%.*s is not signed by an accepted key",
					  (int)strcspn(file, ":"), file);
		file = *line == '/' ? line : NULL;
		good = false;
	}
	return 0;
}

/* What libzypp would look at, once it may: the index of the repository. */
static int check_index(const struct oi_packages *p, const struct oi_rpm_repo *repo,
		       struct oi_err *err)
{
	const struct oi_rpm_manager *m = oi_rpm_manager_of(p);
	OI_FREE char *place = NULL;
	OI_FREE char *file = NULL;
	OI_FREE char *signature = NULL;
	OI_FREE char *full = NULL;

	if (!m->index)
		return 0;
	place = oi_mem_printf("%.*s%s%s", (int)strcspn(m->index, "%"), m->index, repo->id,
			      strchr(m->index, '%') + 2);
	file = oi_mem_printf(OI_RPM_CACHE "/%s", place);
	signature = oi_mem_printf("%s.asc", file);
	if (!oi_root_exists(&p->ctx->host->change, signature))
		return 0; /* then each package's own signature is all there is, and that is looked at */
	full = oi_root_name(&p->ctx->host->change, file);
	free(oi_mem_take(&signature));
	signature = oi_mem_printf("%s.asc", full);
	return oi_keyring_verify(p->ctx->host, OI_RPM_GPG_HOME, signature, full, &oi_rpm_of(p)->accepted,
				 err);
}

static int check_files(const struct oi_packages *p, const struct oi_strv *files,
		       struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf out = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv keys = { 0 };

	OI_CLEANUP(oi_run_result_clear) struct oi_run_result imported = { 0 };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result checked = { 0 };

	oi_strv_add(&keys, oi_rpm_of(p)->key_path);
	if (oi_root_remove(&p->ctx->host->change, KEY_BOOKS, err) ||
	    oi_root_mkdirs(&p->ctx->host->change, KEY_BOOKS, 0700, err))
		return -1;
	if (rpmkeys(p, "--import", &keys, NULL, &imported, err))
		return oi_keyring_not_taken("rpm", &imported, err);
	if (rpmkeys(p, "--checksig", files, &out, &checked, err) && err->code != OI_R_CHILD_FAILED)
		return -1;
	if (oi_rpm_judge_signatures(oi_buf_str(&out), err))
		return -1;
	if (!out.len)
		return oi_err_set(err, OI_R_REPOSITORY_UNTRUSTED, "rpmkeys does not report on its packages");
	oi_log_info(&p->ctx->host->log, "packages: the signatures of %zu packages are good", files->n);
	return 0;
}

int oi_rpm_check(const struct oi_packages *p, const struct oi_rpm_words *words,
		 const struct oi_strv *names, struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv wanted = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv files = { 0 };
	OI_RPM_CALL_AUTO call = { 0 };

	if (!oi_rpm_of(p)->key_path)
		return 0; /* the vendor's packages lie in the one whose digest was checked, or there are none */
	oi_rpm_call_init(&call, p, oi_rpm_manager_of(p)->download, names);
	if (oi_rpm_call_locked(&call, err))
		return oi_rpm_failed(p, &call, err);
	name_files(words, &wanted);
	for (size_t i = 0; i < oi_rpm_of(p)->repos.n; i++) {
		const struct oi_rpm_repo *repo = &oi_rpm_of(p)->repos.v[i];

		if (!oi_rpm_repo_is_checked(repo))
			continue;
		if (check_index(p, repo, err) || find_of_repo(p, repo, &wanted, &files, err))
			return -1;
	}
	return files.n ? check_files(p, &files, err) : 0;
}
