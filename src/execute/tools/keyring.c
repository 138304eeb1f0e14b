/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/tools/keyring.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/tools/child.h"
#include "model/reasons.h"

static int gpg(const struct oi_host *host, const char *home, const char *const *args,
	       struct oi_buf *out, struct oi_err *err)
{
	OI_CLEANUP(oi_child_clear) struct oi_child child = { .tool = OI_TOOL_GPG };
	OI_FREE char *place = oi_root_name(&host->change, home);
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };

	child.out = out;
	oi_strv_add(&child.args, "--homedir");
	oi_strv_add(&child.args, place);
	oi_strv_add(&child.args, "--batch");
	oi_strv_add(&child.args, "--no-options");
	oi_strv_add(&child.args, "--no-autostart");
	oi_strv_add(&child.args, "--with-colons");
	for (size_t i = 0; args[i]; i++)
		oi_strv_add(&child.args, args[i]);
	return oi_child_run(host, &child, &result, err);
}

int oi_keyring_reset(const struct oi_host *host, const char *home, struct oi_err *err)
{
	if (oi_root_remove(&host->change, home, err))
		return -1;
	return oi_root_mkdirs(&host->change, home, 0700, err);
}

int oi_keyring_import(const struct oi_host *host, const char *home, const char *file,
		      struct oi_err *err)
{
	const char *args[] = { "--import", file, NULL };
	/* Of several keys some may be too old for this gpg: what came in is looked at next. */
	int ret = gpg(host, home, args, NULL, err);

	if (!ret || err->code != OI_R_CHILD_FAILED)
		return ret;
	oi_log_warn(&host->log, "packages: %s: not all of it is a key that gpg takes", file);
	return 0;
}

/* Fingerprints of the primary keys. Source: GnuPG's doc/DETAILS, "pub", "fpr" */
static int list_keys(const struct oi_host *host, const char *home,
		     struct oi_strv *fingerprints, struct oi_err *err)
{
	static const char *const args[] = { "--fingerprint", "--list-keys", NULL };
	OI_CLEANUP(oi_buf_clear) struct oi_buf out = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };
	bool primary = false;

	if (gpg(host, home, args, &out, err))
		return -1;
	oi_strv_split(&lines, oi_buf_str(&out), "\n");
	for (size_t i = 0; i < lines.n; i++) {
		const char *line = lines.v[i];

		if (!strncmp(line, "pub:", 4)) {
			primary = true;
		} else if (primary && !strncmp(line, "fpr:", 4)) {
			line += strspn(line, "fpr:");
			oi_strv_addf(fingerprints, "%.*s", (int)strcspn(line, ":"), line);
			primary = false;
		}
	}
	return 0;
}

int oi_keyring_judge(const struct oi_host *host, const char *home, const struct oi_step *step,
		     const char *to, struct oi_strv *accepted, struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf armor = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv found = { 0 };
	OI_FREE char *all = NULL;

	if (list_keys(host, home, &found, err))
		return -1;
	for (size_t i = 0; i < found.n; i++) {
		const char *args[] = { "--armor", "--export", found.v[i], NULL };

		if (oi_strv_has(&step->repository.accepted, found.v[i])) {
			if (gpg(host, home, args, &armor, err))
				return -1;
			oi_strv_add(accepted, found.v[i]);
			oi_log_info(&host->log, "packages: key %s is accepted", found.v[i]);
		} else {
			oi_log_warn(&host->log, "packages: key %s is %s; it is left out", found.v[i],
				    oi_strv_has(&step->repository.refused, found.v[i]) ? "refused by the catalog" :
									      "not in the catalog");
		}
	}
	all = oi_strv_join(&found, ", ");
	if (!armor.len)
		return oi_err_set(err, OI_R_REPOSITORY_UNTRUSTED, "none of its keys is accepted (%s)",
				  found.n ? all : "there is none");
	return oi_root_write(&host->change, to, 0644, oi_buf_str(&armor), armor.len, err);
}

/* "[GNUPG:] VALIDSIG FPR ... PRIMARY-FPR". Source: GnuPG's doc/DETAILS, "VALIDSIG" */
static bool is_by(const char *line, const struct oi_strv *accepted)
{
	static const char sign[] = "[GNUPG:] VALIDSIG ";
	const char *last = strrchr(line, ' ');

	return !strncmp(line, sign, strlen(sign)) && last && oi_strv_has(accepted, last + 1);
}

int oi_keyring_verify(const struct oi_host *host, const char *home, const char *signature,
		      const char *file, const struct oi_strv *accepted, struct oi_err *err)
{
	const char *args[] = { "--status-fd", "1", "--verify", signature, file, NULL };
	OI_CLEANUP(oi_buf_clear) struct oi_buf out = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };

	if (gpg(host, home, args, &out, err) && err->code != OI_R_CHILD_FAILED)
		return -1;
	oi_strv_split(&lines, oi_buf_str(&out), "\n");
	for (size_t i = 0; i < lines.n; i++)
		if (is_by(lines.v[i], accepted))
			return 0;
	return oi_err_set(err, OI_R_REPOSITORY_UNTRUSTED, "%s is not signed by an accepted key", file);
}

bool oi_keyring_is_policy(const char *words)
{
	static const char *const signs[] = {
		/* Source: sequoia-openpgp's policy, as apt 3 (sqv), rpm 4.18 of EL 9 and rpm 6 pass it on */
		"Policy reject", "is not considered secure",
		/* Source: apt 2.9, methods/gpgv.cc: rsa1024 and the like */
		"untrusted public key algorithm",
	};

	for (size_t i = 0; i < OI_ARRAY_SIZE(signs); i++)
		if (strstr(words, signs[i]))
			return true;
	return false;
}

int oi_keyring_not_taken(const char *program, const struct oi_run_result *result,
			 struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };
	OI_FREE char *text = NULL;
	const char *said = oi_buf_str(&result->tail);

	if (result->end != OI_RUN_EXITED)
		return -1;
	oi_strv_split(&lines, said, "\n");
	text = oi_strv_join(&lines, "; ");
	return oi_err_set(err, oi_keyring_is_policy(said) ? OI_R_KEY_POLICY : OI_R_REPOSITORY_UNTRUSTED,
			  "%s does not take the key: %.600s", program, text);
}
