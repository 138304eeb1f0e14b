/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/tools/mandb.h"

#include "base/attr.h"

#define SWITCH "/var/lib/man-db/auto-update" /* an empty file: on; none: off */
#define NOTE OI_STATE_DIR "/manuals-deferred" /* we have turned it off */

static bool somebody_does_it_later(const struct oi_root *root)
{
	static const char *const daily[] = { "/lib/systemd/system/man-db.timer",
					     "/usr/lib/systemd/system/man-db.timer",
					     "/etc/cron.daily/man-db" };

	for (size_t i = 0; i < OI_ARRAY_SIZE(daily); i++)
		if (oi_root_exists(root, daily[i]))
			return true;
	return false;
}

/* The note is there first and goes last: whoever is killed in between is healed by it. */
void oi_mandb_defer(const struct oi_host *host)
{
	const struct oi_root *root = &host->change;
	struct oi_err err;

	if (!oi_root_exists(root, SWITCH) || !somebody_does_it_later(root))
		return;
	if (oi_root_write(root, NOTE, 0644, "", 0, &err) || oi_root_remove(root, SWITCH, &err))
		oi_log_warn(&host->log, "packages: manual pages: %s", err.text);
	else
		oi_log_info(&host->log, "packages: the index of manual pages is renewed by man-db's daily job, not now");
}

bool oi_mandb_are_off(const struct oi_host *host)
{
	return oi_root_exists(&host->change, NOTE);
}

void oi_mandb_allow(const struct oi_host *host)
{
	const struct oi_root *root = &host->change;
	struct oi_err err;

	if (!oi_mandb_are_off(host))
		return;
	if (oi_root_write(root, SWITCH, 0644, "", 0, &err) || oi_root_remove(root, NOTE, &err))
		oi_log_warn(&host->log, "packages: manual pages: %s", err.text);
}
