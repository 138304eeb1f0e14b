/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A vendor's repository by address, and its place before the distribution's. */
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/packages/address.h"
#include "execute/state/own_file.h"
#include "execute/rpm/install.h"
#include "execute/rpm/call.h"
#include "execute/packages/packages.h"

#define KEY_FILE "/etc/pki/rpm-gpg/RPM-GPG-KEY-" OI_ADDRESS_ID
#define REPO_NAME OI_ADDRESS_ID ".repo"
#define FILE_BYTES (1u << 20)

int oi_rpm_stage_address(struct oi_packages *p, const struct oi_step *step,
			 struct oi_err *err)
{
	struct oi_rpm *rpm = oi_rpm_of(p);
	struct oi_rpm_repo *repo;
	OI_FREE char *address = NULL;

	oi_rpm_clear(rpm);
	if (oi_address_stage(p->ctx, step, OI_RPM_GPG_HOME, OI_RPM_KEYS, &rpm->accepted, &address, err))
		return -1;
	oi_rpm_take_keys(p);
	rpm->repos.v = oi_mem_grow(NULL, 1, sizeof(*rpm->repos.v));
	rpm->repos.n = 1;
	repo = &rpm->repos.v[0];
	memset(repo, 0, sizeof(*repo));
	repo->id = oi_mem_dup(OI_ADDRESS_ID);
	repo->name = oi_mem_dup("NVIDIA DOCA, added by ofed-init");
	repo->signed_for = true;
	oi_strv_add(&repo->baseurls, address);
	oi_strv_add(&rpm->files, REPO_NAME);
	return 0;
}

int oi_rpm_add_address(struct oi_packages *p, const struct oi_step *step, struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf keys = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	OI_FREE char *path = oi_mem_printf("%s/" REPO_NAME, oi_rpm_manager_of(p)->repos);

	(void)step;
	if (oi_root_read(&p->ctx->host->change, OI_RPM_KEYS, FILE_BYTES, &keys, err))
		return -1;
	oi_rpm_repo_write(&oi_rpm_of(p)->repos.v[0], true, KEY_FILE, p->ctx->config->source.ca_bundle, &text);
	return oi_own_file_write(p->ctx->host, KEY_FILE, oi_buf_str(&keys), err) ||
	       oi_own_file_write(p->ctx->host, path, oi_buf_str(&text), err) ? -1 : 0;
}

/*
 * For good, where our transaction has an exclude: what both have comes from the vendor's
 * repository, or the next upgrade would take the distribution's rdma-core (EL 9.8: 61 over
 * 2510). In the vendor's own file, so that none of the distribution's is edited, and
 * nothing else is touched by it. Source: dnf.conf(5), "priority"; zypper(8), "--priority"
 */
int oi_rpm_hold(struct oi_packages *p, const struct oi_step *step, struct oi_err *err)
{
	static const char *const drop[] = { "priority", NULL };
	const struct oi_root *root = &p->ctx->host->change;

	(void)step;
	for (size_t i = 0; i < oi_rpm_of(p)->files.n; i++) {
		OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
		OI_CLEANUP(oi_buf_clear) struct oi_buf more = { 0 };
		OI_FREE char *path = oi_mem_printf("%s/%s", oi_rpm_manager_of(p)->repos,
						   oi_rpm_of(p)->files.v[i]);
		int got = oi_root_read(root, path, FILE_BYTES, &text, err);

		if (got < 0)
			return -1;
		if (got) /* it names zypper's folder, and this is dnf */
			continue;
		oi_rpm_conf_copy(oi_buf_str(&text), drop, NULL, "priority=" OI_RPM_PRIORITY "\n", &more);
		if (oi_own_file_write(p->ctx->host, path, oi_buf_str(&more), err))
			return -1;
		oi_log_info(&p->ctx->host->log, "packages: %s goes before the distribution's", path);
	}
	return 0;
}
