/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a set of modules says of itself, and whether it is in place. */
#include "execute/cache/modset.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/doc.h"
#include "base/mem.h"
#include "execute/cache/text.h"
#include "model/reasons.h"
#include "sys/kmods.h"

#define SHA256_DIGITS 64

void oi_modset_clear(struct oi_modset *set)
{
	free(set->key);
	free(set->file);
	free(set->sha256);
	free(set->signature);
	free(set->headers);
	oi_strv_clear(&set->provides);
	oi_strv_clear(&set->modules);
	memset(set, 0, sizeof(*set));
}

/* --- pointer --- */

static int unfit(struct oi_err *err, const char *what)
{
	return oi_err_set(err, OI_R_MODULES_UNFIT, "%s", what);
}

static bool is_digest(const char *text)
{
	return text && strlen(text) == SHA256_DIGITS &&
	       strspn(text, "0123456789abcdef") == SHA256_DIGITS;
}

static bool is_hexadecimal(const char *text)
{
	return *text && !text[strspn(text, "0123456789abcdef")];
}

/* KEY-DIGITS.deb, and nothing that leads elsewhere. */
static bool is_our_name(const char *file, const char *key, const char *sha256)
{
	OI_FREE char *name = oi_modset_file_name(key, sha256);

	return file && !strcmp(file, name);
}

int oi_modset_pointer_read(const char *bytes, size_t len, const char *key, struct oi_modset *set,
			   struct oi_err *err)
{
	OI_DOC_AUTO *doc = NULL;
	int64_t size;
	const char *file;
	const char *sha256;
	const char *signature;

	if (oi_doc_from_json(bytes, len, "pointer", OI_R_MODULES_UNFIT, &doc, err))
		return -1;
	size = oi_doc_int(oi_doc_get(doc, "bytes"), 0);
	file = oi_doc_string(oi_doc_get(doc, "package"));
	sha256 = oi_doc_string(oi_doc_get(doc, "sha256"));
	signature = oi_doc_string(oi_doc_get(doc, "signature"));
	if (oi_doc_int(oi_doc_get(doc, "schema"), 0) != 1)
		return unfit(err, "the pointer is of another schema");
	if (strcmp(oi_doc_string(oi_doc_get(doc, "key")) ?: "", key) != 0)
		return unfit(err, "the pointer is for other modules");
	if (!is_digest(sha256) || !is_our_name(file, key, sha256) || size <= 0 ||
	    (signature && !is_hexadecimal(signature)))
		return unfit(err, "the pointer is malformed");
	oi_mem_set(&set->key, key);
	oi_mem_set(&set->file, file);
	oi_mem_set(&set->sha256, sha256);
	set->bytes = size;
	if (signature)
		oi_mem_set(&set->signature, signature);
	return 0;
}

/* None of these can have a line's end in it. */
char *oi_modset_signed_text(const struct oi_modset *set)
{
	return oi_mem_printf("ofed-init modules 1\n%s\n%s\n%s\n%lld\n", set->key, set->file,
			     set->sha256, (long long)set->bytes);
}

char *oi_modset_pointer_text(const struct oi_modset *set)
{
	OI_DOC_AUTO *doc = oi_doc_new(OI_DOC_MAP);

	oi_doc_put_int(doc, "schema", 1);
	oi_doc_put_string(doc, "key", set->key);
	oi_doc_put_string(doc, "package", set->file);
	oi_doc_put_string(doc, "sha256", set->sha256);
	oi_doc_put_int(doc, "bytes", set->bytes);
	if (set->signature)
		oi_doc_put_string(doc, "signature", set->signature);
	return oi_doc_to_json(doc, true);
}

/* --- in place --- */

static int check_one(const struct oi_host *host, const char *kernel, const char *file,
		     struct oi_err *err)
{
	OI_FREE char *name = oi_modset_module_name(file);
	OI_FREE char *vermagic = NULL;
	struct oi_kmod kmod = { .name = name };
	int rc = oi_kmods_find(&host->change, kernel, &kmod, 1, err);
	bool known = !rc && kmod.path && !strcmp(kmod.path, file);

	oi_kmods_clear(&kmod, 1);
	if (rc < 0)
		return -1;
	if (!known)
		return oi_err_set(err, OI_R_MODULES_MISSING, "kmod does not take %s from %s", name,
				  file);
	if (oi_kmod_field(host, kernel, file, "vermagic", &vermagic, err))
		return -1;
	if (oi_modset_is_for(vermagic, kernel))
		return 0;
	return oi_err_set(err, OI_R_MODULES_MISSING, "%s is for %s", file,
			  vermagic ? vermagic : "an unknown kernel");
}

int oi_modset_check(const struct oi_host *host, const char *kernel, const struct oi_modset *set,
		    struct oi_err *err)
{
	for (size_t i = 0; i < set->modules.n; i++)
		if (check_one(host, kernel, set->modules.v[i], err))
			return -1;
	oi_log_info(&host->log, "modules: %zu from the cache are in place for %s", set->modules.n,
		    kernel);
	return 0;
}
