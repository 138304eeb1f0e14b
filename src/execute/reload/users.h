/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who uses the loaded driver: asked before the vendor's service takes it out, which stops
 * half-way at the first module that it cannot unload.
 */
#ifndef OI_EXECUTE_RELOAD_USERS_H
#define OI_EXECUTE_RELOAD_USERS_H

#include "base/attr.h"
#include "base/err.h"
#include "base/strv.h"
#include "sys/host.h"

struct oi_users {
	struct oi_strv clients; /* modules to be unloaded first, what needs another before it */
	struct oi_strv services; /* that run, have to stop for it, and start again; in starting order */
	struct oi_buf blockers; /* who cannot be asked to go; empty: nobody */
};

/** oi_users_look() - of the running machine; nothing is changed */
void oi_users_look(const struct oi_host *host, struct oi_users *users);

/** oi_users_clear() - free; fine on a zeroed one, and for OI_CLEANUP */
void oi_users_clear(struct oi_users *users);

#endif
