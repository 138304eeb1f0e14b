/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a set of modules says of itself, and whether it is in place. */
#include "execute/cache/modset.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/doc.h"
#include "base/mem.h"
#include "execute/tools/child.h"
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

/* --- the package --- */

/* One call of dpkg-deb about it. */
static int ask_deb(const struct oi_host *host, const char *option, const struct oi_modset *set,
		   const char *field, struct oi_buf *out, struct oi_err *err)
{
	OI_CLEANUP(oi_child_clear) struct oi_child child = { .tool = OI_TOOL_DPKG_DEB, .out = out };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	OI_FREE char *path = oi_modset_staged_path(host, set->file);

	oi_strv_add(&child.args, option);
	oi_strv_add(&child.args, path);
	if (field)
		oi_strv_add(&child.args, field);
	if (!oi_child_run(host, &child, &result, err))
		return 0;
	if (result.end == OI_RUN_EXITED)
		err->code = OI_R_MODULES_UNFIT;
	return -1;
}

static int read_fields(const struct oi_host *host, const char *kernel, struct oi_modset *set,
		       struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf key = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf name = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf provides = { 0 };
	OI_FREE char *wanted_name = oi_modset_package_name(kernel);
	OI_FREE char *wanted_key = oi_mem_printf("%s\n", set->key);
	OI_FREE char *name_line = oi_mem_printf("%s\n", wanted_name);

	if (ask_deb(host, "--field", set, OI_MODSET_KEY_FIELD, &key, err) ||
	    ask_deb(host, "--field", set, "Package", &name, err) ||
	    ask_deb(host, "--field", set, "Provides", &provides, err))
		return -1;
	if (strcmp(oi_buf_str(&key), wanted_key) != 0 || strcmp(oi_buf_str(&name), name_line) != 0)
		return unfit(err, "the package is for other modules");
	oi_modset_parse_provides(oi_buf_str(&provides), &set->provides);
	if (!set->provides.n)
		return unfit(err, "the package stands in for none");
	return 0;
}

int oi_modset_open(const struct oi_host *host, const char *kernel, struct oi_modset *set,
		   struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf contents = { 0 };
	OI_FREE char *foreign = NULL;

	oi_strv_clear(&set->provides);
	oi_strv_clear(&set->modules);
	if (read_fields(host, kernel, set, err) ||
	    ask_deb(host, "--contents", set, NULL, &contents, err))
		return -1;
	foreign = oi_modset_parse_contents(oi_buf_str(&contents), kernel, &set->modules);
	if (foreign)
		return oi_err_set(err, OI_R_MODULES_UNFIT, "the package brings %s", foreign);
	return set->modules.n ? 0 : unfit(err, "the package has no modules");
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
