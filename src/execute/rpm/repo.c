/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/rpm/repo.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "model/reasons.h"

void oi_rpm_repos_clear(struct oi_rpm_repos *repos)
{
	for (size_t i = 0; i < repos->n; i++) {
		struct oi_rpm_repo *repo = &repos->v[i];

		free(repo->id);
		free(repo->name);
		oi_strv_clear(&repo->baseurls);
		free(repo->mirrorlist);
		free(repo->metalink);
		oi_strv_clear(&repo->keys);
	}
	free(repos->v);
	memset(repos, 0, sizeof(*repos));
}

static bool yes(const char *value)
{
	return !strcmp(value, "1") || !strcasecmp(value, "yes") || !strcasecmp(value, "true") ||
	       !strcasecmp(value, "on");
}

/* A copy without blanks at its ends; owned by the caller. */
static char *trimmed(const char *from, size_t len)
{
	while (len && strchr(" \t\r\n", from[len - 1]))
		len--;
	while (len && strchr(" \t\r\n", *from)) {
		from++;
		len--;
	}
	return oi_mem_ndup(from, len);
}

/* --- reading --- */

/* The path of file:/x and file:///x, or a plain path; else NULL. */
static const char *local_path(const char *url)
{
	if (*url == '/')
		return url;
	if (strncasecmp(url, "file:", 5) != 0)
		return NULL;
	url += 5;
	return strncmp(url, "//", 2) ? url : url + 2;
}

static void add_baseurls(const struct oi_root *tree, struct oi_rpm_repo *repo, const char *value)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv urls = { 0 };

	oi_strv_split(&urls, value, " ,\t\r\n");
	for (size_t i = 0; i < urls.n; i++) {
		const char *path = local_path(urls.v[i]);

		/* "..": nothing honest needs it */
		if (path && !strstr(path, "/..") && oi_root_exists(tree, path)) {
			oi_strv_addf(&repo->baseurls, "file://%s%s", tree->path, path);
		} else {
			repo->inside = false;
			oi_strv_add(&repo->baseurls, urls.v[i]);
		}
	}
}

static void take(const struct oi_root *tree, struct oi_rpm_repo *repo, const char *key,
		 const char *value, bool *enabled)
{
	if (!strcmp(key, "name")) {
		oi_mem_set(&repo->name, value);
	} else if (!strcmp(key, "baseurl")) {
		add_baseurls(tree, repo, value);
	} else if (!strcmp(key, "mirrorlist")) {
		oi_mem_set(&repo->mirrorlist, value);
		repo->inside = false;
	} else if (!strcmp(key, "metalink")) {
		oi_mem_set(&repo->metalink, value);
		repo->inside = false;
	} else if (!strcmp(key, "gpgkey")) {
		oi_strv_split(&repo->keys, value, " ,\t\r\n");
	} else if (!strcmp(key, "gpgcheck")) {
		repo->signed_for = yes(value);
	} else if (!strcmp(key, "enabled")) {
		*enabled = yes(value);
	}
}

static struct oi_rpm_repo *add_repo(struct oi_rpm_repos *repos, char *id)
{
	struct oi_rpm_repo *repo;

	repos->v = oi_mem_grow(repos->v, repos->n + 1, sizeof(*repos->v));
	repo = &repos->v[repos->n++];
	memset(repo, 0, sizeof(*repo));
	repo->id = id;
	repo->inside = true;
	return repo;
}

static void drop_last(struct oi_rpm_repos *repos)
{
	struct oi_rpm_repos last = { .v = oi_mem_grow(NULL, 1, sizeof(*repos->v)), .n = 1 };

	last.v[0] = repos->v[--repos->n];
	oi_rpm_repos_clear(&last);
}

/* A repository is whole where the next begins: is it one of ours to use? */
static int finish(struct oi_rpm_repos *repos, const char *file, bool enabled, struct oi_err *err)
{
	const struct oi_rpm_repo *repo = &repos->v[repos->n - 1];

	if (!enabled) {
		drop_last(repos);
		return 0;
	}
	if (repo->baseurls.n || repo->mirrorlist || repo->metalink)
		return 0;
	return oi_err_set(err, OI_R_REPOSITORY_MALFORMED, "%s: [%s] has no baseurl", file, repo->id);
}

static size_t line_length(const char *line)
{
	size_t len = strcspn(line, "\n");

	/* A value goes on in lines that begin with a blank. */
	while (line[len] == '\n' && (line[len + 1] == ' ' || line[len + 1] == '\t'))
		len += 1 + strcspn(line + len + 1, "\n");
	return len;
}

static char *section_of(const char *line, size_t len)
{
	const char *end = memchr(line, ']', len);

	return *line == '[' && end ? trimmed(line + 1, (size_t)(end - line - 1)) : NULL;
}

int oi_rpm_repo_read(const struct oi_root *tree, const char *name, const char *text,
		     struct oi_rpm_repos *repos, struct oi_err *err)
{
	struct oi_rpm_repo *repo = NULL;
	bool enabled = true;

	for (const char *line = text; *line;) {
		size_t len = line_length(line);
		OI_FREE char *section = section_of(line, len);
		const char *equals = memchr(line, '=', len);

		if (section) {
			if (repo && finish(repos, name, enabled, err))
				return -1;
			repo = add_repo(repos, oi_mem_take(&section));
			enabled = true;
		} else if (equals && *line != '#' && *line != ';') {
			OI_FREE char *key = trimmed(line, (size_t)(equals - line));
			OI_FREE char *value = trimmed(equals + 1, len - (size_t)(equals + 1 - line));

			if (!repo)
				return oi_err_set(err, OI_R_REPOSITORY_MALFORMED,
						  "%s: \"%s\" before any [repository]", name, key);
			take(tree, repo, key, value, &enabled);
		}
		line += len + (line[len] == '\n');
	}
	return repo ? finish(repos, name, enabled, err) : 0;
}

/* --- writing --- */

bool oi_rpm_repo_is_checked(const struct oi_rpm_repo *repo)
{
	return !repo->inside || repo->signed_for;
}

void oi_rpm_repo_write(const struct oi_rpm_repo *repo, bool checked, const char *key_path,
		       const char *ca_bundle, struct oi_buf *out)
{
	OI_FREE char *urls = oi_strv_join(&repo->baseurls, "\n ");

	oi_buf_addf(out, "[%s]\nname=%s\nenabled=1\n", repo->id, repo->name ? repo->name : repo->id);
	if (repo->baseurls.n)
		oi_buf_addf(out, "baseurl=%s\n", urls);
	if (repo->mirrorlist)
		oi_buf_addf(out, "mirrorlist=%s\n", repo->mirrorlist);
	if (repo->metalink)
		oi_buf_addf(out, "metalink=%s\n", repo->metalink);
	/* Modular filtering is for the distribution's own streams. Zypper: before the others. */
	oi_buf_addf(out, "skip_if_unavailable=0\nmodule_hotfixes=1\npriority=" OI_RPM_PRIORITY "\ngpgcheck=%d\n",
		    checked && oi_rpm_repo_is_checked(repo));
	if (key_path)
		oi_buf_addf(out, "gpgkey=file://%s\n", key_path);
	if (ca_bundle && !repo->inside)
		oi_buf_addf(out, "sslcacert=%s\n", ca_bundle);
}

/* --- copying --- */

static bool is_dropped(const char *line, size_t len, const char *const *drop)
{
	const char *equals = memchr(line, '=', len);
	OI_FREE char *key = equals ? trimmed(line, (size_t)(equals - line)) : NULL;

	for (size_t i = 0; key && drop[i]; i++)
		if (!strcmp(key, drop[i]))
			return true;
	return false;
}

void oi_rpm_conf_copy(const char *text, const char *const *drop, const char *section,
		      const char *more, struct oi_buf *out)
{
	bool added = false;

	for (const char *line = text; *line;) {
		size_t len = line_length(line);
		OI_FREE char *head = section_of(line, len);

		if (!is_dropped(line, len, drop)) {
			oi_buf_add(out, line, len);
			oi_buf_adds(out, "\n");
		}
		if (head && (section ? !strcmp(head, section) : strcmp(head, "main") != 0)) {
			oi_buf_adds(out, more);
			added = true;
		}
		line += len + (line[len] == '\n');
	}
	if (section && !added)
		oi_buf_addf(out, "[%s]\n%s", section, more);
}
