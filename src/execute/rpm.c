/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/rpm.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/child.h"
#include "execute/dkms.h"
#include "execute/packages.h"
#include "execute/record.h"
#include "execute/rpm_text.h"
#include "execute/steps.h"
#include "model/reasons.h"
#include "sys/clock.h"
#include "sys/lock.h"

#define REPOS OI_RPM_DIR "/repos.d"
#define CACHE OI_RPM_DIR "/cache"
#define CONF OI_RPM_DIR "/main.conf"
#define STAGED "ofed-init-staged.repo"
#define TREE OI_STAGING_DIR "/repository"

#define FILE_BYTES (1u << 20)
/* A lock cannot be waited for without taking it: look once a second, as dnf does. */
#define LOCK_LOOK_MS 1000
#define LOCK_TRIES 5

/*
 * What baseos has of rdma-core's own packages: beside the vendor's repository they are
 * left out, or the two fight (EL 9.8: rdma-core 61 against DOCA's libibverbs 2510).
 * Source: linux-rdma/rdma-core redhat/rdma-core.spec
 */
#define RDMA_FAMILY                                                                              \
	"rdma-core rdma-core-devel libibverbs libibverbs-utils librdmacm librdmacm-utils "        \
	"libibumad infiniband-diags infiniband-diags-compat ibacm iwpmd srp_daemon "              \
	"python3-pyverbs"

/* --- what differs --- */

#define MAX_ARGS 8
#define MAX_LOCKS 3

struct manager {
	const char *method;
	enum oi_tool tools[2]; /* the first that is there */
	const char *conf; /* the system's; NULL: it needs no copy */
	const char *repos; /* the system's repository files */
	const char *folder; /* the setting that names the folder of repository files */
	const char *settings; /* more of our copy */
	/* arguments behind those of every call; NULL ends them */
	const char *refresh[MAX_ARGS];
	const char *simulate[MAX_ARGS];
	const char *install[MAX_ARGS];
	void (*listen)(struct oi_rpm_words *words, const char *line);
	const char *locks[MAX_LOCKS]; /* files that hold the pid of who is at work */
	int locked_status; /* exit status for "somebody else is at work"; 0: it waits by itself */
	int fine[4]; /* exit statuses beside 0 that mean success */
};

#define DNF_ARGS                                                                                 \
	.folder = "reposdir", .settings = "keepcache=1\ninstall_weak_deps=0\n",                   \
	.refresh = { "-y", "makecache" }, .simulate = { "--assumeno", "install" },                \
	.install = { "-y", "install" }, .listen = oi_rpm_words_dnf

static const struct manager managers[] = {
	{
		.method = "dnf", .tools = { OI_TOOL_DNF, OI_TOOL_YUM }, .conf = "/etc/dnf/dnf.conf",
		.repos = "/etc/yum.repos.d", DNF_ARGS,
		.locks = { "/var/lib/dnf/rpmdb_lock.pid", "/var/run/yum.pid" },
	},
	{
		.method = "yum", .tools = { OI_TOOL_YUM, OI_TOOL_DNF }, .conf = "/etc/yum.conf",
		.repos = "/etc/yum.repos.d", DNF_ARGS,
		.locks = { "/var/run/yum.pid", "/var/lib/dnf/rpmdb_lock.pid" },
	},
	{
		/* Source: tdnf.conf(5) of vmware/tdnf: "repodir", not "reposdir" */
		.method = "tdnf", .tools = { OI_TOOL_TDNF, OI_TOOL_TDNF },
		.conf = "/etc/tdnf/tdnf.conf", .repos = "/etc/yum.repos.d",
		.folder = "repodir", .settings = "keepcache=1\n",
		.refresh = { "-y", "makecache" }, .simulate = { "--assumeno", "install" },
		.install = { "-y", "install" }, .listen = oi_rpm_words_dnf,
		.locks = { "/var/run/.tdnf-instance-lockfile" },
	},
	{
		.method = "zypper", .tools = { OI_TOOL_ZYPPER, OI_TOOL_ZYPPER },
		.repos = "/etc/zypp/repos.d", .refresh = { "refresh" },
		.simulate = { "install", "--dry-run", "--no-recommends",
			      "--auto-agree-with-licenses" },
		.install = { "install", "--no-recommends", "--auto-agree-with-licenses" },
		.listen = oi_rpm_words_zypper,
		.locks = { "/run/zypp.pid" },
		/* Source: zypper(8), "EXIT CODES": locked; reboot and restart needed, a
		 * package's script failed (what it should have done is checked later) */
		.locked_status = 7, .fine = { 102, 103, 107 },
	},
};

static const struct manager *manager_of(const struct oi_execution *run)
{
	struct oi_err err;
	const struct oi_packages_ops *ops = oi_packages_of(run->verdict, &err);

	for (size_t i = 0; ops && i < OI_ARRAY_SIZE(managers); i++)
		if (!strcmp(managers[i].method, ops->method))
			return &managers[i];
	return &managers[0];
}

/* --- one call --- */

struct call {
	const struct manager *manager;
	const struct oi_host *host;
	struct oi_child child;
	struct oi_run_result result;
	struct oi_rpm_words words;
	pid_t holder; /* named already */
};

static void name_holder(struct call *call);

static bool listen(void *data, const char *line)
{
	struct call *call = data;

	call->words.waiting = false;
	if (call->child.tool == OI_TOOL_RPM)
		oi_rpm_words_dnf(&call->words, line);
	else
		call->manager->listen(&call->words, line);
	if (call->words.waiting)
		name_holder(call);
	/* zypper's XML is for programs: its errors come up through us */
	return *line == '<' && strncmp(line, "<message", 8) != 0;
}

static void call_clear(struct call *call)
{
	oi_child_clear(&call->child);
	oi_run_result_clear(&call->result);
	oi_rpm_words_clear(&call->words);
}

#define CALL_AUTO OI_CLEANUP(call_clear) struct call

static char *under(const struct oi_host *host, const char *path)
{
	return oi_mem_printf("%s%s", oi_root_is_real(&host->change) ? "" : host->change.path, path);
}

static void add_args(struct call *call, const char *const *args)
{
	for (size_t i = 0; i < MAX_ARGS && args[i]; i++)
		oi_strv_add(&call->child.args, args[i]);
}

static void add_global(struct call *call)
{
	struct oi_strv *args = &call->child.args;
	OI_FREE char *repos = under(call->host, REPOS);
	OI_FREE char *cache = under(call->host, CACHE);
	OI_FREE char *conf = under(call->host, CONF);

	if (call->manager->conf) {
		oi_strv_add(args, "-c");
		oi_strv_add(args, conf);
		return;
	}
	oi_strv_add(args, "--non-interactive");
	oi_strv_add(args, "--xmlout");
	oi_strv_add(args, "--reposd-dir");
	oi_strv_add(args, repos);
	oi_strv_add(args, "--cache-dir");
	oi_strv_add(args, cache);
}

static void call_init(struct call *call, const struct oi_execution *run, const char *const *args,
		      const struct oi_strv *names)
{
	const struct manager *m = manager_of(run);

	call_clear(call);
	memset(call, 0, sizeof(*call));
	call->manager = m;
	call->host = run->host;
	call->child.tool = args ? oi_child_has(run->host, m->tools[0]) ? m->tools[0] : m->tools[1] :
				  OI_TOOL_RPM;
	call->child.on_line = listen;
	call->child.data = call;
	oi_child_use_proxy(&call->child, run->config);
	if (!args)
		return;
	add_global(call);
	add_args(call, args);
	if (names)
		oi_strv_add_all(&call->child.args, names);
}

/* Did it end by itself? Else there is an error that is not about packages. */
static bool ended(const struct call *call)
{
	return call->result.end == OI_RUN_EXITED;
}

static bool is_fine(const struct call *call)
{
	for (size_t i = 0; i < OI_ARRAY_SIZE(call->manager->fine); i++)
		if (call->manager->fine[i] && call->result.status == call->manager->fine[i])
			return true;
	return false;
}

static int call_run(struct call *call, struct oi_err *err)
{
	oi_run_result_clear(&call->result);
	oi_rpm_words_clear(&call->words);
	if (!oi_child_run(call->host, &call->child, &call->result, err))
		return 0;
	return ended(call) && is_fine(call) ? 0 : -1;
}

/* Why, in the manager's words, else in ours; owned by the caller. */
static char *why(const struct call *call, const struct oi_err *err)
{
	char *text = oi_rpm_words_text(&call->words);

	if (!*text)
		oi_mem_set(&text, err->text);
	return text;
}

void oi_rpm_clear(struct oi_rpm *rpm)
{
	oi_rpm_repos_clear(&rpm->repos);
	oi_strv_clear(&rpm->files);
	free(rpm->package);
	free(rpm->key_path);
	oi_strv_clear(&rpm->accepted);
	oi_strv_clear(&rpm->key_ids);
	oi_strv_clear(&rpm->names);
	oi_strv_clear(&rpm->fresh);
	memset(rpm, 0, sizeof(*rpm));
}

/* --- the private state --- */

static void forget(const struct oi_host *host, const char *path)
{
	struct oi_err err;

	if (oi_root_remove(&host->change, path, &err))
		oi_log_warn(&host->log, "packages: could not clean up: %s", err.text);
}

void oi_rpm_shrink(const struct oi_host *host)
{
	static const char *const gone[] = { REPOS, CONF, TREE, OI_RPM_GPG_HOME };

	for (size_t i = 0; i < OI_ARRAY_SIZE(gone); i++)
		forget(host, gone[i]);
}

static int copy_repos(const struct oi_execution *run, struct oi_err *err)
{
	/* lifted for us only: the user's own files stay as they are */
	static const char *const drop[] = { "exclude", "excludepkgs", NULL };
	const struct manager *m = manager_of(run);
	const struct oi_root *root = &run->host->change;
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };

	if (oi_root_list(root, m->repos, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
		OI_CLEANUP(oi_buf_clear) struct oi_buf copy = { 0 };
		OI_FREE char *from = oi_mem_printf("%s/%s", m->repos, names.v[i]);
		OI_FREE char *to = oi_mem_printf(REPOS "/%s", names.v[i]);
		const char *dot = strrchr(names.v[i], '.');

		/* The vendor's may be there already: the staged one goes before it. */
		if (!dot || strcmp(dot, ".repo") != 0 || oi_strv_has(&run->rpm.files, names.v[i]))
			continue;
		if (oi_root_read(root, from, FILE_BYTES, &text, err))
			return -1;
		oi_rpm_conf_copy(oi_buf_str(&text), drop, NULL,
				 run->rpm.repos.n && m->conf ? "exclude=" RDMA_FAMILY "\n" : "", &copy);
		if (oi_root_write(root, to, 0600, oi_buf_str(&copy), copy.len, err))
			return -1; /* 0600: an address may hold a password */
	}
	return 0;
}

static int write_staged(const struct oi_execution *run, struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };

	for (size_t i = 0; i < run->rpm.repos.n; i++)
		oi_rpm_repo_write(&run->rpm.repos.v[i], run->rpm.key_path,
				  run->config->source.ca_bundle, &text);
	if (!text.len)
		return 0;
	return oi_root_write(&run->host->change, REPOS "/" STAGED, 0644, oi_buf_str(&text), text.len,
			     err);
}

static int write_conf(const struct oi_execution *run, struct oi_err *err)
{
	static const char *const drop[] = {
		"exclude", "excludepkgs", "reposdir", "repodir", "cachedir", "keepcache",
		"install_weak_deps", "assumeyes", "assumeno", NULL,
	};
	const struct manager *m = manager_of(run);
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf copy = { 0 };
	OI_FREE char *repos = under(run->host, REPOS);
	OI_FREE char *cache = under(run->host, CACHE);
	OI_FREE char *more = NULL;

	if (!m->conf)
		return 0;
	if (oi_root_read(&run->host->change, m->conf, FILE_BYTES, &text, err) < 0)
		return -1;
	more = oi_mem_printf("%s=%s\ncachedir=%s\n%s", m->folder, repos, cache, m->settings);
	oi_rpm_conf_copy(oi_buf_str(&text), drop, "main", more, &copy);
	return oi_root_write(&run->host->change, CONF, 0600, oi_buf_str(&copy), copy.len, err);
}

/* --- the lock --- */

/* Return: whether somebody is at work; @command owned by the caller. */
static bool is_locked(const struct call *call, const char **path, pid_t *pid, char **command)
{
	static const char *const rpm_locks[] = {
		"/var/lib/rpm/.rpm.lock", "/usr/lib/sysimage/rpm/.rpm.lock",
	};
	const struct oi_root *root = &call->host->change;
	struct oi_err err;

	for (size_t i = 0; i < MAX_LOCKS && call->manager->locks[i]; i++) {
		OI_FREE char *line = NULL;

		*path = call->manager->locks[i];
		if (oi_root_read_line(root, *path, &line, &err))
			continue;
		*pid = (pid_t)strtol(line, NULL, 10);
		/* The file of one that has crashed stays; they all look whether it lives. */
		if (*pid > 0 && !kill(*pid, 0) && !oi_lock_is_ours(*pid)) {
			*command = oi_lock_command(*pid);
			return true;
		}
	}
	for (size_t i = 0; i < OI_ARRAY_SIZE(rpm_locks); i++) {
		*path = rpm_locks[i];
		if (!oi_lock_holder(root, *path, pid, command, &err))
			return true;
	}
	return false;
}

static void name_holder(struct call *call)
{
	OI_FREE char *command = NULL;
	const char *path;
	pid_t pid;

	if (!is_locked(call, &path, &pid, &command) || pid == call->holder || oi_lock_is_ours(pid))
		return;
	call->holder = pid;
	oi_log_warn(&call->host->log, "packages: waiting for the lock %s, held by process %ld (%s)",
		    path, (long)pid, command ? command : "unknown");
}

static int lock_failed(const struct call *call, struct oi_err *err)
{
	OI_FREE char *command = NULL;
	const char *path;
	pid_t pid;

	if (!is_locked(call, &path, &pid, &command))
		return oi_err_set(err, OI_R_PACKAGES_LOCK, "the package lock could not be had");
	return oi_err_set(err, OI_R_PACKAGES_LOCK, "%s is held by process %ld (%s)", path, (long)pid,
			  command ? command : "unknown");
}

static int wait_lock(struct call *call, struct oi_err *err)
{
	OI_FREE char *command = NULL;
	const char *path;
	pid_t pid;

	while (is_locked(call, &path, &pid, &command)) {
		free(oi_mem_take(&command));
		if (!oi_clock_left_ms(call->host->deadline_ms))
			return lock_failed(call, err);
		name_holder(call);
		poll(NULL, 0, LOCK_LOOK_MS);
	}
	return 0;
}

/* Runs a call that takes the lock, until it got it or the time is over. */
static int run_locked(struct call *call, struct oi_err *err)
{
	for (int tries = 0; tries < LOCK_TRIES; tries++) {
		if (wait_lock(call, err))
			return -1;
		if (!call_run(call, err))
			return 0;
		if (!ended(call) && call->words.waiting)
			return lock_failed(call, err); /* our deadline came first */
		if (!call->manager->locked_status ||
		    call->result.status != call->manager->locked_status)
			return -1;
		poll(NULL, 0, LOCK_LOOK_MS);
	}
	return lock_failed(call, err);
}

/* --- refresh --- */

/* zypper takes no key from a file it is told of unless it may take any: so it is given ours. */
static int import_keys(const struct oi_execution *run, struct oi_err *err)
{
	CALL_AUTO call = { 0 };

	if (manager_of(run)->conf || !run->rpm.key_path)
		return 0;
	call_init(&call, run, NULL, NULL);
	oi_strv_add(&call.child.args, "--import");
	oi_strv_add(&call.child.args, run->rpm.key_path);
	return run_locked(&call, err);
}

/* Before a key gets among the trusted ones: uninstall takes away what was not there. */
static int record_keys(const struct oi_execution *run, struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv fresh = { 0 };

	for (size_t i = 0; i < run->rpm.key_ids.n; i++) {
		CALL_AUTO call = { 0 };

		call_init(&call, run, NULL, NULL);
		oi_strv_add(&call.child.args, "-q");
		oi_strv_add(&call.child.args, run->rpm.key_ids.v[i]);
		if (!call_run(&call, err))
			continue;
		if (!ended(&call))
			return -1;
		oi_strv_addf(&fresh, "%s key", run->rpm.key_ids.v[i]);
	}
	return fresh.n ? oi_record_note_packages(&run->host->change, &fresh, err) : 0;
}

int oi_rpm_refresh(struct oi_execution *run, struct oi_err *err)
{
	const struct oi_root *root = &run->host->change;
	CALL_AUTO call = { 0 };
	OI_FREE char *text = NULL;

	if (oi_root_remove(root, REPOS, err) || oi_root_mkdirs(root, REPOS, 0755, err) ||
	    oi_root_mkdirs(root, CACHE, 0755, err) || copy_repos(run, err) ||
	    write_staged(run, err) || write_conf(run, err) || record_keys(run, err) ||
	    import_keys(run, err))
		return -1;
	call_init(&call, run, manager_of(run)->refresh, NULL);
	call.child.level = OI_LOG_INFO;
	if (!run_locked(&call, err))
		return 0;
	if (!ended(&call) || err->code != OI_R_CHILD_FAILED)
		return -1;
	text = why(&call, err);
	return oi_err_set(err, call.words.untrusted && run->rpm.repos.n ?
			  OI_R_REPOSITORY_UNTRUSTED : OI_R_PACKAGES_LISTS, "%s", text);
}

/* --- simulation --- */

static bool is_compiler(const char *name)
{
	return !strcmp(name, "gcc") || !strcmp(name, "make");
}

/* Return: 0 it fits, 1 it does not, -1 the question could not be put. */
static int try_names(const struct oi_execution *run, struct call *call,
		     const struct oi_strv *names, struct oi_err *err)
{
	int ret;

	call_init(call, run, manager_of(run)->simulate, names);
	ret = run_locked(call, err);
	if (ret && (!ended(call) || err->code == OI_R_PACKAGES_LOCK))
		return -1;
	if (call->words.missing.n || (ret && !call->words.aborted && !call->words.nothing))
		return 1;
	if (!oi_rpm_words_whole(&call->words)) {
		oi_err_set(err, OI_R_PACKAGES_FAILED,
			   "the list of changes was not understood, so nothing was changed");
		return -1;
	}
	return 0;
}

/* Headers that somebody put in place without a package do as well. */
static bool has_headers(const struct oi_execution *run)
{
	OI_FREE char *makefile = oi_mem_printf("/lib/modules/%s/build/Makefile",
					       run->verdict->driver.kernel);

	return oi_root_exists(&run->host->change, makefile);
}

static void drop(struct oi_strv *names, const char *name)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv all = *names;

	memset(names, 0, sizeof(*names));
	for (size_t i = 0; i < all.n; i++)
		if (strcmp(all.v[i], name) != 0)
			oi_strv_add(names, all.v[i]);
}

/* What no repository has: left out when it may be, else the reason. */
static int do_without(const struct oi_execution *run, const struct oi_strv *missing,
		      struct oi_strv *must, struct oi_strv *may, struct oi_err *err)
{
	for (size_t i = 0; i < missing->n; i++) {
		const char *name = missing->v[i];
		bool headers = oi_rpm_is_headers(name);

		if (oi_strv_has(may, name) || (headers && has_headers(run))) {
			oi_log_info(&run->host->log, "packages: without %s, which no repository has",
				    name);
			drop(may, name);
			drop(must, name);
			continue;
		}
		return oi_err_set(err, headers ? OI_R_HEADERS_MISSING :
				  is_compiler(name) ? OI_R_COMPILER_MISSING :
						      OI_R_PACKAGES_UNAVAILABLE,
				  "%s is neither installed nor in a repository", name);
	}
	return 0;
}

static int unavailable(const struct call *call, struct oi_err *err)
{
	OI_FREE char *text = why(call, err);
	bool dkms = strstr(text, "nothing provides dkms");

	return oi_err_set(err, dkms ? OI_R_REPOSITORY_NEEDED : OI_R_PACKAGES_UNAVAILABLE, "%s%s",
			  text, dkms ? "; dkms is in EPEL" : "");
}

/* @must and @may are left with what fits; @call is of the answer. */
static int choose(struct oi_execution *run, struct oi_strv *must, struct oi_strv *may,
		  struct call *call, struct oi_err *err)
{
	for (;;) {
		OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
		int ret;

		oi_strv_add_all(&names, must);
		oi_strv_add_all(&names, may);
		ret = try_names(run, call, &names, err);
		if (ret <= 0)
			return ret;
		if (call->words.missing.n) {
			if (do_without(run, &call->words.missing, must, may, err))
				return -1;
		} else if (may->n) {
			OI_FREE char *text = why(call, err);

			oi_log_warn(&run->host->log, "packages: without the optional ones: %s", text);
			oi_strv_clear(may);
		} else {
			return unavailable(call, err);
		}
	}
}

static int judge(struct oi_execution *run, const struct oi_rpm_words *words, struct oi_err *err)
{
	const char *release = run->verdict->driver.kernel ? run->verdict->driver.kernel : "";
	const struct oi_log *log = &run->host->log;
	const struct oi_rpm_change *change = oi_rpm_changes_kernel(words, release);
	OI_FREE char *summary = oi_rpm_changes_text(words);

	oi_log_info(log, "packages: would change: %s", summary);
	for (size_t i = 0; i < words->n_changes; i++)
		if (words->changes[i].effect == OI_RPM_REMOVED)
			oi_log_warn(log, "packages: would remove %s %s", words->changes[i].name,
				    words->changes[i].version);
	if (change)
		return oi_err_set(err, OI_R_KERNEL_CHANGE, "%s %s would %s", change->name,
				  change->version,
				  change->effect == OI_RPM_REMOVED ? "go" : "come");
	change = oi_rpm_changes_headers(words, release);
	if (change && !has_headers(run))
		return oi_err_set(err, OI_R_HEADERS_MISSING,
				  "%s %s is not of the running kernel, %s", change->name,
				  change->version, release);
	return 0;
}

int oi_rpm_simulate(struct oi_execution *run, const struct oi_step *step, struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv must = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv may = { 0 };
	struct oi_rpm *rpm = &run->rpm;
	CALL_AUTO call = { 0 };

	oi_strv_add_all(&must, &step->names);
	oi_strv_add_all(&may, &step->optional);
	if (choose(run, &must, &may, &call, err) || judge(run, &call.words, err))
		return -1;
	oi_strv_clear(&rpm->names);
	oi_strv_add_all(&rpm->names, &must);
	oi_strv_add_all(&rpm->names, &may);
	for (size_t i = 0; i < call.words.n_changes; i++)
		if (call.words.changes[i].effect == OI_RPM_NEW)
			oi_strv_addf(&rpm->fresh, "%s %s", call.words.changes[i].name,
				     call.words.changes[i].version);
	rpm->simulated = true;
	return 0;
}

/* --- for real --- */

static int failed(const struct oi_execution *run, const struct call *call, struct oi_err *err)
{
	OI_FREE char *text = why(call, err);

	if (err->code != OI_R_CHILD_FAILED || !ended(call))
		return -1;
	if (call->words.untrusted)
		return oi_err_set(err, OI_R_REPOSITORY_UNTRUSTED, "%s", text);
	if (call->words.no_space)
		return oi_err_set(err, OI_R_DISK_SPACE, "%s", text);
	if (call->words.dkms_failed && oi_dkms_blame(run->host, run->verdict, text, err))
		return -1;
	return oi_err_set(err, OI_R_PACKAGES_FAILED, "%s", text);
}

int oi_rpm_add(struct oi_execution *run, const struct oi_step *step, struct oi_err *err)
{
	OI_FREE char *staged = oi_mem_printf(OI_STAGING_DIR "/%s", step->path);
	OI_FREE char *path = under(run->host, staged);
	CALL_AUTO call = { 0 };

	if (run->rpm.package &&
	    oi_record_note_repository(&run->host->change, run->rpm.package, err))
		return -1;
	call_init(&call, run, NULL, NULL);
	call.child.level = OI_LOG_INFO;
	oi_strv_add(&call.child.args, "--upgrade");
	oi_strv_add(&call.child.args, "--replacepkgs"); /* the same once more */
	oi_strv_add(&call.child.args, "--oldpackage"); /* the stanza may ask for one */
	oi_strv_add(&call.child.args, path);
	return run_locked(&call, err) ? failed(run, &call, err) : 0;
}

int oi_rpm_install(struct oi_execution *run, const struct oi_step *step, struct oi_err *err)
{
	CALL_AUTO call = { 0 };

	/* Nothing is installed that has not been looked at. */
	if (!run->rpm.simulated && oi_rpm_simulate(run, step, err))
		return -1;
	if (oi_record_note_packages(&run->host->change, &run->rpm.fresh, err))
		return -1;
	call_init(&call, run, manager_of(run)->install, &run->rpm.names);
	call.child.level = OI_LOG_INFO;
	if (run_locked(&call, err))
		return failed(run, &call, err);
	forget(run->host, OI_RPM_DIR);
	forget(run->host, TREE);
	return 0;
}
