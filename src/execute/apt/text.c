/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/apt/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

/* More would not be read; the whole is in the log. */
#define DECISIVE 4

static bool starts(const char *line, const char *with)
{
	return !strncmp(line, with, strlen(with));
}

/* --- the simulation --- */

/* "[44.0-2]" or "(44.0-3 Debian:12/stable [amd64])": the first word inside. */
static char *first_inside(const char *from, char open, char close)
{
	if (*from != open)
		return NULL;
	from++;
	return oi_mem_ndup(from, strcspn(from, close == ')' ? " )" : " ]"));
}

static struct oi_apt_change *add_change(struct oi_apt_changes *changes, const char *name,
					size_t len)
{
	struct oi_apt_change *change;

	changes->v = oi_mem_grow(changes->v, changes->n + 1, sizeof(*changes->v));
	change = &changes->v[changes->n++];
	memset(change, 0, sizeof(*change));
	change->name = oi_mem_ndup(name, len);
	return change;
}

bool oi_apt_changes_add(struct oi_apt_changes *changes, const char *line)
{
	bool installs = starts(line, "Inst ");
	struct oi_apt_change *change;
	const char *c = line + 5;
	size_t len;

	if (!installs && !starts(line, "Remv ") && !starts(line, "Purg "))
		return false;
	len = strcspn(c, " ");
	if (!len)
		return false;
	change = add_change(changes, c, len);
	c += len;
	c += strspn(c, " ");
	change->before = first_inside(c, '[', ']');
	if (change->before) {
		c += strcspn(c, "]");
		c += strspn(c, "] ");
	}
	if (installs) {
		change->after = first_inside(c, '(', ')');
		if (!change->after)
			change->after = oi_mem_dup("unknown");
	} else if (!change->before) {
		change->before = oi_mem_dup("unknown");
	}
	return true;
}

void oi_apt_changes_clear(struct oi_apt_changes *changes)
{
	for (size_t i = 0; i < changes->n; i++) {
		free(changes->v[i].name);
		free(changes->v[i].before);
		free(changes->v[i].after);
	}
	free(changes->v);
	memset(changes, 0, sizeof(*changes));
}

/* --- the preview --- */

static const struct {
	const char *head;
	enum oi_apt_section section;
} sections[] = {
	{ "The following NEW packages will be installed:", OI_APT_SECTION_NEW },
	{ "The following packages will be upgraded:", OI_APT_SECTION_REPLACED },
	{ "The following packages will be DOWNGRADED:", OI_APT_SECTION_REPLACED },
	{ "The following packages will be REMOVED:", OI_APT_SECTION_REMOVED },
};

/* "   name (1.0)", "   name (1.0 => 2.0)", "   name* (1.0)" when purged, at times without (). */
static void add_listed(struct oi_apt_preview *preview, const char *line)
{
	static const char arrow[] = " => ";
	const char *c = line + strspn(line, " ");
	size_t len = strcspn(c, " *");
	const char *from = strchr(c, '(');
	const char *to = from ? strstr(from, arrow) : NULL;
	bool replaces = preview->section == OI_APT_SECTION_REPLACED;
	bool removes = preview->section == OI_APT_SECTION_REMOVED;
	struct oi_apt_change *change;
	char *version;

	/* Without -V there would be several names in a line. */
	if (c - line != 3 || !len || (!from && !removes) || replaces != (to != NULL)) {
		preview->strange = true;
		return;
	}
	preview->listed[preview->section]++;
	change = add_change(&preview->changes, c, len);
	version = from ? oi_mem_ndup(from + 1, strcspn(from + 1, " )")) : oi_mem_dup("unknown");
	if (replaces || removes)
		change->before = version;
	else
		change->after = version;
	if (replaces) {
		to += strlen(arrow);
		change->after = oi_mem_ndup(to, strcspn(to, ")"));
	}
}

/* "1 upgraded, 18 newly installed, 1 downgraded, 0 to remove and 1 not upgraded." */
static bool add_summary(struct oi_apt_preview *preview, const char *line)
{
	static const struct {
		const char *word;
		enum oi_apt_section section;
	} parts[] = {
		{ " upgraded, ", OI_APT_SECTION_REPLACED },
		{ " newly installed, ", OI_APT_SECTION_NEW },
		{ " reinstalled, ", OI_APT_SECTION_NONE },
		{ " downgraded, ", OI_APT_SECTION_REPLACED },
		{ " to remove and ", OI_APT_SECTION_REMOVED },
		{ " not upgraded.", OI_APT_SECTION_NONE },
	};
	size_t counted[OI_ARRAY_SIZE(preview->counted)] = { 0 };
	size_t part = 0;

	while (*line) {
		char *end;
		unsigned long n = strtoul(line, &end, 10);

		while (part < OI_ARRAY_SIZE(parts) && !starts(end, parts[part].word))
			part++;
		if (end == line || part == OI_ARRAY_SIZE(parts))
			return false;
		counted[parts[part].section] += n;
		line = end + strlen(parts[part].word);
	}
	if (part != OI_ARRAY_SIZE(parts) - 1)
		return false;
	memcpy(preview->counted, counted, sizeof(counted));
	preview->summaries++;
	return true;
}

bool oi_apt_preview_add(struct oi_apt_preview *preview, const char *line)
{
	if (*line == '\'') {
		preview->bytes += oi_apt_uris_bytes(line);
		return true;
	}
	if (*line == ' ' && preview->section != OI_APT_SECTION_NONE) {
		add_listed(preview, line);
		return true;
	}
	preview->section = OI_APT_SECTION_NONE;
	for (size_t i = 0; i < OI_ARRAY_SIZE(sections); i++)
		if (!strcmp(line, sections[i].head))
			preview->section = sections[i].section;
	if (isdigit((unsigned char)*line))
		add_summary(preview, line);
	return false;
}

bool oi_apt_preview_whole(const struct oi_apt_preview *preview)
{
	for (size_t i = OI_APT_SECTION_NEW; i < OI_ARRAY_SIZE(preview->listed); i++)
		if (preview->listed[i] != preview->counted[i])
			return false;
	return preview->summaries == 1 && !preview->strange;
}

void oi_apt_preview_clear(struct oi_apt_preview *preview)
{
	oi_apt_changes_clear(&preview->changes);
	memset(preview, 0, sizeof(*preview));
}

/* --- what changes mean --- */

/*
 * What makes the next boot's kernel: images, their modules, and the metapackages that pull
 * them in. Source: names in the archives of Debian (linux-image-*) and Ubuntu (all of them).
 */
static const char *const kernel_packages[] = {
	"linux-image", "linux-signed-image", "linux-modules-", "linux-azure", "linux-generic",
	"linux-virtual", "linux-lowlatency", "linux-kvm", "linux-nvidia", "linux-hwe-",
	"linux-oem-", "linux-fips", "linux-realtime",
};

/* Ubuntu's headers and tools are named for their kernel's flavour: linux-azure-6.8-headers-... */
static const char *const no_kernel[] = { "-headers", "-tools", "-cloud-tools", "-doc", "-dbg" };

static bool is_kernel(const char *name, const char *release)
{
	size_t bare = strcspn(name, ":");
	OI_FREE char *extra = oi_mem_printf("linux-modules-extra-%s", release);
	OI_FREE char *plain = oi_mem_ndup(name, bare);
	bool found = false;

	for (size_t i = 0; i < OI_ARRAY_SIZE(kernel_packages) && !found; i++)
		found = starts(plain, kernel_packages[i]);
	for (size_t i = 0; i < OI_ARRAY_SIZE(no_kernel) && found; i++)
		found = !strstr(plain, no_kernel[i]);
	return found && strcmp(plain, extra) != 0;
}

const struct oi_apt_change *oi_apt_changes_kernel(const struct oi_apt_changes *changes,
						  const char *release)
{
	for (size_t i = 0; i < changes->n; i++)
		if (is_kernel(changes->v[i].name, release))
			return &changes->v[i];
	return NULL;
}

char *oi_apt_changes_text(const struct oi_apt_changes *changes)
{
	size_t fresh = 0, upgraded = 0, removed = 0;

	for (size_t i = 0; i < changes->n; i++) {
		fresh += !changes->v[i].before;
		upgraded += changes->v[i].before && changes->v[i].after;
		removed += !changes->v[i].after;
	}
	return oi_mem_printf("%zu new, %zu upgraded, %zu removed", fresh, upgraded, removed);
}

/* --- words --- */

/* Two spaces and more are apt's way of lining up columns. */
static void add_squeezed(struct oi_strv *list, const char *line)
{
	struct oi_buf buf = { 0 };

	while (*line) {
		size_t len;

		line += strspn(line, " \t");
		len = strcspn(line, " \t");
		if (len && buf.len)
			oi_buf_adds(&buf, " ");
		oi_buf_add(&buf, line, len);
		line += len;
	}
	oi_strv_add(list, oi_buf_str(&buf));
	oi_buf_clear(&buf);
}

static void note_causes(struct oi_apt_words *words, const char *line)
{
	/* "Waiting for cache lock: Could not get lock ...": then apt retries by itself. */
	if (starts(line, "Waiting for cache lock"))
		words->waiting = true;
	else if (strstr(line, "Could not get lock") || strstr(line, "another process using it") ||
		 strstr(line, "by another process"))
		words->locked = true;
	if (strstr(line, "dpkg was interrupted"))
		words->interrupted = true;
	/* Source: apt's private-cachefile.cc, and apt-get before 2.0 */
	if (strstr(line, "--fix-broken install") || strstr(line, "-f install"))
		words->broken = true;
	if (strstr(line, "enough free space") || strstr(line, "No space left on device"))
		words->no_space = true;
	/* Source: dkms 2.8 and 3.0, "Bad return status for module build on kernel: ..." */
	if (strstr(line, "Bad return status for module build") ||
	    (strstr(line, "onsult ") && strstr(line, "make.log")))
		words->dkms_failed = true;
}

void oi_apt_words_add(struct oi_apt_words *words, const char *line)
{
	note_causes(words, line);
	/* The cause of a dpkg error stands indented below it. */
	if (words->in_dpkg_error && *line == ' ')
		add_squeezed(&words->errors, line);
	words->in_dpkg_error = starts(line, "dpkg: error");
	if (words->in_unmet && *line == ' ')
		add_squeezed(&words->errors, line);
	else
		words->in_unmet = starts(line, "The following packages have unmet dependencies");
	if (starts(line, "E: ") || starts(line, "dpkg: error") || starts(line, "Error! ") ||
	    starts(line, "dpkg-deb: error"))
		add_squeezed(&words->errors, line);
	else if (starts(line, "W: "))
		add_squeezed(&words->warnings, line);
}

void oi_apt_words_clear(struct oi_apt_words *words)
{
	oi_strv_clear(&words->errors);
	oi_strv_clear(&words->warnings);
	memset(words, 0, sizeof(*words));
}

char *oi_apt_words_text(const struct oi_apt_words *words)
{
	return oi_strv_join_few(&words->errors, DECISIVE, "; ");
}

bool oi_apt_is_distrust(const char *line)
{
	/* Source: apt's acquire-item.cc and gpgv method (to 2.9), and sqv's words (3.0) */
	static const char *const signs[] = {
		"NO_PUBKEY", "BADSIG", "EXPKEYSIG", "REVKEYSIG", "EXPSIG", "is not signed",
		"GPG error", "OpenPGP signature verification failed", "signatures were invalid",
		"couldn't be verified", "could not be verified", "Missing key",
	};

	for (size_t i = 0; i < OI_ARRAY_SIZE(signs); i++)
		if (strstr(line, signs[i]))
			return true;
	/* A folder on this machine cannot be out of reach: without Release it is unsigned. */
	return strstr(line, "does not have a Release file") && strstr(line, "file:");
}

/* --- lists --- */

static bool is_none(const char *line)
{
	line = strchr(line, ':');
	if (!line)
		return true;
	line++;
	line += strspn(line, " ");
	return starts(line, "(none)");
}

enum oi_apt_known oi_apt_policy(const char *text, const char *name)
{
	OI_FREE char *head = oi_mem_printf("%s:", name);
	bool inside = false;
	bool candidate = false;
	enum oi_apt_known known = OI_APT_UNKNOWN;
	const char *end;

	for (const char *line = text; *line; line = *end ? end + 1 : end) {
		end = line + strcspn(line, "\n");
		if (*line != ' ') {
			if (inside)
				break; /* the next package */
			inside = (size_t)(end - line) == strlen(head) &&
				!strncmp(line, head, strlen(head));
			if (inside)
				known = OI_APT_NO_CANDIDATE;
		} else if (inside && starts(line, "  Installed:") && !is_none(line)) {
			return OI_APT_INSTALLED;
		} else if (inside && starts(line, "  Candidate:")) {
			candidate = !is_none(line);
		}
	}
	return candidate ? OI_APT_CANDIDATE : known;
}

int64_t oi_apt_uris_bytes(const char *text)
{
	int64_t bytes = 0;
	const char *end;

	/* 'URI' NAME SIZE HASH */
	for (const char *line = text; *line; line = *end ? end + 1 : end) {
		const char *c;

		end = line + strcspn(line, "\n");
		if (*line != '\'' || starts(line, "'file:"))
			continue;
		c = memchr(line + 1, '\'', (size_t)(end - line - 1));
		if (!c || c[1] != ' ')
			continue;
		c += 2;
		c += strcspn(c, " \n");
		if (*c == ' ')
			bytes += strtoll(c + 1, NULL, 10);
	}
	return bytes;
}
