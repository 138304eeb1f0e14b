/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/hold.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/tools/service.h"
#include "model/holder.h"
#include "model/reasons.h"
#include "sys/systemd.h"

#define HOLDER_BYTES 4096

int oi_hold_check(const struct oi_host *host, const struct oi_config *config, struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv found = { 0 }, waiters = { 0 };

	oi_systemd_waits_for(host, OI_HOLDER_TARGET, &config->hold_units, &found, &waiters);
	if (!found.n)
		return 0;
	return oi_err_set(err, OI_R_STANZA_VALUE,
			  "infiniband.hold_units: \"%s\" cannot wait: on this machine the set-up waits for %s, and that for it; name the service that needs the fabric",
			  found.v[0], waiters.v[0]);
}

static bool has_text(const struct oi_root *root, const char *path, const char *text)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf there = { 0 };
	struct oi_err ignored;

	return !oi_root_read(root, path, HOLDER_BYTES, &there, &ignored) &&
	       !strcmp(oi_buf_str(&there), text);
}

/* Return: 1: it waits already; 0: it will when systemd has read it; -1: an error */
static int hold(const struct oi_host *host, const char *unit, bool memlock, struct oi_err *err)
{
	OI_FREE char *lasting = oi_holder_path(OI_HOLDER_LASTING, unit);
	OI_FREE char *path = oi_holder_path(OI_HOLDER_THIS_BOOT, unit);
	OI_FREE char *text = oi_holder_text(unit, memlock);

	if (has_text(&host->change, lasting, text) || has_text(&host->change, path, text))
		return 1;
	return oi_root_write(&host->change, path, 0644, text, strlen(text), err);
}

int oi_hold_units(const struct oi_host *host, const struct oi_config *config, struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv before_us = { 0 }, waiters = { 0 }, held = { 0 };
	OI_FREE char *names = NULL;
	int ret = 0;

	if (!oi_systemd_is_here(host))
		return 0;
	oi_systemd_waits_for(host, OI_HOLDER_TARGET, &config->hold_units, &before_us, &waiters);
	for (size_t i = 0; i < config->hold_units.n; i++) {
		const char *unit = config->hold_units.v[i];
		int rc;

		if (oi_strv_has(&before_us, unit))
			continue;
		rc = hold(host, unit, config->tuning.memlock, err);
		if (rc < 0)
			ret = -1; /* the others wait all the same */
		else if (!rc)
			oi_strv_add(&held, unit);
	}
	if (!held.n)
		return ret;
	if (oi_service_reload(host, err))
		return -1;
	names = oi_strv_join(&held, ", ");
	oi_log_info(&host->log, "hold_units: from this boot on, after " OI_HOLDER_TARGET ": %s", names);
	return ret;
}
