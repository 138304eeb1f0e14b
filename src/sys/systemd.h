/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether systemd is there, and what it says of its units. */
#ifndef OI_SYS_SYSTEMD_H
#define OI_SYS_SYSTEMD_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/strv.h"
#include "sys/host.h"

/**
 * oi_systemd_is_here() - does systemd run on the changed root
 * Source: sd_booted(3)
 */
bool oi_systemd_is_here(const struct oi_host *host);

/** oi_systemd_answers() - is it this machine's, no tree's, and is there a systemctl to ask it by */
bool oi_systemd_answers(const struct oi_host *host);

/**
 * oi_systemd_show() - what systemctl show says, seconds at most
 * @properties: "Id,ActiveState"; it answers in its own order
 * @text: empty before; afterwards too when there is nobody to be asked, or it fails
 *
 * Lines "NAME=VALUE", and an empty line between units.
 */
void oi_systemd_show(const struct oi_host *host, const char *properties,
		     const struct oi_strv *units, struct oi_buf *text);

/* As oi_systemd_show() has it: @text is empty when there is no answer. */
typedef void oi_systemd_ask(void *data, const char *properties, const struct oi_strv *units,
			    struct oi_buf *text);

/**
 * oi_systemd_find_before() - which units have to start before @last can
 * @ask, @data: who is asked
 * @units: those that are looked for
 * @found: those of @units that @last waits for, directly or by way of others
 * @waiters: for each of them, the unit that names it in its After=
 *
 * A circle of such orders would make systemd drop some unit of it. Units go by all their names.
 */
void oi_systemd_find_before(oi_systemd_ask *ask, void *data, const char *last,
			    const struct oi_strv *units, struct oi_strv *found,
			    struct oi_strv *waiters);

/** oi_systemd_waits_for() - the same, of this machine's systemd; nothing where it does not run */
void oi_systemd_waits_for(const struct oi_host *host, const char *last, const struct oi_strv *units,
			  struct oi_strv *found, struct oi_strv *waiters);

#endif
