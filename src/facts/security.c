/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which modules the kernel would refuse to load. */
#include <string.h>

#include "base/mem.h"
#include "facts/doubt.h"
#include "facts/look.h"

#define EFI "/sys/firmware/efi"
/* Source: UEFI specification, EFI_GLOBAL_VARIABLE */
#define SECURE_BOOT EFI "/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
/* Four bytes of attributes, then the value; Source: kernel, Documentation/filesystems/efivarfs.rst */
#define SECURE_BOOT_BYTES 5
#define SECURITYFS "/sys/kernel/security"

static bool has_entries(const struct oi_root *root, const char *path)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	struct oi_err ignored;

	return !oi_root_list(root, path, &names, &ignored) && names.n;
}

static enum oi_flag look_at_secure_boot(const struct oi_root *root, struct oi_facts *facts)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf buf = { 0 };
	struct oi_err err;
	int got;

	if (!oi_root_exists(root, EFI))
		return oi_root_exists(root, "/sys/firmware") ? OI_FLAG_ABSENT : OI_FLAG_UNKNOWN;
	got = oi_root_read(root, SECURE_BOOT, SECURE_BOOT_BYTES, &buf, &err);
	if (!got && buf.len == SECURE_BOOT_BYTES)
		return oi_flag_of(buf.data[SECURE_BOOT_BYTES - 1] == 1);
	/* A firmware without Secure Boot has no such variable, but it has others. */
	if (got == 1 && has_entries(root, EFI "/efivars"))
		return OI_FLAG_ABSENT;
	oi_facts_doubt(facts, "security.secure_boot: %s",
		       got < 0 ? err.text : got ? "efivarfs is not mounted" : "odd variable");
	return OI_FLAG_UNKNOWN;
}

/* "none [integrity] confidentiality" */
static void look_at_lockdown(const struct oi_root *root, struct oi_facts *facts)
{
	OI_FREE char *mode = NULL;
	OI_FREE char *line = NULL;
	struct oi_err err;
	int got = oi_root_read_line(root, SECURITYFS "/lockdown", &line, &err);
	const char *open = line ? strchr(line, '[') : NULL;
	size_t len = open ? strcspn(open + 1, "]") : 0;

	if (len && open[len + 1] == ']') {
		mode = oi_mem_ndup(open + 1, len);
		oi_text_set(&facts->security.lockdown, mode);
	} else if (got == 1 && has_entries(root, SECURITYFS)) {
		oi_text_set(&facts->security.lockdown, NULL);
	} else {
		oi_facts_doubt(facts, "security.lockdown: %s",
			       got < 0 ? err.text :
			       got     ? "securityfs is not mounted" :
					 "none is marked as chosen");
	}
}

static enum oi_flag look_at_enforcement(const struct oi_root *root, struct oi_facts *facts)
{
	OI_FREE char *value = NULL;
	struct oi_err err;
	int got = oi_root_read_line(root, "/sys/module/module/parameters/sig_enforce", &value,
				    &err);

	if (!got && (!strcmp(value, "Y") || !strcmp(value, "N")))
		return oi_flag_of(*value == 'Y');
	/* A kernel that cannot check signatures does not have it. */
	if (got == 1 && oi_root_exists(root, "/sys/module"))
		return OI_FLAG_ABSENT;
	if (got <= 0)
		oi_facts_doubt(facts, "security.sig_enforce: %s", got ? err.text : "neither Y nor N");
	return OI_FLAG_UNKNOWN;
}

void oi_facts_look_security(const struct oi_host *host, struct oi_facts *facts)
{
	facts->security.secure_boot = look_at_secure_boot(&host->look, facts);
	look_at_lockdown(&host->look, facts);
	facts->security.sig_enforce = look_at_enforcement(&host->look, facts);
}
