/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/modules/signing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "model/reasons.h"
#include "sys/clock.h"
#include "sys/kmods.h"
#include "sys/run.h"

/* One file, hashed and signed: well below a second. */
#define SIGN_MS 30000
#define CONFIG_BYTES (4u << 20) /* a kernel's has 300 kB */

/* --- the pair --- */

static int unusable(struct oi_err *err, const char *path, const char *why)
{
	return oi_err_set(err, OI_R_SIGNING_KEY, "%s: %s", path, why);
}

/* Whoever else could read it could sign what this machine then trusts. */
int oi_signing_open_key(const struct oi_root *root, const char *path, struct oi_err *err)
{
	int fd = oi_root_openat(root, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	const char *why = NULL;
	struct stat st;

	if (fd < 0)
		return unusable(err, path,
				errno == ELOOP ? "it is a link, and what it leads to may change" :
						 strerror(errno));
	if (fstat(fd, &st))
		why = strerror(errno);
	else if (!S_ISREG(st.st_mode))
		why = "it is not a regular file";
	else if (st.st_uid != geteuid())
		why = "it is not owned by root";
	else if (st.st_mode & 077)
		why = "users other than root have access to it: chmod 600";
	if (!why)
		return fd;
	close(fd);
	return unusable(err, path, why);
}

int oi_signing_check(const struct oi_host *host, const char *key, const char *certificate,
		     struct oi_signer *signer, struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	int fd = oi_signing_open_key(&host->change, key, err);
	int got, ret;

	if (fd < 0)
		return -1;
	/* What others may write, others may exchange for a certificate of their own. */
	got = oi_root_read_guarded(&host->change, certificate, OI_CERTIFICATE_BYTES, &text, err);
	if (got > 0)
		unusable(err, certificate, "there is no such file");
	if (got)
		err->code = OI_R_SIGNING_KEY;
	ret = got ? -1 : oi_fetcher_check_key(host, fd, text.data, text.len, signer, err);
	close(fd);
	return ret;
}

/* --- signing --- */

/* With the kernel's headers; shim's packages of Ubuntu bring the same under another name. */
static char *find_program(const struct oi_host *host, const char *kernel)
{
	OI_FREE char *path = oi_mem_printf("/lib/modules/%s/build/scripts/sign-file", kernel);

	if (oi_root_is_program(&host->change, path))
		return oi_root_is_real(&host->change) ?
			       oi_mem_take(&path) :
			       oi_mem_printf("%s%s", host->change.path, path);
	return host->tools.path[OI_TOOL_KMODSIGN] ?
		       oi_mem_dup(host->tools.path[OI_TOOL_KMODSIGN]) :
		       NULL;
}

/* The kernel knows this one for certain; owned by the caller. */
static char *find_hash(const struct oi_root *root, const char *kernel)
{
	static const char key[] = "\nCONFIG_MODULE_SIG_HASH=\"";
	const char *const places[] = { "/boot/config-%s", "/lib/modules/%s/build/.config",
				       "/lib/modules/%s/config" };

	for (size_t i = 0; i < OI_ARRAY_SIZE(places); i++) {
		const char *rest = strchr(places[i], '%') + 2;
		OI_FREE char *path = oi_mem_printf("%.*s%s%s", (int)(rest - 2 - places[i]), places[i],
						   kernel, rest);
		OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
		const char *at;
		struct oi_err ignored;

		if (oi_root_read(root, path, CONFIG_BYTES, &text, &ignored))
			continue;
		at = strstr(oi_buf_str(&text), key);
		if (at)
			return oi_mem_ndup(at + sizeof(key) - 1, strcspn(at + sizeof(key) - 1, "\"\n"));
	}
	return oi_mem_dup("sha256"); /* in every kernel that can check signatures */
}

struct signing {
	const struct oi_host *host;
	const char *kernel, *key, *certificate;
	struct oi_signer signer;
	char *program, *hash; /* NULL: not looked for yet, or not there */
	size_t signed_now;
};

static void say(void *data, const char *line)
{
	const struct oi_host *host = data;

	oi_log_info(&host->log, "signing: %s", line);
}

static int sign(struct signing *s, const char *file, struct oi_err *err)
{
	const struct oi_host *host = s->host;
	OI_CLEANUP(oi_strv_clear) struct oi_strv argv = { 0 };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	struct oi_run_options options = {
		.deadline_ms = oi_clock_ms() + SIGN_MS,
		.on_line = say,
		.data = (void *)(uintptr_t)host,
	};
	const char *root = oi_root_is_real(&host->change) ? "" : host->change.path;
	size_t len = strlen(file);

	if (len < 3 || strcmp(file + len - 3, ".ko"))
		return oi_err_set(err, OI_R_MODULES_UNSIGNED,
				  "%s has no signature, and is compressed already", file);
	if (!s->program)
		s->program = find_program(host, s->kernel);
	if (!s->program)
		return oi_err_set(err, OI_R_MODULES_UNSIGNED,
				  "%s has no signature, and /lib/modules/%s/build has no scripts/sign-file",
				  file, s->kernel);
	if (!s->hash)
		s->hash = find_hash(&host->change, s->kernel);
	if (options.deadline_ms > host->deadline_ms)
		options.deadline_ms = host->deadline_ms;
	oi_strv_add(&argv, s->program);
	oi_strv_add(&argv, s->hash);
	oi_strv_addf(&argv, "%s%s", root, s->key);
	oi_strv_addf(&argv, "%s%s", root, s->certificate);
	oi_strv_addf(&argv, "%s/lib/modules/%s/%s", root, s->kernel, file);
	if (oi_run(argv.v, &options, &result, err)) {
		err->code = err->code == OI_R_INTERRUPTED ? err->code : OI_R_MODULES_UNSIGNED;
		return oi_err_prefix(err, "%s", file);
	}
	s->signed_now++;
	return 0;
}

/* By the serial number: a key without a name, or two of the same name, are told apart. */
static int check(struct signing *s, const char *file, struct oi_err *err)
{
	OI_FREE char *serial = NULL;
	OI_FREE char *signer = NULL;

	if (oi_kmod_field(s->host, s->kernel, file, "sig_key", &serial, err))
		return -1;
	if (!serial) {
		if (sign(s, file, err) ||
		    oi_kmod_field(s->host, s->kernel, file, "sig_key", &serial, err))
			return -1;
	}
	if (serial && !strcmp(serial, s->signer.serial))
		return 0;
	if (oi_kmod_field(s->host, s->kernel, file, "signer", &signer, err))
		return -1;
	return oi_err_set(err, OI_R_MODULES_UNSIGNED, "%s is signed by %s (%s), and not by %s (%s)",
			  file, signer ? signer : "an unnamed signer",
			  serial ? serial : "with a key that modinfo does not name", s->signer.name,
			  s->signer.serial);
}

static int check_all(struct signing *s, const struct oi_strv *files, struct oi_err *err)
{
	size_t n = 0;

	for (size_t i = 0; i < files->n; i++) {
		const struct oi_kmod kmod = { .path = files->v[i] };

		if (!oi_kmod_is_added(&kmod))
			continue; /* the kernel's own, signed by who has built the kernel */
		if (check(s, files->v[i], err))
			return -1;
		n++;
	}
	if (!n)
		return oi_err_set(err, OI_R_MODULES_MISSING, "kernel %s: nothing was added to it",
				  s->kernel);
	oi_log_info(&s->host->log, "signatures: %zu modules are signed by %s, %s (%zu of them just now)",
		    n, s->signer.name, s->signer.serial, s->signed_now);
	return 0;
}

int oi_signing_modules(const struct oi_host *host, const char *kernel,
		       const struct oi_strv *names, const char *key, const char *certificate,
		       struct oi_err *err)
{
	struct signing s = { .host = host, .kernel = kernel, .key = key, .certificate = certificate };
	OI_CLEANUP(oi_strv_clear) struct oi_strv files = { 0 };
	int ret = oi_signing_check(host, key, certificate, &s.signer, err);

	if (!ret)
		ret = oi_kmods_with_needs(&host->change, kernel, names, &files, err);
	if (ret > 0)
		ret = oi_err_set(err, OI_R_MODULES_MISSING,
				 "kernel %s: there is no /lib/modules/%s/modules.dep", kernel, kernel);
	if (!ret)
		ret = check_all(&s, &files, err);
	oi_signer_clear(&s.signer);
	free(s.program);
	free(s.hash);
	return ret;
}
