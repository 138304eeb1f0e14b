/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A vendor's repository by address, and what of the distribution's is kept beside it. */
#include "execute/apt/install.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/apt/pin.h"
#include "execute/packages/address.h"
#include "execute/state/own_file.h"
#include "execute/packages/packages.h"

#define LIST_NAME OI_ADDRESS_ID ".list"
#define LIST "/etc/apt/sources.list.d/" LIST_NAME
#define KEYRING "/etc/apt/keyrings/" OI_ADDRESS_ID ".asc"
#define GPG_HOME OI_APT_DIR "/gpg"
#define KEYS OI_APT_DIR "/keys.asc"
#define PIN "/etc/apt/preferences.d/" OI_APT_PIN_NAME
#define KEY_BYTES (1u << 20)

/* DOCA's repositories are flat. apt's own form of a local address has one slash. */
static char *entry_of(const char *key_path, const char *address)
{
	bool local = !strncmp(address, "file://", 7);

	return oi_mem_printf("deb [signed-by=%s] %s%s/ ./\n", key_path, local ? "file:" : "",
			     local ? address + 7 : address);
}

int oi_apt_stage_address(struct oi_packages *p, const struct oi_step *step,
			 struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv accepted = { 0 };
	struct oi_apt_staged *staged = &oi_apt_of(p)->staged;
	const struct oi_root *root = &p->ctx->host->change;
	OI_FREE char *address = NULL;
	OI_FREE char *key_path = oi_root_name(root, KEYS);
	OI_FREE char *entry = NULL;
	OI_FREE char *uri = NULL;

	oi_apt_staged_clear(staged);
	if (oi_address_stage(p->ctx, step, GPG_HOME, KEYS, &accepted, &address, err))
		return -1;
	entry = entry_of(key_path, address);
	uri = oi_mem_ndup(strstr(entry, "] ") + 2, strlen(strstr(entry, "] ") + 2) - strlen("/ ./\n"));
	oi_strv_add(&staged->names, LIST_NAME);
	oi_strv_add(&staged->texts, entry);
	oi_strv_add(&staged->uris, uri);
	oi_mem_set(&oi_apt_of(p)->address, address);
	return 0;
}

int oi_apt_add_address(struct oi_packages *p, const struct oi_step *step, struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf keys = { 0 };
	OI_FREE char *entry = NULL;

	(void)step;
	entry = entry_of(KEYRING, oi_apt_of(p)->address);
	if (oi_root_read(&p->ctx->host->change, KEYS, KEY_BYTES, &keys, err))
		return -1;
	return oi_own_file_write(p->ctx->host, KEYRING, oi_buf_str(&keys), err) ||
	       oi_own_file_write(p->ctx->host, LIST, entry, err) ? -1 : 0;
}

int oi_apt_hold(struct oi_packages *p, const struct oi_step *step, struct oi_err *err)
{
	OI_FREE char *text = step->hold.names.n && step->hold.archive ? oi_apt_pin_text(step) : NULL;

	return text ? oi_own_file_write(p->ctx->host, PIN, text, err) : 0;
}
