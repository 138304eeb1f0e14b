/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/rpm/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/mem.h"

/* More would not be read; the whole is in the log. */
#define DECISIVE 5

static bool starts(const char *line, const char *with)
{
	return !strncmp(line, with, strlen(with));
}

static bool ends(const char *line, const char *with)
{
	size_t len = strlen(line), with_len = strlen(with);

	return len >= with_len && !strcmp(line + len - with_len, with);
}

static void add_change(struct oi_rpm_words *words, const char *name, const char *version,
		       const char *arch)
{
	struct oi_rpm_change *change;

	words->changes = oi_mem_grow(words->changes, words->n_changes + 1, sizeof(*change));
	change = &words->changes[words->n_changes++];
	change->name = oi_mem_dup(name);
	change->version = oi_mem_dup(version);
	change->arch = oi_mem_dup(arch);
	change->effect = words->section;
	change->obsoleted = false;
}

static void trim_end(char *text)
{
	size_t len = strlen(text);

	while (len && isspace((unsigned char)text[len - 1]))
		text[--len] = '\0';
}

/* --- scripts of packages --- */

/* "%post(badpost-1-1.noarch) scriptlet failed, exit status 3"; Source: rpm's lib/rpmscript.c */
static void note_rpm_script(struct oi_rpm_words *words, const char *line)
{
	static const char sign[] = " scriptlet failed, ";
	const char *end = strstr(line, sign);
	const char *from = end ? strchr(line, '%') : NULL;
	const char *open = from && from < end ? memchr(from, '(', (size_t)(end - from)) : NULL;

	if (!open || end[-1] != ')')
		return;
	oi_strv_addf(&words->scripts, "%.*s %.*s failed, %s%s%s%s", (int)(end - 2 - open), open + 1,
		     (int)(open - from), from, end + strlen(sign), words->before ? " (" : "",
		     words->before ? words->before : "", words->before ? ")" : "");
}

/* "badposttrans-1-1.noarch.rpm %posttrans script failed (returned 5)"; Source: libzypp's RpmPostTransCollector */
static void note_zypp_script(struct oi_rpm_words *words, const char *line)
{
	static const char suffix[] = ".rpm %", sign[] = " script failed (returned ";
	const char *section = strstr(line, suffix);
	const char *end = section ? strstr(section, sign) : NULL;

	if (!end)
		return;
	section += strlen(suffix) - 1;
	oi_strv_addf(&words->scripts, "%.*s %.*s failed, exit status %.*s%s%s%s",
		     (int)(section - line - 5), line, (int)(end - section), section,
		     (int)strcspn(end + strlen(sign), ")"), end + strlen(sign),
		     words->before ? " (" : "", words->before ? words->before : "",
		     words->before ? ")" : "");
}

static bool is_progress(const char *line)
{
	static const char *const progress[] = {
		"  Preparing ", "  Running scriptlet", "  Installing ", "  Upgrading ", "  Erasing ",
		"  Cleanup ", "  Obsoleting ", "  Verifying ",
		/* zypper, which has each line of a script in a message of its own since 1.14.9x */
		"In cache ", "Retrieving", "Additional rpm output", "Output of ", "Loading ", "Reading ",
		"Resolving ",
	};

	for (size_t i = 0; i < OI_ARRAY_SIZE(progress); i++)
		if (starts(line, progress[i]))
			return true;
	return false;
}

/* dnf, rpm and zypper pass on what a script says, each in a line as it is. */
static void remember(struct oi_rpm_words *words, const char *line)
{
	const char *text = is_progress(line) ? "" : line + strspn(line, " \t");

	if (!*line)
		return;
	oi_mem_set(&words->before, *text ? text : NULL);
	if (words->before)
		trim_end(words->before);
}

/* --- settings and sources of the machine --- */

/*
 * dnf: "All matches were filtered out by exclude filtering for argument: NAME", "  - package
 * NAME-1-1.noarch is filtered out by exclude filtering"; zypper: "Solution 1: remove lock to allow
 * installation of NAME-1-1.noarch[base]"
 */
static void note_hidden(struct oi_rpm_words *words, const char *line)
{
	static const char argument[] = " filtering for argument: ", package[] = "package ";
	static const char lock[] = "remove lock to allow ", of[] = " of ";
	const char *at = strstr(line, argument);
	const char *until = "[ ";

	if (at) {
		at += strlen(argument);
	} else if (strstr(line, " is filtered out by ")) {
		at = strstr(line, package);
		at = at ? at + strlen(package) : NULL;
	} else if ((at = strstr(line, lock))) {
		at = strstr(at, of);
		at = at ? at + strlen(of) : NULL;
	}
	if (at) {
		OI_FREE char *name = oi_mem_ndup(at, strcspn(at, until));

		if (*name && !oi_strv_has(&words->hidden, name))
			oi_strv_add(&words->hidden, name);
	}
}

/* dnf: "Ignoring repositories: bad, worse"; zypper: "Skipping repository 'bad' because of ..." */
static void note_skipped(struct oi_rpm_words *words, const char *line)
{
	static const char ignoring[] = "Ignoring repositories: ", skipping[] = "Skipping repository '";

	if (starts(line, ignoring)) {
		oi_strv_split(&words->skipped, line + strlen(ignoring), ", ");
	} else if (starts(line, skipping)) {
		line += strlen(skipping);
		oi_strv_addf(&words->skipped, "%.*s", (int)strcspn(line, "'"), line);
	}
}

/* --- causes, whoever names them --- */

static void note_causes(struct oi_rpm_words *words, const char *line)
{
	static const char *const distrust[] = {
		/* Source: dnf's base.py and cli.py; yum's; libzypp's KeyRing and RpmDb */
		"GPG check FAILED", "is not signed", "Public key for", "Failing package is",
		"Signature verification failed", "The GPG keys listed", "did not verify",
		"Error: GPG", "signature check failed", "Bad GPG signature", "signed with an unknown key",
		/* Source: vmware/tdnf, client/defines.h and client/gpgcheck.c */
		"RPM not signed", "public key is unavailable", "failed to match with known keys",
		"Error verifying signature of", "gpgkey entry is missing", "key is not trusted",
	};
	static const char *const locked[] = {
		"Waiting for process with pid", "Another app is currently holding",
		"Existing lock ", "System management is locked",
		/* Source: vmware/tdnf, common/lock.c; before that and in rpm itself, rpm's lib/rpmlock.c:
		 * "waiting for transaction lock on /var/lib/rpm/.rpm.lock" */
		"failed to acquire lock on", " lock on /",
	};

	note_rpm_script(words, line);
	note_zypp_script(words, line);
	note_hidden(words, line);
	note_skipped(words, line);
	for (size_t i = 0; i < OI_ARRAY_SIZE(distrust); i++)
		words->untrusted |= strstr(line, distrust[i]) != NULL;
	for (size_t i = 0; i < OI_ARRAY_SIZE(locked); i++)
		words->waiting |= strstr(line, locked[i]) != NULL;
	if (strstr(line, "No space left on device") || strstr(line, "more space needed on") ||
	    strstr(line, "needs at least"))
		words->no_space = true;
	/* Source: dkms 2.8 and 3.0 */
	if (strstr(line, "Bad return status for module build") ||
	    (strstr(line, "onsult ") && strstr(line, "make.log")))
		words->dkms_failed = true;
}

static void add_missing(struct oi_rpm_words *words, const char *from, const char *until)
{
	OI_FREE char *name = NULL;
	size_t len;
	char *to;

	/* tdnf 2 prints it bold, whoever reads */
	while (*from == '\033')
		from += strcspn(from, "m") + (strchr(from, 'm') != NULL);
	len = strcspn(from, until);
	name = oi_mem_ndup(from, len);
	to = name;

	/* "kernel-azure-devel <= 6.4" was asked for without blanks */
	for (const char *c = name; *c; c++)
		if (*c != ' ')
			*to++ = *c;
	*to = '\0';
	if (len && !oi_strv_has(&words->missing, name))
		oi_strv_add(&words->missing, name);
}

/* --- dnf, yum, tdnf --- */

/* "Installing dependencies:", "Updating for dependencies:", "Removing unused dependencies:" */
static bool begin_section(struct oi_rpm_words *words, const char *line)
{
	static const struct {
		const char *head;
		enum oi_rpm_effect effect;
	} heads[] = {
		{ "Installing", OI_RPM_NEW }, { "Upgrading", OI_RPM_REPLACED },
		{ "Updating", OI_RPM_REPLACED }, { "Downgrading", OI_RPM_REPLACED },
		{ "Removing", OI_RPM_REMOVED }, { "Obsoleting", OI_RPM_REMOVED },
	};

	if (!ends(line, ":") || *line == ' ')
		return false;
	words->section = OI_RPM_NONE;
	for (size_t i = 0; i < OI_ARRAY_SIZE(heads); i++)
		if (starts(line, heads[i].head))
			words->section = heads[i].effect;
	return words->section != OI_RPM_NONE;
}

/* "     replacing  libold.noarch 1-1": it goes, and is not among those that are counted */
static void add_obsoleted(struct oi_rpm_words *words, const struct oi_strv *fields)
{
	const char *dot = fields->n == 3 ? strrchr(fields->v[1], '.') : NULL;
	OI_FREE char *name = dot ? oi_mem_ndup(fields->v[1], (size_t)(dot - fields->v[1])) : NULL;

	if (!name)
		return;
	add_change(words, name, fields->v[2], dot + 1);
	words->changes[words->n_changes - 1].effect = OI_RPM_REMOVED;
	words->changes[words->n_changes - 1].obsoleted = true;
}

/* " name  arch  version  repository  size"; a long name has a line of its own. */
static void add_row(struct oi_rpm_words *words, const char *line)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv fields = { 0 };

	oi_strv_split(&fields, line, " \t");
	if (!fields.n)
		return;
	if (!strcmp(fields.v[0], "replacing")) {
		add_obsoleted(words, &fields);
		return;
	}
	if (words->wrapped && fields.n >= 2) {
		add_change(words, words->wrapped, fields.v[1], fields.v[0]);
		free(oi_mem_take(&words->wrapped));
	} else if (fields.n == 1) {
		oi_mem_set(&words->wrapped, fields.v[0]);
	} else if (fields.n >= 3) {
		add_change(words, fields.v[0], fields.v[2], fields.v[1]);
	}
}

/* "Install  4 Packages", yum: "Install  1 Package (+2 Dependent packages)" */
static void add_count(struct oi_rpm_words *words, const char *line)
{
	static const struct {
		const char *head;
		enum oi_rpm_effect effect;
	} heads[] = {
		{ "Install ", OI_RPM_NEW }, { "Upgrade ", OI_RPM_REPLACED },
		{ "Downgrade ", OI_RPM_REPLACED }, { "Remove ", OI_RPM_REMOVED },
	};

	for (size_t i = 0; i < OI_ARRAY_SIZE(heads); i++) {
		if (!starts(line, heads[i].head) || !strstr(line, "ackage"))
			continue;
		for (const char *c = line; *c;) {
			char *end;

			if (!isdigit((unsigned char)*c)) {
				c++;
				continue;
			}
			words->counted[heads[i].effect] += strtoul(c, &end, 10);
			c = end;
		}
	}
	if (starts(line, "Transaction Summary"))
		words->summary = true;
}

/* tdnf numbers what the resolver says: "1. nothing provides dkms needed by ..." */
static bool is_problem(const char *line)
{
	size_t digits = strspn(line, "0123456789");

	return digits && digits < 4 && !strncmp(line + digits, ". ", 2);
}

static void note_dnf_errors(struct oi_rpm_words *words, const char *line)
{
	static const char no_match[] = "No match for argument: ";
	static const char filtered[] = "All matches were filtered out by ", argument[] = " for argument: ";
	static const char no_package[] = "No package "; /* yum: "No package x available." */

	if (starts(line, no_match))
		add_missing(words, line + strlen(no_match), " ");
	else if (starts(line, filtered) && strstr(line, argument))
		add_missing(words, strstr(line, argument) + strlen(argument), " ");
	else if (starts(line, no_package))
		add_missing(words, line + strlen(no_package), " ");
	else if (ends(line, " package not found or not installed")) /* tdnf */
		add_missing(words, line, " ");
	if (starts(line, "Error") || starts(line, "error:") || is_problem(line) || starts(line, filtered) ||
	    (words->in_error && *line == ' ' && !is_progress(line)) || strstr(line, "GPG check FAILED") ||
	    starts(line, "Public key for") || strstr(line, "is not signed")) {
		oi_strv_add(&words->errors, line + strspn(line, " "));
		words->in_error = true;
	} else {
		words->in_error = false;
	}
}

void oi_rpm_words_dnf(struct oi_rpm_words *words, const char *line)
{
	note_causes(words, line);
	note_dnf_errors(words, line);
	if (strstr(line, "Operation aborted") || starts(line, "Exiting on user command") ||
	    starts(line, "Exiting on user Command"))
		words->aborted = true;
	if (starts(line, "Nothing to do") || starts(line, "Error: Nothing to do"))
		words->nothing = true;
	if (begin_section(words, line))
		return;
	/* A table ends with an empty line, if the reader of lines keeps those, or with what
	 * comes behind it. */
	if (!*line || starts(line, "Transaction Summary") || starts(line, "Total ") ||
	    starts(line, "===") || (words->section == OI_RPM_NONE && *line != ' '))
		words->section = starts(line, "===") ? words->section : OI_RPM_NONE;
	add_count(words, line);
	if (words->section != OI_RPM_NONE && !starts(line, "==="))
		add_row(words, line);
	remember(words, line);
}

/* --- zypper --- */

/* XML's five entities; owned by the caller. */
static char *unescape(const char *text, size_t len)
{
	static const struct {
		const char *name;
		char c;
	} entities[] = {
		{ "&apos;", '\'' }, { "&quot;", '"' }, { "&lt;", '<' }, { "&gt;", '>' }, { "&amp;", '&' },
	};
	struct oi_buf out = { 0 };

	for (const char *c = text; c < text + len;) {
		size_t step = 1;
		char put = *c;

		for (size_t i = 0; i < OI_ARRAY_SIZE(entities); i++) {
			size_t n = strlen(entities[i].name);

			if ((size_t)(text + len - c) >= n && !strncmp(c, entities[i].name, n)) {
				put = entities[i].c;
				step = n;
				break;
			}
		}
		oi_buf_add(&out, &put, 1);
		c += step;
	}
	return oi_buf_take(&out);
}

/* The value of one attribute, unescaped, owned by the caller; NULL: none. */
static char *attribute(const char *line, const char *name)
{
	OI_FREE char *head = oi_mem_printf(" %s=\"", name);
	const char *at = strstr(line, head);

	if (!at)
		return NULL;
	at += strlen(head);
	return unescape(at, strcspn(at, "\""));
}

static void add_solvable(struct oi_rpm_words *words, const char *line)
{
	OI_FREE char *type = attribute(line, "type");
	OI_FREE char *name = attribute(line, "name");
	OI_FREE char *edition = attribute(line, "edition");
	OI_FREE char *arch = attribute(line, "arch");

	if (type && name && edition && !strcmp(type, "package"))
		add_change(words, name, edition, arch ? arch : "noarch");
}

/* zypper says a problem as a message, and again in what it would ask. */
static void add_error(struct oi_rpm_words *words, const char *text)
{
	if (!oi_strv_has(&words->errors, text))
		oi_strv_add(&words->errors, text);
}

static void note_message(struct oi_rpm_words *words, const char *line)
{
	static const char none[] = "No provider of '";
	const char *at = strchr(line, '>');
	OI_FREE char *text = at ? unescape(at + 1, strcspn(at + 1, "<")) : NULL;

	if (!text)
		return;
	if (starts(text, none))
		add_missing(words, text + strlen(none), "'");
	if (strstr(line, "type=\"error\"") || strstr(text, "Problem: ")) {
		add_error(words, text);
		words->in_error = !strstr(line, "</message>");
	}
	if (starts(text, "Some of the repositories have not been refreshed"))
		words->some_failed = true;
	if (starts(text, "Nothing to do"))
		words->nothing = true;
	note_causes(words, text);
	remember(words, text);
}

/* The solver's words, within what zypper would ask: its solutions are ours to find. */
static bool note_problem(struct oi_rpm_words *words, const char *line)
{
	static const char head[] = "<description>", tail[] = "</description>";
	OI_FREE char *text = NULL;

	if (starts(line, "<prompt") || starts(line, "</prompt"))
		words->in_prompt = line[1] != '/';
	if (!words->in_prompt)
		return words->in_problem = false;
	if (starts(line, head))
		words->in_problem = true;
	if (!words->in_problem)
		return false;
	line += starts(line, head) ? strlen(head) : strspn(line, " ");
	text = unescape(line, strstr(line, tail) ? (size_t)(strstr(line, tail) - line) : strlen(line));
	if (*text && !starts(text, "Solution "))
		add_error(words, text);
	note_hidden(words, text);
	words->in_problem = !strstr(line, tail);
	return true;
}

/* The lines below "<message type="error">Installation of x-1-1.noarch failed:" */
static bool note_more(struct oi_rpm_words *words, const char *line)
{
	static const char tail[] = "</message>";
	const char *end = strstr(line, tail);
	OI_FREE char *text = unescape(line, end ? (size_t)(end - line) : strlen(line));

	words->in_error = words->in_error && *line != '<' && !end;
	if (words->in_error && *text)
		add_error(words, text);
	return words->in_error;
}

void oi_rpm_words_zypper(struct oi_rpm_words *words, const char *line)
{
	static const char solvable[] = "<solvable ";
	const char *at = line;

	if (note_problem(words, line))
		return;
	note_more(words, line);
	if (starts(line, "<install-summary")) {
		OI_FREE char *n = attribute(line, "packages-to-change");

		words->summary = true;
		words->counted_all = n ? strtoul(n, NULL, 10) : 0;
	} else if (starts(line, "<to-")) {
		words->section = starts(line, "<to-install") ? OI_RPM_NEW :
			starts(line, "<to-remove") ? OI_RPM_REMOVED :
			starts(line, "<to-reinstall") ? OI_RPM_NONE : OI_RPM_REPLACED;
	} else if (starts(line, "</to-")) {
		words->section = OI_RPM_NONE;
	} else if (starts(line, "<message")) {
		note_message(words, line);
	} else {
		note_causes(words, line);
	}
	if (*line != '<')
		remember(words, line);
	while ((at = strstr(at, solvable)) && words->section != OI_RPM_NONE) {
		add_solvable(words, at);
		at += strlen(solvable);
	}
}

/* --- the whole --- */

static size_t count(const struct oi_rpm_words *words, enum oi_rpm_effect effect, bool obsoleted)
{
	size_t n = 0;

	for (size_t i = 0; i < words->n_changes; i++)
		n += words->changes[i].effect == effect &&
		     (obsoleted || !words->changes[i].obsoleted);
	return n;
}

bool oi_rpm_words_whole(const struct oi_rpm_words *words)
{
	if (words->wrapped)
		return false;
	if (!words->summary)
		return true; /* tdnf has none, and where there is nothing to do there is none */
	if (words->counted_all)
		return words->counted_all == words->n_changes;
	for (size_t e = OI_RPM_NEW; e < OI_RPM_EFFECT_COUNT; e++)
		if (words->counted[e] != count(words, (enum oi_rpm_effect)e, false))
			return false;
	return true;
}

char *oi_rpm_words_text(const struct oi_rpm_words *words)
{
	return oi_strv_join_few(&words->errors, DECISIVE, "; ");
}

void oi_rpm_words_clear(struct oi_rpm_words *words)
{
	for (size_t i = 0; i < words->n_changes; i++) {
		free(words->changes[i].name);
		free(words->changes[i].version);
		free(words->changes[i].arch);
	}
	free(words->changes);
	oi_strv_clear(&words->errors);
	oi_strv_clear(&words->missing);
	oi_strv_clear(&words->scripts);
	oi_strv_clear(&words->hidden);
	oi_strv_clear(&words->skipped);
	free(words->wrapped);
	free(words->before);
	memset(words, 0, sizeof(*words));
}

char *oi_rpm_changes_text(const struct oi_rpm_words *words)
{
	return oi_mem_printf("%zu new, %zu upgraded, %zu removed", count(words, OI_RPM_NEW, true),
			     count(words, OI_RPM_REPLACED, true), count(words, OI_RPM_REMOVED, true));
}

/* --- kernels --- */

/* "5.14.0-611.el9" of "1:5.14.0-611.el9" */
static const char *bare(const char *version)
{
	const char *colon = strchr(version, ':');

	return colon ? colon + 1 : version;
}

/*
 * Is this package's version that of the running release: "5.14.0-611.el9" of
 * "5.14.0-611.el9.x86_64" and of "5.14.0-611.el9.aarch64+64k", and SUSE's
 * "6.4.0-150600.8.5.1" of "6.4.0-150600.8.5-azure".
 * Source: uname -r of EL, Azure Linux and SLES
 */
static bool is_of_release(const struct oi_rpm_change *change, const char *release)
{
	const char *version = bare(change->version);
	size_t len = strlen(version);
	size_t plain = strlen(release);
	size_t arch = strlen(change->arch);
	const char *dash = strrchr(release, '-');

	if (!strncmp(release, version, len) &&
	    (!release[len] ||
	     (release[len] == '.' && !strncmp(release + len + 1, change->arch, arch) &&
	      strchr("+", release[len + 1 + arch]))))
		return true;
	/* the last part is a flavour when it has no digit at its beginning */
	if (!dash || isdigit((unsigned char)dash[1]))
		return false;
	plain = (size_t)(dash - release);
	return !strncmp(version, release, plain) && (!version[plain] || version[plain] == '.');
}

bool oi_rpm_is_headers(const char *name)
{
	return starts(name, "kernel-") && (ends(name, "-devel") || strstr(name, "-devel-") ||
					   strstr(name, "-devel<"));
}

/*
 * A name only says what has to be looked into: "kernel-mft-dkms" and "kernel-mft-mlnx-kmp-default"
 * are a vendor's, "rt-kernel" is somebody's own. Left out is what every transaction may have.
 */
bool oi_rpm_may_be_kernel(const struct oi_rpm_change *change, const char *release)
{
	static const char *const others[] = {
		"-devel", "-headers", "-tools", "-doc", "-macros", "-source", "-syms", "-firmware",
		"-srpm", "-abi", "-debuginfo", "-selftests", "-docs", "-obs-", "-livepatch-tools",
	};
	const char *name = change->name;

	if (!starts(name, "kernel") && !strstr(name, "-kernel"))
		return false;
	for (size_t i = 0; i < OI_ARRAY_SIZE(others); i++)
		if (strstr(name, others[i]))
			return false;
	/* more modules of the kernel that runs: "kernel-modules", "kernel-modules-extra" */
	return change->effect != OI_RPM_NEW || !strstr(name, "-modules") ||
	       !is_of_release(change, release);
}

/* "/boot/vmlinuz-R", "/lib/modules/R/vmlinuz", "/usr/lib/modules/R/kernel/..." */
static bool is_kernel_file(const char *path)
{
	static const char *const images[] = { "vmlinuz", "vmlinux", "Image", "bzImage" };
	static const char boot[] = "/boot/", modules[] = "/lib/modules/";
	const char *name = NULL;

	if (starts(path, boot)) {
		name = path + strlen(boot);
	} else {
		path += starts(path, "/usr") ? 4 : 0;
		name = starts(path, modules) ? strchr(path + strlen(modules), '/') : NULL;
		name = name ? name + 1 : NULL;
		if (name && starts(name, "kernel/"))
			return true;
	}
	for (size_t i = 0; name && i < OI_ARRAY_SIZE(images); i++)
		if (starts(name, images[i]) && !strchr(name, '/'))
			return true;
	return false;
}

enum oi_rpm_kernel oi_rpm_is_kernel(const char *text)
{
	static const char *const capabilities[] = { "kernel", "kernel-uname-r" };
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };

	oi_strv_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		const char *line = lines.v[i] + strspn(lines.v[i], " \t");
		size_t len = strcspn(line, " \t\r");

		for (size_t c = 0; c < OI_ARRAY_SIZE(capabilities); c++)
			if (len == strlen(capabilities[c]) && !strncmp(line, capabilities[c], len))
				return OI_RPM_KERNEL_YES;
		if (*line == '/' && is_kernel_file(line))
			return OI_RPM_KERNEL_YES;
	}
	return lines.n ? OI_RPM_KERNEL_NO : OI_RPM_KERNEL_UNKNOWN;
}

const struct oi_rpm_change *oi_rpm_changes_headers(const struct oi_rpm_words *words,
						   const char *release)
{
	for (size_t i = 0; i < words->n_changes; i++)
		if (words->changes[i].effect != OI_RPM_REMOVED &&
		    oi_rpm_is_headers(words->changes[i].name) &&
		    !is_of_release(&words->changes[i], release))
			return &words->changes[i];
	return NULL;
}
