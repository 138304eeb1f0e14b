/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "fetch/protocol.h"
#include "model/reasons.h"
#include "sys/run.h"

/* Called for oi_run(), by the linker's --wrap. */
int __wrap_oi_run(char *const argv[], const struct oi_run_options *options,
		  struct oi_run_result *result, struct oi_err *err);

/* Called by libFuzzer. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static const struct target {
	const char *name;
	fuzz_fn *run;
} targets[] = {
	{ "stanza", fuzz_stanza },
	{ "catalog", fuzz_catalog },
	{ "facts", fuzz_facts },
	{ "request", fuzz_request },
	{ "answers", fuzz_answers },
	{ "headers", fuzz_headers },
	{ "metadata", fuzz_metadata },
	{ "url", fuzz_url },
	{ "unpack", fuzz_unpack },
	{ "apt", fuzz_apt },
	{ "dnf", fuzz_dnf },
	{ "zypper", fuzz_zypper },
	{ "dkms", fuzz_dkms },
	{ "installer", fuzz_installer },
	{ "apt-source", fuzz_apt_source },
	{ "rpm-repo", fuzz_rpm_repo },
	{ "redact", fuzz_redact },
	{ "os-release", fuzz_os_release },
	{ "instance", fuzz_instance },
	{ "cloud-config", fuzz_cloud_config },
	{ "user-data", fuzz_user_data },
	{ "pci", fuzz_pci },
	{ "record", fuzz_record },
	{ "result", fuzz_result },
	{ "dpkg-status", fuzz_dpkg_status },
	{ "proc-modules", fuzz_proc_modules },
	{ "modules-dep", fuzz_modules_dep },
	{ "module", fuzz_module },
	{ "journal", fuzz_journal },
	{ "state", fuzz_state },
	{ "pointer", fuzz_pointer },
	{ "part", fuzz_part },
};

struct oi_host fuzz_host;

static const struct target *target;
static char scratch[] = "/dev/shm/oi-fuzz-XXXXXX";
static pid_t owner;

void fuzz_must(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fuzz: %s: broken: %s\n", target->name, what);
	abort();
}

/* Whatever is made of its bytes, nothing of this machine is started. */
int __wrap_oi_run(char *const argv[], const struct oi_run_options *options OI_UNUSED,
		  struct oi_run_result *result, struct oi_err *err)
{
	result->end = OI_RUN_NEVER_STARTED;
	return oi_err_set(err, OI_R_TOOL_MISSING, "%s is not started here", argv[0]);
}

void fuzz_put(const char *path, const char *bytes, size_t len)
{
	OI_FREE char *name = oi_mem_printf("%s%s", scratch, path);
	FILE *f;

	for (char *slash = name + strlen(scratch) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		if (mkdir(name, 0700) && errno != EEXIST)
			fuzz_must(0, name);
		*slash = '/';
	}
	f = fopen(name, "w");
	fuzz_must(f && fwrite(bytes, 1, len, f) == len && !fclose(f), name);
}

void fuzz_lines(const char *text, void (*each)(void *data, const char *line), void *data)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		OI_FREE char *line = oi_mem_ndup(text, len);

		each(data, line);
		text += len + (text[len] == '\n');
	}
}

static void tidy(void)
{
	struct oi_root memory;
	struct oi_err err;

	/* libFuzzer's own children inherit this. */
	if (getpid() != owner || oi_root_open("/dev/shm", &memory, &err))
		return;
	if (oi_root_remove(&memory, scratch + strlen("/dev/shm"), &err))
		fprintf(stderr, "fuzz: %s\n", err.text);
	oi_root_close(&memory);
	oi_root_close(&fuzz_host.look);
	oi_root_close(&fuzz_host.change);
}

static void set_up(void)
{
	struct oi_err err;
	int null = open("/dev/null", O_WRONLY);

	owner = getpid();
	/* Where ofed-fetch's answers go. */
	fuzz_must(null >= 0 && dup2(null, OI_FETCH_ANSWER_FD) >= 0, "/dev/null");
	fuzz_must(mkdtemp(scratch) != NULL, scratch);
	fuzz_must(!oi_root_open(scratch, &fuzz_host.look, &err) &&
			  !oi_root_open(scratch, &fuzz_host.change, &err),
		  err.text);
	fuzz_host.imds_url = "http://127.0.0.1:9";
	fuzz_host.deadline_ms = INT64_MAX;
	atexit(tidy);
}

int LLVMFuzzerInitialize(int *argc OI_UNUSED, char ***argv)
{
	const char *slash = strrchr((*argv)[0], '/');
	const char *name = slash ? slash + 1 : (*argv)[0];

	for (size_t i = 0; i < OI_ARRAY_SIZE(targets); i++)
		if (!strcmp(targets[i].name, name))
			target = &targets[i];
	if (!target) {
		for (size_t i = 0; i < OI_ARRAY_SIZE(targets); i++)
			puts(targets[i].name);
		exit(strcmp(name, "list") != 0);
	}
	set_up();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	OI_FREE char *text = oi_mem_ndup((const char *)bytes, len);

	target->run(text, len);
	return 0;
}
