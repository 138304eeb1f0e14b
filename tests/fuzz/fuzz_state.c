/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files that an earlier run of ours has left, or another machine in a shared folder: a
 * disk that was full, a crash or somebody's editor may have made anything of them.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/prefetch.h"
#include "app/reboot.h"
#include "base/doc.h"
#include "base/mem.h"
#include "execute/bundle/bundle.h"
#include "execute/reload/fallback.h"
#include "execute/state/journal.h"
#include "execute/cache/modset.h"
#include "execute/reload/note.h"
#include "execute/reload/udev.h"
#include "facts/look.h"
#include "fetch/staged.h"
#include "model/reasons.h"

#define KERNEL "6.8.0-1015-azure"
#define SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void put(const char *path, const char *text)
{
	fuzz_put(path, text, strlen(text));
}

/* What may be half-done is seen before the decision, and is never forgotten by the next run. */
void fuzz_journal(const char *text, size_t len)
{
	OI_CLEANUP(oi_journal_clear) struct oi_journal before = { 0 };
	OI_CLEANUP(oi_journal_clear) struct oi_journal journal = { 0 };
	OI_CLEANUP(oi_journal_clear) struct oi_journal after = { 0 };
	OI_CLEANUP(oi_facts_clear) struct oi_facts facts = { 0 };
	const struct oi_verdict verdict = { .driver = { .stack = (char *)"doca-ofed" } };
	const struct oi_step step = { .id = (char *)"verify", .action = OI_ACTION_VERIFY };
	struct oi_err err = { 0 };
	unsigned int heals;
	int got;

	fuzz_put(OI_JOURNAL_PATH, text, len);
	got = oi_journal_read(&fuzz_host.change, &before, &err);
	if (got) {
		fuzz_must(got < 0 && err.code == OI_R_STATE_NEWER, err.text);
		return;
	}
	heals = oi_journal_heals(&before);
	oi_facts_look_installed(&fuzz_host, &facts);
	fuzz_must(!(heals & (OI_HEAL_PACKAGES | OI_HEAL_MODULES)) ||
			  facts.installed.unfinished.known == OI_KNOWN,
		  "something is to be healed, and the decision does not know");
	oi_journal_start(&fuzz_host.change, &journal, &verdict);
	fuzz_must(!oi_journal_begin(&fuzz_host.change, &journal, &step, &err), err.text);
	fuzz_must(!oi_journal_read(&fuzz_host.change, &after, &err) && !after.damaged, err.text);
	fuzz_must((oi_journal_heals(&after) & heals) == heals, "the next run forgets what to heal");
}

/* Each of the small notes, the same bytes in all of them. */
static const char *const notes[] = {
	OI_BAKED_MARKER, OI_FALLBACK_PATH, OI_REBOOT_PATH, OI_PREFETCH_NOTE,
	OI_BUNDLE_RECORD, OI_BUNDLE_KEPT, OI_RELOAD_PATH,
};

static void baked(void)
{
	OI_CLEANUP(oi_facts_clear) struct oi_facts facts = { 0 };

	put("/lib/modules/" KERNEL "/extra/mlx5_core.ko", "abc");
	oi_text_set(&facts.kernel.release, KERNEL);
	oi_text_set(&facts.kernel.arch, "x86_64");
	oi_text_set(&facts.installed.stack, "doca-ofed");
	oi_facts_look_baked(&fuzz_host, &facts);
}

static void fallback(void)
{
	const struct oi_verdict verdict = { .driver = { .stack = (char *)"doca-ofed",
							.version = (char *)"3.2.3",
							.kernel = (char *)KERNEL } };
	struct oi_err err = { 0 };

	if (oi_fallback_check(&fuzz_host.change, &verdict, &err))
		fuzz_must(err.code == OI_R_NETWORK_LOST, err.text);
}

static void reboot_and_prefetch(void)
{
	const struct oi_run_key key = { .instance_id = (char *)"i-0001",
					.kernel = (char *)KERNEL,
					.stanza_hash = (char *)"0" };
	const struct oi_verdict verdict = { .driver = { .stack = (char *)"doca-ofed" } };
	struct oi_machine machine = { .host = fuzz_host };
	struct oi_err err = { .code = OI_R_REBOOT_NEEDED, .text = "why" };

	oi_config_init(&machine.config);
	machine.config.source.spread_seconds = 1;
	oi_prefetch_spread(&machine, &key);
	fuzz_must(machine.host.spread_until_ms >= 0, "a download in the past");
	fuzz_must(oi_reboot_note(&machine, &key, &verdict, &err),
		  "a reboot that nobody has asked for");
	oi_config_clear(&machine.config);
}

/* The scratch folder that is named goes, and nothing else does. */
static void scratch(void)
{
	static const char *const stay[] = { "/etc/stay", OI_STATE_DIR "/stay", "/mnt/stay/stay" };
	OI_FREE char *kept = NULL;

	for (size_t i = 0; i < OI_ARRAY_SIZE(stay); i++)
		put(stay[i], "");
	put("/mnt/ofed-init-bundle.0123456789abcdef/file", "");
	if (oi_bundle_kept(&fuzz_host, SHA256, &kept))
		fuzz_must(!strncmp(kept, "/mnt/ofed-init-bundle.", 22) ||
				  !strncmp(kept, OI_STATE_DIR "/ofed-init-bundle.", 35),
			  "a scratch folder elsewhere");
	oi_bundle_forget(&fuzz_host);
	for (size_t i = 0; i < OI_ARRAY_SIZE(stay); i++)
		fuzz_must(oi_root_exists(&fuzz_host.change, stay[i]), stay[i]);
}

/* A driver that was taken back for what the note says is not tried again. */
static void taken_back(const char *text, size_t len)
{
	OI_CLEANUP(oi_verdict_clear) struct oi_verdict verdict = { 0 };
	OI_DOC_AUTO *doc = NULL;
	struct oi_err err = { 0 };

	fuzz_must(!oi_doc_from_json(text, len, OI_RELOAD_PATH, OI_R_READ_FAILED, &doc, &err), err.text);
	oi_mem_set(&verdict.driver.stack, oi_doc_string(oi_doc_get(doc, "stack")));
	oi_mem_set(&verdict.driver.version, oi_doc_string(oi_doc_get(doc, "version")));
	oi_mem_set(&verdict.driver.sha256, oi_doc_string(oi_doc_get(doc, "sha256")));
	oi_mem_set(&verdict.driver.kernel, oi_doc_string(oi_doc_get(doc, "kernel")));
	fuzz_must(verdict.driver.kernel != NULL, "the way back to the kernel's own, of no kernel");
	fuzz_must(oi_fallback_check(&fuzz_host.change, &verdict, &err) != 0, "it is tried again");
}

static void reload(const char *text, size_t len)
{
	struct oi_host host = fuzz_host;
	struct oi_config config;
	struct oi_err err = { 0 };

	for (size_t i = 0; i < OI_TOOL_COUNT; i++)
		host.tools.path[i] = "/usr/bin/tool"; /* the same on every machine */
	put("/lib/modules/" KERNEL "/modules.dep", "extra/mlx5_core.ko:\nextra/mlx5_ib.ko: extra/mlx5_core.ko\n");
	put("/lib/modules/" KERNEL "/modules.order", "kernel/drivers/net/mlx5_core.ko\n");
	put(OI_UDEV_HOLD, "blacklist mlx5_core\n");
	fuzz_must(!oi_root_remove(&host.change, OI_FALLBACK_PATH, &err), err.text);
	oi_config_init(&config);
	config.verify.network_wait_seconds = -1; /* the time to wait for it is over */
	oi_reload_heal(&host, &config);
	oi_config_clear(&config);
	fuzz_must(!oi_root_exists(&host.change, OI_RELOAD_PATH), "it would be healed again");
	fuzz_must(!oi_root_exists(&host.change, OI_UDEV_HOLD), "udev stays held back");
	if (oi_root_exists(&host.change, OI_FALLBACK_PATH))
		taken_back(text, len);
}

void fuzz_state(const char *text, size_t len)
{
	for (size_t i = 0; i < OI_ARRAY_SIZE(notes); i++)
		fuzz_put(notes[i], text, len);
	baked();
	fallback();
	reboot_and_prefetch();
	scratch();
	reload(text, len);
}

/* Of a cache that others may fill. What is understood is written the same way. */
void fuzz_pointer(const char *text, size_t len)
{
	OI_CLEANUP(oi_modset_clear) struct oi_modset set = { 0 };
	OI_CLEANUP(oi_modset_clear) struct oi_modset again = { 0 };
	OI_FREE char *written = NULL;
	struct oi_err err = { 0 };

	if (oi_modset_pointer_read(text, len, "key", &set, &err)) {
		fuzz_must(err.code == OI_R_MODULES_UNFIT, err.text);
		return;
	}
	fuzz_must(!strchr(set.file, '/') && set.bytes > 0, "a package elsewhere, or of nothing");
	written = oi_modset_pointer_text(&set);
	fuzz_must(!oi_modset_pointer_read(written, strlen(written), "key", &again, &err), err.text);
	fuzz_must(!strcmp(set.file, again.file) && set.bytes == again.bytes, "another pointer");
}

/* However it lies, no more is gone on with than is there. */
void fuzz_part(const char *text, size_t len)
{
	static const char there[] = "the first bytes of a download";
	struct oi_staged staged = { .fd = -1 };
	struct oi_err err = { 0 };
	int dir;

	put("/staging/file.part", there);
	fuzz_put("/staging/file.part.json", text, len);
	dir = oi_root_openat(&fuzz_host.change, "/staging", O_RDONLY | O_DIRECTORY, 0);
	fuzz_must(dir >= 0, "the staging folder");
	fuzz_must(!oi_staged_open(&staged, dir, "file", SHA256, &err), err.text);
	fuzz_must(staged.bytes >= 0 && staged.bytes <= (int64_t)strlen(there),
		  "bytes that are not there");
	oi_staged_clear(&staged);
	close(dir);
}
