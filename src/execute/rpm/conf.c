/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The private configuration: what the manager is to see of the machine's, and the vendor's beside it. */
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/rpm/install.h"
#include "execute/rpm/call.h"
#include "execute/packages/packages.h"

#define STAGED OI_RPM_REPOS "/ofed-init-staged.repo"
#define FILE_BYTES (1u << 20)

/*
 * What baseos has of rdma-core's own packages: beside the vendor's repository they are
 * left out, or the two fight (EL 9.8: rdma-core 61 against DOCA's libibverbs 2510).
 * Source: linux-rdma/rdma-core redhat/rdma-core.spec
 */
#define RDMA_FAMILY                                                                              \
	"rdma-core rdma-core-devel libibverbs libibverbs-utils librdmacm librdmacm-utils "        \
	"libibumad infiniband-diags infiniband-diags-compat ibacm iwpmd srp_daemon "              \
	"python3-pyverbs"

/* One that fails is no reason to do without the others: what was needed of it is missed by name. */
#define SKIP "skip_if_unavailable=1\n"

/* By a copy and not by --disableexcludes, which would lift our own exclude too. */
static int copy_repos(const struct oi_packages *p, struct oi_err *err)
{
	/* lifted for us only: the user's own files stay as they are */
	static const char *const drop[] = { "exclude", "excludepkgs", "includepkgs", "skip_if_unavailable", NULL };
	const struct oi_rpm_manager *m = oi_rpm_manager_of(p);
	const struct oi_root *root = &p->ctx->host->change;
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };

	if (oi_root_list(root, m->repos, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
		OI_CLEANUP(oi_buf_clear) struct oi_buf copy = { 0 };
		OI_FREE char *from = oi_mem_printf("%s/%s", m->repos, names.v[i]);
		OI_FREE char *to = oi_mem_printf(OI_RPM_REPOS "/%s", names.v[i]);
		const char *dot = strrchr(names.v[i], '.');

		/* The vendor's may be there already: the staged one goes before it. */
		if (!dot || strcmp(dot, ".repo") != 0 || oi_strv_has(&oi_rpm_of(p)->files, names.v[i]))
			continue;
		if (oi_root_read(root, from, FILE_BYTES, &text, err))
			return -1;
		oi_rpm_conf_copy(oi_buf_str(&text), drop, NULL,
				 !m->conf ? "" : oi_rpm_of(p)->repos.n ? SKIP "exclude=" RDMA_FAMILY "\n" : SKIP,
				 &copy);
		if (oi_root_write(root, to, 0600, oi_buf_str(&copy), copy.len, err))
			return -1; /* 0600: an address may hold a password */
	}
	return 0;
}

int oi_rpm_conf_staged(const struct oi_packages *p, bool checked, struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };

	for (size_t i = 0; i < oi_rpm_of(p)->repos.n; i++)
		oi_rpm_repo_write(&oi_rpm_of(p)->repos.v[i], checked, oi_rpm_of(p)->key_path,
				  p->ctx->config->source.ca_bundle, &text);
	if (!text.len)
		return 0;
	return oi_root_write(&p->ctx->host->change, STAGED, 0644, oi_buf_str(&text), text.len, err);
}

static int write_conf(const struct oi_packages *p, struct oi_err *err)
{
	static const char *const drop[] = {
		"exclude", "excludepkgs", "includepkgs", "reposdir", "repodir", "cachedir", "keepcache",
		"install_weak_deps", "assumeyes", "assumeno", NULL,
	};
	const struct oi_rpm_manager *m = oi_rpm_manager_of(p);
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf copy = { 0 };
	OI_FREE char *repos = oi_root_name(&p->ctx->host->change, OI_RPM_REPOS);
	OI_FREE char *cache = oi_root_name(&p->ctx->host->change, OI_RPM_CACHE);
	OI_FREE char *more = NULL;

	if (!m->conf)
		return 0;
	if (oi_root_read(&p->ctx->host->change, m->conf, FILE_BYTES, &text, err) < 0)
		return -1;
	more = oi_mem_printf("%s=%s\ncachedir=%s\n%s", m->folder, repos, cache, m->settings);
	oi_rpm_conf_copy(oi_buf_str(&text), drop, "main", more, &copy);
	return oi_root_write(&p->ctx->host->change, OI_RPM_CONF, 0600, oi_buf_str(&copy), copy.len, err);
}

/* The copy of one file without the sections that are named, by id or by name. */
static void leave_out(const char *text, const struct oi_strv *repositories, struct oi_buf *out)
{
	static const char key[] = "name=";

	while (*text) {
		const char *next = strstr(text + 1, "\n[");
		size_t len = next ? (size_t)(next + 1 - text) : strlen(text);
		OI_FREE char *section = oi_mem_ndup(text, len);
		OI_FREE char *id = *section == '[' ? oi_mem_ndup(section + 1, strcspn(section + 1, "]")) : NULL;
		const char *name = strstr(section, "\nname=");
		OI_FREE char *title = name ? oi_mem_ndup(name + 1 + strlen(key),
							 strcspn(name + 1 + strlen(key), "\n")) : NULL;

		if ((!id || !oi_strv_has(repositories, id)) &&
		    (!title || !oi_strv_has(repositories, title)))
			oi_buf_adds(out, section);
		text += len;
	}
}

int oi_rpm_conf_leave_out(const struct oi_packages *p, const struct oi_strv *repositories,
			  struct oi_err *err)
{
	const struct oi_root *root = &p->ctx->host->change;
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };

	if (oi_root_list(root, OI_RPM_REPOS, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
		OI_CLEANUP(oi_buf_clear) struct oi_buf copy = { 0 };
		OI_FREE char *path = oi_mem_printf(OI_RPM_REPOS "/%s", names.v[i]);

		if (!strcmp(path, STAGED))
			continue;
		if (oi_root_read(root, path, FILE_BYTES, &text, err))
			return -1;
		leave_out(oi_buf_str(&text), repositories, &copy);
		if (oi_root_write(root, path, 0600, oi_buf_str(&copy), copy.len, err))
			return -1;
	}
	return 0;
}

int oi_rpm_conf_write(const struct oi_packages *p, struct oi_err *err)
{
	const struct oi_root *root = &p->ctx->host->change;

	if (oi_root_remove(root, OI_RPM_REPOS, err) ||
	    oi_root_mkdirs(root, OI_RPM_REPOS, 0755, err) ||
	    oi_root_mkdirs(root, OI_RPM_CACHE, 0755, err) || copy_repos(p, err))
		return -1;
	return oi_rpm_conf_staged(p, false, err) || write_conf(p, err) ? -1 : 0;
}
