/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/rpm/call.h"

#include <poll.h>
#include <string.h>

#include "base/mem.h"
#include "execute/modules/dkms.h"
#include "execute/rpm/install.h"
#include "execute/packages/packages.h"
#include "model/reasons.h"

/* "Locked", and nobody is found that holds it: it will not get better by asking. */
#define LOCK_TRIES 5
#define LOCK_LOOK_MS 1000

/* rpm's own, where its database is today and where it was before */
#define RPM_LOCKS { "/var/lib/rpm/.rpm.lock", false }, { "/usr/lib/sysimage/rpm/.rpm.lock", false }

const struct oi_packages_lock oi_dnf_locks[] = { { "/var/lib/dnf/rpmdb_lock.pid", true }, { "/var/run/yum.pid", true }, RPM_LOCKS, { NULL, false } };
const struct oi_packages_lock oi_yum_locks[] = { { "/var/run/yum.pid", true }, { "/var/lib/dnf/rpmdb_lock.pid", true }, RPM_LOCKS, { NULL, false } };
/* The pid in it may be that of one that waits: it is written before the lock is had.
	 * Source: vmware/tdnf, common/lock.c; client/defines.h */
const struct oi_packages_lock oi_tdnf_locks[] = { { "/var/run/.tdnf-instance-lockfile", false }, RPM_LOCKS, { NULL, false } };
const struct oi_packages_lock oi_zypper_locks[] = { { "/run/zypp.pid", true }, RPM_LOCKS, { NULL, false } };

/*
 * install, and not downgrade: what was there before may be older or newer. yum 3 has no
 * such call, and no vendor's repository. Source: dnf(8), "Install Command", NEVRA
 */
#define DNF_ARGS                                                                                 \
	.folder = "reposdir", .settings = "keepcache=1\ninstall_weak_deps=0\n",                   \
	.exact = '-', .refresh = { "-y", "makecache" },                                       \
	.simulate = { "--assumeno", "install" },                                                  \
	.download = { "-y", "--downloadonly", "install" }, .install = { "-y", "install" },        \
	.provides = { "-q", "repoquery", "--provides" }, .listen = oi_rpm_words_dnf

static const struct oi_rpm_manager managers[] = {
	{
		.method = "dnf", .locks = oi_dnf_locks, .tools = { OI_TOOL_DNF, OI_TOOL_YUM }, .conf = "/etc/dnf/dnf.conf",
		.repos = "/etc/yum.repos.d", DNF_ARGS,
		.try_restore = { "--disableexcludes=all", "--allowerasing", "--assumeno", "install" },
		.restore = { "--disableexcludes=all", "--allowerasing", "-y", "install" },
	},
	{
		.method = "yum", .locks = oi_yum_locks, .tools = { OI_TOOL_YUM, OI_TOOL_DNF }, .conf = "/etc/yum.conf",
		.repos = "/etc/yum.repos.d", DNF_ARGS,
	},
	{
		/* Source: tdnf.conf(5) of vmware/tdnf: "repodir", not "reposdir" */
		.method = "tdnf", .locks = oi_tdnf_locks, .tools = { OI_TOOL_TDNF, OI_TOOL_TDNF },
		.conf = "/etc/tdnf/tdnf.conf", .repos = "/etc/yum.repos.d",
		.folder = "repodir", .settings = "keepcache=1\n", .exact = '-',
		.refresh = { "-y", "makecache" }, .simulate = { "--assumeno", "install" },
		.download = { "-y", "--downloadonly", "install" }, .install = { "-y", "install" },
		.provides = { "repoquery", "--provides" },
		.try_restore = { "--disableexcludes", "--allowerasing", "--assumeno", "install" },
		.restore = { "--disableexcludes", "--allowerasing", "-y", "install" },
		.listen = oi_rpm_words_dnf,
	},
	{
		.method = "zypper", .locks = oi_zypper_locks, .tools = { OI_TOOL_ZYPPER, OI_TOOL_ZYPPER },
		.repos = "/etc/zypp/repos.d", .index = "raw/%s/repodata/repomd.xml", .exact = '=',
		.refresh = { "refresh" },
		.simulate = { "install", "--dry-run", "--no-recommends",
			      "--auto-agree-with-licenses" },
		.download = { "install", "--download-only", "--no-recommends",
			      "--auto-agree-with-licenses" },
		.install = { "install", "--no-recommends", "--auto-agree-with-licenses" },
		.provides = { "info", "--provides" },
		.try_restore = { "install", "--dry-run", "--oldpackage", "--no-recommends",
				 "--auto-agree-with-licenses", "--force-resolution" },
		.restore = { "install", "--oldpackage", "--no-recommends",
			     "--auto-agree-with-licenses", "--force-resolution" },
		.listen = oi_rpm_words_zypper,
		/* Source: zypper(8), "EXIT CODES": locked; reboot and restart needed, a
		 * repository skipped (said at the refresh), a package's script failed (what it should have done is checked later) */
		.locked_status = 7, .fine = { 102, 103, 106, 107 },
	},
};

const struct oi_rpm_manager *oi_rpm_manager_find(const char *method)
{
	for (size_t i = 0; i < OI_ARRAY_SIZE(managers); i++)
		if (!strcmp(managers[i].method, method))
			return &managers[i];
	return &managers[0];
}

const struct oi_rpm_manager *oi_rpm_manager_of(const struct oi_packages *p)
{
	return oi_rpm_manager_find(p->ops->method);
}

static bool listen(void *data, const char *line)
{
	struct oi_rpm_call *call = data;

	call->words.waiting = false;
	if (call->child.tool == OI_TOOL_RPM)
		oi_rpm_words_dnf(&call->words, line);
	else
		call->manager->listen(&call->words, line);
	if (call->words.waiting)
		oi_packages_name_holder(call->locks, call->host, &call->holder);
	/* zypper's XML is for programs: its errors come up through us */
	return *line == '<' && strncmp(line, "<message", 8) != 0;
}

void oi_rpm_call_clear(struct oi_rpm_call *call)
{
	oi_child_clear(&call->child);
	oi_run_result_clear(&call->result);
	oi_rpm_words_clear(&call->words);
}

static void init_call(struct oi_rpm_call *call, const struct oi_host *host,
		  const struct oi_rpm_manager *m, bool rpm)
{
	oi_rpm_call_clear(call);
	memset(call, 0, sizeof(*call));
	call->manager = m;
	call->locks = m->locks;
	call->host = host;
	call->child.tool = rpm ? OI_TOOL_RPM :
		oi_child_has(host, m->tools[0]) ? m->tools[0] : m->tools[1];
	call->child.on_line = listen;
	call->child.data = call;
}

static void add_args(struct oi_rpm_call *call, const char *const *args,
		     const struct oi_strv *names)
{
	for (size_t i = 0; i < OI_RPM_ARGS && args[i]; i++)
		oi_strv_add(&call->child.args, args[i]);
	if (names)
		oi_strv_add_all(&call->child.args, names);
}

void oi_rpm_call_init(struct oi_rpm_call *call, const struct oi_packages *p,
		      const char *const *args, const struct oi_strv *names)
{
	const struct oi_rpm_manager *m = oi_rpm_manager_of(p);
	OI_FREE char *repos = oi_root_name(&p->ctx->host->change, OI_RPM_REPOS);
	OI_FREE char *cache = oi_root_name(&p->ctx->host->change, OI_RPM_CACHE);
	OI_FREE char *conf = oi_root_name(&p->ctx->host->change, OI_RPM_CONF);

	init_call(call, p->ctx->host, m, !args);
	oi_child_use_proxy(&call->child, p->ctx->config);
	if (!args)
		return;
	if (m->conf) {
		oi_strv_add(&call->child.args, "-c");
		oi_strv_add(&call->child.args, conf);
	} else {
		oi_strv_add(&call->child.args, "--non-interactive");
		oi_strv_add(&call->child.args, "--xmlout");
		oi_strv_add(&call->child.args, "--reposd-dir");
		oi_strv_add(&call->child.args, repos);
		oi_strv_add(&call->child.args, "--cache-dir");
		oi_strv_add(&call->child.args, cache);
	}
	add_args(call, args, names);
}

void oi_rpm_call_plain(struct oi_rpm_call *call, const struct oi_host *host,
		       const struct oi_rpm_manager *manager, const char *const *args,
		       const struct oi_strv *names)
{
	init_call(call, host, manager, false);
	if (!manager->conf) {
		oi_strv_add(&call->child.args, "--non-interactive");
		oi_strv_add(&call->child.args, "--xmlout");
	}
	add_args(call, args, names);
}

bool oi_rpm_call_ended(const struct oi_rpm_call *call)
{
	return call->result.end == OI_RUN_EXITED;
}

static bool is_fine(const struct oi_rpm_call *call)
{
	for (size_t i = 0; i < OI_ARRAY_SIZE(call->manager->fine); i++)
		if (call->manager->fine[i] && call->result.status == call->manager->fine[i])
			return call->child.tool != OI_TOOL_RPM;
	return false;
}

int oi_rpm_call_run(struct oi_rpm_call *call, struct oi_err *err)
{
	oi_run_result_clear(&call->result);
	oi_rpm_words_clear(&call->words);
	if (!oi_child_run(call->host, &call->child, &call->result, err))
		return 0;
	return oi_rpm_call_ended(call) && is_fine(call) ? 0 : -1;
}

char *oi_rpm_call_why(const struct oi_rpm_call *call, const struct oi_err *err)
{
	char *text = oi_rpm_words_text(&call->words);

	if (!*text)
		oi_mem_set(&text, err->text);
	return text;
}

int oi_rpm_call_locked(struct oi_rpm_call *call, struct oi_err *err)
{
	for (int tries = 0; tries < LOCK_TRIES; tries++) {
		if (oi_packages_wait(call->locks, call->host, &call->holder, err))
			return -1;
		if (!oi_rpm_call_run(call, err))
			return 0;
		if (!oi_rpm_call_ended(call) && call->words.waiting)
			break; /* our deadline came first */
		if (!call->manager->locked_status ||
		    call->result.status != call->manager->locked_status)
			return -1;
		poll(NULL, 0, LOCK_LOOK_MS);
	}
	return oi_packages_lock_failed(call->locks, call->host, err);
}

int oi_rpm_failed(const struct oi_packages *p, const struct oi_rpm_call *call,
		  struct oi_err *err)
{
	OI_FREE char *text = oi_rpm_call_why(call, err);

	if (err->code != OI_R_CHILD_FAILED || !oi_rpm_call_ended(call))
		return -1;
	if (call->words.scripts.n) {
		OI_FREE char *scripts = oi_strv_join(&call->words.scripts, "; ");
		OI_FREE char *rest = oi_mem_take(&text);

		text = oi_mem_printf("%s; %s", scripts, rest);
	}
	if (call->words.untrusted)
		return oi_err_set(err, OI_R_REPOSITORY_UNTRUSTED, "%s", text);
	if (call->words.no_space)
		return oi_err_set(err, OI_R_DISK_SPACE, "%s", text);
	if (call->words.dkms_failed && oi_dkms_blame(p->ctx->host, p->ctx->verdict, text, err))
		return -1;
	return oi_err_set(err, OI_R_PACKAGES_FAILED, "%s", text);
}
