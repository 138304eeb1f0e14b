/* SPDX-License-Identifier: GPL-2.0-or-later */
/* After a transaction that is said to have gone well: package by package, script by script. */
#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/rpm/call.h"
#include "execute/rpm/install.h"
#include "model/reasons.h"

/* Is "badpost-1-1.noarch %post ..." of one of "name version" or "name before after". */
static bool is_of(const char *script, const struct oi_strv *entries)
{
	for (size_t i = 0; i < entries->n; i++) {
		size_t len = strcspn(entries->v[i], " ");

		if (!strncmp(script, entries->v[i], len) && script[len] == '-' &&
		    isdigit((unsigned char)script[len + 1]))
			return true;
	}
	return false;
}

/* Whether the modules are there in the end is looked at by itself (check-modules). */
static bool brings_modules(const char *script)
{
	OI_FREE char *name = oi_mem_ndup(script, strcspn(script, " "));

	return !strncmp(name, "kmod-", 5) || !strncmp(name, "kernel-mft", 10) ||
	       strstr(name, "-kmp-") || strstr(name, "-dkms");
}

/*
 * dnf ends with 0 and zypper with 0 or 107 when a script of a package has failed, and rpm counts
 * the package as installed. Of those that came now that is a failure, as dpkg has it.
 */
static int judge_scripts(const struct oi_packages *p, const struct oi_strv *scripts,
			 struct oi_err *err)
{
	const struct oi_rpm *rpm = oi_rpm_of(p);
	const char *bad = NULL;

	for (size_t i = 0; i < scripts->n; i++) {
		bool ours = is_of(scripts->v[i], &rpm->fresh) || is_of(scripts->v[i], &rpm->replaced);

		if (ours && !brings_modules(scripts->v[i]) && !bad)
			bad = scripts->v[i];
		else
			oi_log_warn(&p->ctx->host->log, "packages: %s", scripts->v[i]);
	}
	return bad ? oi_err_set(err, OI_R_PACKAGES_FAILED, "a script failed: %s", bad) : 0;
}

/* "2510-1" of "1:2510-1": an epoch of 0 is written or not. */
static const char *bare(const char *version)
{
	const char *colon = strchr(version, ':');

	return colon ? colon + 1 : version;
}

/* The version of a package in lines of "NAME VERSION-RELEASE"; borrowed, NULL: it is not there. */
static const char *version_of(const struct oi_strv *lines, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < lines->n; i++)
		if (!strncmp(lines->v[i], name, len) && lines->v[i][len] == ' ')
			return lines->v[i] + len + 1;
	return NULL;
}

/*
 * rdma-core and the libraries are built from one source, so another version of one of them is what
 * was there before: the vendor's packages ask for "rdma-core" of any version.
 */
static void warn_of_half(const struct oi_packages *p, const struct oi_strv *lines)
{
	static const char *const libraries[] = { "libibverbs", "libibverbs1", "librdmacm", "librdmacm1" };
	const char *core = version_of(lines, "rdma-core");

	for (size_t i = 0; core && i < OI_ARRAY_SIZE(libraries); i++) {
		const char *library = version_of(lines, libraries[i]);

		if (library && (strcspn(core, "-") != strcspn(library, "-") ||
				strncmp(core, library, strcspn(core, "-")) != 0)) {
			oi_log_warn(&p->ctx->host->log,
				    "packages: half a stack: rdma-core %s beside %s %s; upgrade or remove the older of the two",
				    core, libraries[i], library);
			return;
		}
	}
}

/* What was to come is there, what was to go is not: rpm's own books say it. */
static int check_end(const struct oi_packages *p, struct oi_err *err)
{
	const struct oi_rpm *rpm = oi_rpm_of(p);
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv amiss = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf out = { 0 };
	OI_FREE char *text = NULL;
	OI_RPM_CALL_AUTO call = { 0 };

	oi_rpm_call_init(&call, p, NULL, NULL);
	call.child.out = &out;
	oi_strv_add(&call.child.args, "-qa");
	oi_strv_add(&call.child.args, "--queryformat");
	oi_strv_add(&call.child.args, "%{NAME} %{VERSION}-%{RELEASE}\\n");
	if (oi_rpm_call_run(&call, err))
		return -1;
	oi_strv_split(&lines, oi_buf_str(&out), "\n");
	warn_of_half(p, &lines);
	for (size_t i = 0; i < rpm->fresh.n + rpm->replaced.n; i++) {
		bool fresh = i < rpm->fresh.n;
		const char *entry = fresh ? rpm->fresh.v[i] : rpm->replaced.v[i - rpm->fresh.n];
		OI_CLEANUP(oi_strv_clear) struct oi_strv fields = { 0 };
		OI_FREE char *before = NULL, *after = NULL;
		bool goes;

		oi_strv_split(&fields, entry, " ");
		if (fields.n != (fresh ? 2u : 3u))
			continue;
		goes = !fresh && !strcmp(fields.v[2], "-");
		before = oi_mem_printf("%s %s", fields.v[0], bare(fields.v[1]));
		after = oi_mem_printf("%s %s", fields.v[0], bare(fields.v[fields.n - 1]));
		if (goes ? oi_strv_has(&lines, before) : !oi_strv_has(&lines, after))
			oi_strv_addf(&amiss, "%s is %s", goes ? before : after,
				     goes ? "still there" : "not there");
	}
	if (!amiss.n)
		return 0;
	text = oi_strv_join_few(&amiss, 5, ", ");
	return oi_err_set(err, OI_R_PACKAGES_FAILED, "%s reports success, but %s",
			  oi_tools_name(oi_rpm_manager_of(p)->tools[0]), text);
}

int oi_rpm_check_outcome(const struct oi_packages *p, const struct oi_strv *scripts,
			 struct oi_err *err)
{
	return judge_scripts(p, scripts, err) || check_end(p, err) ? -1 : 0;
}
