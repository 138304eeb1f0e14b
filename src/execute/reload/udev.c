/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/reload/udev.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "execute/tools/child.h"

#define CONTROL "/run/udev/control" /* udevd's socket; containers have neither */
#define KNOWN_FOLDER "/etc/modprobe.d" /* kmod's package brings it */
#define UDEVADM_MS 20000

/*
 * By itself udevd looks for changed files only when an event comes, and not again
 * within three seconds. Told to reload, it does so if a folder has changed that it
 * has read, and one in /run that was not there then is none of these.
 * Source: systemd 252 to 257, src/udev: manager_reload(), udev_builtin_should_reload();
 *         kmod 30, kmod_validate_resources(); seen in a guest with Debian's 252
 */
static void touch(const struct oi_host *host)
{
	int fd = oi_root_openat(&host->change, KNOWN_FOLDER, O_RDONLY | O_DIRECTORY, 0);

	if (fd < 0 || futimens(fd, NULL))
		oi_log_warn(&host->log, "udev: it may not notice: " KNOWN_FOLDER ": %m");
	if (fd >= 0)
		close(fd);
}

static void reload(const struct oi_host *host)
{
	OI_CLEANUP(oi_child_clear) struct oi_child child = { .tool = OI_TOOL_UDEVADM,
							     .limit_ms = UDEVADM_MS };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	struct oi_err err;

	if (!oi_root_exists(&host->change, CONTROL))
		return;
	touch(host);
	oi_strv_add(&child.args, "control");
	oi_strv_add(&child.args, "--reload");
	if (oi_child_run(host, &child, &result, &err))
		oi_log_warn(&host->log, "udev: %s", err.text);
}

void oi_udev_hold(const struct oi_host *host, const struct oi_strv *modules)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	struct oi_err err;

	oi_buf_adds(&text, "# Written by ofed-init while it exchanges these modules.\n");
	for (size_t i = 0; i < modules->n; i++)
		oi_buf_addf(&text, "blacklist %s\n", modules->v[i]);
	if (oi_root_write(&host->change, OI_UDEV_HOLD, 0644, oi_buf_str(&text), text.len, &err))
		oi_log_warn(&host->log, "udev may load modules meanwhile: %s", err.text);
	else
		reload(host);
}

void oi_udev_let_go(const struct oi_host *host)
{
	struct oi_err err;

	if (!oi_root_exists(&host->change, OI_UDEV_HOLD))
		return;
	if (oi_root_remove(&host->change, OI_UDEV_HOLD, &err))
		oi_log_warn(&host->log, "modules stay away from udev until the next boot: %s",
			    err.text);
	else
		reload(host);
}
