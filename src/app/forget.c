/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/forget.h"

#include <string.h>

#include "app/prefetch.h"
#include "base/mem.h"
#include "execute/cache/publisher.h"
#include "execute/cache/refused.h"
#include "execute/state/record.h"
#include "facts/stanza.h"
#include "report/report.h"
#include "report/sinks.h"
#include "sys/lock.h"

#define STANZA_BYTES (8u << 20)
#define JOURNAL "/var/log/journal"

/* All but the locks: a process with a new lock file would not see who holds the old one. */
static int forget_boot(const struct oi_root *root, struct oi_err *err)
{
	static const char *const locks[] = { OI_LOCK_PATH, OI_PREFETCH_LOCK };
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };

	if (oi_root_list(root, OI_RUN_DIR, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		OI_FREE char *path = oi_mem_printf(OI_RUN_DIR "/%s", names.v[i]);
		bool lock = false;

		for (size_t l = 0; l < OI_ARRAY_SIZE(locks); l++)
			lock |= !strcmp(path, locks[l]);
		if (!lock && oi_root_remove(root, path, err))
			return -1;
	}
	return 0;
}

/* Does somebody who has the image learn a secret from it? */
static bool has_secret(const struct oi_root *root, const char *path)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	struct oi_err err;

	if (oi_root_read(root, path, STANZA_BYTES, &text, &err))
		return false;
	oi_strv_split(&lines, oi_buf_str(&text), "\r\n");
	for (size_t i = 0; i < lines.n; i++) {
		OI_FREE char *safe = oi_redact(lines.v[i]);

		if (strcmp(safe, lines.v[i]) != 0)
			return true;
	}
	return false;
}

/* The user's own, which an image may be meant to have: we wrote none of them. */
static void add_stanzas(const struct oi_root *root, struct oi_strv *left)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	struct oi_err err;

	if (oi_root_list(root, OI_CONF_FOLDER, &names, &err))
		return;
	for (size_t i = 0; i < names.n; i++) {
		OI_FREE char *path = oi_mem_printf(OI_CONF_FOLDER "/%s", names.v[i]);

		if (strcmp(names.v[i], "README") != 0)
			oi_strv_addf(left, "%s: your configuration%s", path,
				     has_secret(root, path) ? ", with secrets: remove it unless each VM of the image is to have them" : "");
	}
}

static void add_left(const struct oi_root *root, struct oi_strv *left)
{
	add_stanzas(root, left);
	if (oi_root_exists(root, OI_RECORD_PATH))
		oi_strv_add(left, OI_RECORD_PATH ": the installed driver, for ofed-init uninstall");
	if (oi_root_exists(root, OI_PREFETCHED_MARKER))
		oi_strv_add(left, OI_STAGING_DIR ": what bake --prefetch-only has fetched");
	if (oi_root_exists(root, JOURNAL))
		oi_strv_add(left, JOURNAL ": the system's journal, with this VM's lines: journalctl --rotate --vacuum-time=1s");
}

int oi_forget_vm(const struct oi_machine *machine, struct oi_strv *left, struct oi_err *err)
{
	static const char *const per_vm[] = {
		OI_STATE_DIR "/result.json", OI_STATE_DIR "/agent.status",
		OI_STATE_DIR "/network-lost.json", OI_STATE_DIR "/network-watch.json",
		OI_STATE_DIR "/reboot.json", OI_PUBLISH_NOTE, OI_PUBLISH_LOG, OI_REFUSED_NOTE,
		OI_STATE_DIR "/instances", OI_STATE_DIR "/apt", OI_STATE_DIR "/rpm", OI_STATE_DIR "/compile",
		OI_STATUS_LOG, OI_STATUS_LOG ".1", OI_AGENT_LOG_DIR,
	};
	const struct oi_root *root = &machine->host.change;

	for (size_t i = 0; i < OI_ARRAY_SIZE(per_vm); i++)
		if (oi_root_remove(root, per_vm[i], err))
			return -1;
	if (oi_sinks_forget(root, machine->config.report.prometheus, err) || forget_boot(root, err))
		return -1;
	if (!oi_root_exists(root, OI_PREFETCHED_MARKER) && oi_root_remove(root, OI_STAGING_DIR, err))
		return -1;
	if (left)
		add_left(root, left);
	return 0;
}
