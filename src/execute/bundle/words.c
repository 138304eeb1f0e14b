/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an installer says, understood. Text in, values out. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "execute/bundle/bundle.h"
#include "model/reasons.h"

#define ERRORS_MAX 4 /* the first tell the cause; what follows are consequences */
#define LOGS_MAX 8

/* Exit statuses. Source: MLNX_OFED user manual, "mlnxofedinstall return codes" */
#define STATUS_NO_SPACE 28
#define STATUS_NO_DEVICE 171

static bool any(const char *line, const char *const *words)
{
	for (; *words; words++)
		if (strcasestr(line, *words))
			return true;
	return false;
}

/* Without what colours a terminal: ESC [ numbers letter. */
static char *plain(const char *line)
{
	char *text = oi_mem_dup(line);
	char *to = text;

	for (const char *c = line; *c; c++) {
		if (*c == '\033' && c[1] == '[') {
			c += 2 + strspn(c + 2, "0123456789;");
			if (!*c)
				break;
		} else {
			*to++ = *c;
		}
	}
	*to = '\0';
	return text;
}

/* "/tmp/MLNX_OFED_LINUX.3031997.logs/general.log" and such, wherever in the line. */
static void find_logs(struct oi_bundle_words *words, const char *line)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv fields = { 0 };

	oi_strv_split(&fields, line, " \t\"'`,;()");
	for (size_t i = 0; i < fields.n && words->logs.n < LOGS_MAX; i++) {
		char *field = fields.v[i];
		size_t len = strlen(field);

		while (len && strchr(".:", field[len - 1]))
			field[--len] = '\0';
		if (*field == '/' && len > 4 && !strstr(field, "/../") &&
		    (!strcmp(field + len - 4, ".log") || strstr(field, ".logs")) &&
		    !oi_strv_has(&words->logs, field))
			oi_strv_add(&words->logs, field);
	}
}

void oi_bundle_words_add(struct oi_bundle_words *words, const char *line)
{
	static const char *const devices[] = {
		"unsupported device", "unsupported hardware", "no supported device",
		"device is not supported", "devices are not supported", "device not supported",
		"device(s) not supported", NULL,
	};
	static const char *const sources[] = {
		"kernel-devel", "kernel-headers", "linux-headers", "kernel-source", "kernel sources",
		"kernel headers", "kernel-azure-devel", "kernel-default-devel", NULL,
	};
	static const char *const lacks[] = {
		"missing", "not installed", "not found", "no such", "required", "needed",
		"does not exist", "cannot find", "can't find", NULL,
	};
	static const char *const others[] = {
		"operation system is not supported", "operating system is not supported",
		"is intended for", "distribution is not supported", NULL,
	};
	static const char *const full[] = { "not enough disk space", "no space left", NULL };
	static const char *const builds[] = {
		"bad return status for module build", "-dkms deb", "-dkms rpm", NULL,
	};
	static const char *const marks[] = { "error:", "failed", "aborting", "fatal", NULL };
	OI_FREE char *text = plain(line);
	char *c = text;

	while (isspace((unsigned char)*c))
		c++;
	words->device |= any(c, devices);
	words->headers |= any(c, sources) && any(c, lacks);
	words->distro |= any(c, others);
	words->space |= any(c, full);
	words->dkms |= any(c, builds) && any(c, marks);
	if (words->errors.n < ERRORS_MAX && (any(c, marks) || any(c, devices)))
		oi_strv_add(&words->errors, c);
	find_logs(words, c);
}

void oi_bundle_words_clear(struct oi_bundle_words *words)
{
	oi_strv_clear(&words->errors);
	oi_strv_clear(&words->logs);
	memset(words, 0, sizeof(*words));
}

enum oi_reason oi_bundle_words_reason(const struct oi_bundle_words *words, int status)
{
	if (words->device || status == STATUS_NO_DEVICE)
		return OI_R_BUNDLE_DEVICE;
	if (words->space || status == STATUS_NO_SPACE)
		return OI_R_DISK_SPACE;
	if (words->headers)
		return OI_R_HEADERS_MISSING;
	if (words->distro)
		return OI_R_BUNDLE_DISTRO;
	if (words->dkms)
		return OI_R_DKMS_FAILED;
	return OI_R_BUNDLE_FAILED;
}
