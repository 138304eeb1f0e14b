/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What package managers, dkms and installers say, and what vendors' packages bring. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/apt/source.h"
#include "execute/apt/text.h"
#include "execute/bundle/bundle.h"
#include "execute/modules/dkms.h"
#include "execute/rpm/repo.h"
#include "execute/rpm/text.h"
#include "report/report.h"

#define KERNEL "6.8.0-1015-azure"

static void preview(void *data, const char *line)
{
	(void)oi_apt_preview_add(data, line);
}

static void simulation(void *data, const char *line)
{
	(void)oi_apt_changes_add(data, line);
}

static void apt_words(void *data, const char *line)
{
	oi_apt_words_add(data, line);
}

void fuzz_apt(const char *text, size_t len OI_UNUSED)
{
	OI_CLEANUP(oi_apt_preview_clear) struct oi_apt_preview seen = { 0 };
	OI_CLEANUP(oi_apt_changes_clear) struct oi_apt_changes changes = { 0 };
	OI_CLEANUP(oi_apt_words_clear) struct oi_apt_words words = { 0 };
	OI_FREE char *said = NULL;
	OI_FREE char *sum = NULL;

	fuzz_lines(text, preview, &seen);
	(void)oi_apt_preview_whole(&seen);
	fuzz_lines(text, simulation, &changes);
	(void)oi_apt_changes_kernel(&changes, KERNEL);
	sum = oi_apt_changes_text(&changes);
	fuzz_lines(text, apt_words, &words);
	said = oi_apt_words_text(&words);
	(void)oi_apt_policy(text, "rdma-core");
	fuzz_must(oi_apt_uris_bytes(text) >= 0, "less than nothing to download");
}

static void dnf_words(void *data, const char *line)
{
	oi_rpm_words_dnf(data, line);
}

static void zypper_words(void *data, const char *line)
{
	oi_rpm_words_zypper(data, line);
}

static void rpm(const char *text, void (*each)(void *data, const char *line))
{
	OI_CLEANUP(oi_rpm_words_clear) struct oi_rpm_words words = { 0 };
	OI_FREE char *said = NULL;
	OI_FREE char *sum = NULL;

	fuzz_lines(text, each, &words);
	(void)oi_rpm_words_whole(&words);
	said = oi_rpm_words_text(&words);
	sum = oi_rpm_changes_text(&words);
	for (size_t i = 0; i < words.n_changes; i++)
		(void)oi_rpm_may_be_kernel(&words.changes[i], KERNEL);
	(void)oi_rpm_is_kernel(text);
	(void)oi_rpm_changes_headers(&words, KERNEL);
}

void fuzz_dnf(const char *text, size_t len OI_UNUSED)
{
	rpm(text, dnf_words);
}

void fuzz_zypper(const char *text, size_t len OI_UNUSED)
{
	rpm(text, zypper_words);
}

void fuzz_dkms(const char *text, size_t len OI_UNUSED)
{
	OI_CLEANUP(oi_dkms_modules_clear) struct oi_dkms_modules modules = { 0 };

	oi_dkms_parse(text, KERNEL, &modules);
}

static void installer_words(void *data, const char *line)
{
	oi_bundle_words_add(data, line);
}

void fuzz_installer(const char *text, size_t len OI_UNUSED)
{
	OI_CLEANUP(oi_bundle_words_clear) struct oi_bundle_words words = { 0 };

	fuzz_lines(text, installer_words, &words);
	for (int status = 0; status < 256; status++)
		(void)oi_bundle_words_reason(&words, status);
}

static void rewrite(const char *name, const char *text, bool keys)
{
	OI_CLEANUP(oi_apt_source_clear) struct oi_apt_source source = { 0 };
	struct oi_err err;

	if (!oi_apt_source_rewrite(&fuzz_host.look, name, text, keys, "/key", &source, &err))
		for (size_t i = 0; i < source.uris.n; i++)
			fuzz_must(*source.uris.v[i] != '\0', "an empty URI");
}

void fuzz_apt_source(const char *text, size_t len OI_UNUSED)
{
	rewrite("input.list", text, false);
	rewrite("input.list", text, true);
	rewrite("input.sources", text, false);
	rewrite("input.sources", text, true);
}

void fuzz_rpm_repo(const char *text, size_t len OI_UNUSED)
{
	static const char *const drop[] = { "exclude", "excludepkgs", NULL };
	OI_CLEANUP(oi_rpm_repos_clear) struct oi_rpm_repos repos = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf out = { 0 };
	struct oi_err err;

	oi_rpm_conf_copy(text, drop, "main", "reposdir=/x\n", &out);
	oi_rpm_conf_copy(text, drop, NULL, "", &out);
	if (oi_rpm_repo_read(&fuzz_host.look, "input.repo", text, &repos, &err))
		return;
	for (size_t i = 0; i < repos.n; i++)
		oi_rpm_repo_write(&repos.v[i], true, "/key", NULL, &out);
}

static void redact_line(void *data, const char *line)
{
	OI_FREE char *once = oi_redact(line);
	OI_FREE char *twice = oi_redact(once);

	(void)data;
	fuzz_must(!strcmp(once, twice), "taking secrets out twice changes more");
}

void fuzz_redact(const char *text, size_t len OI_UNUSED)
{
	fuzz_lines(text, redact_line, NULL);
}
