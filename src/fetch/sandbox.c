/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fetch/sandbox.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "fetch/seccomp.h"
#include "fetch/landlock.h"
#include "fetch/url.h"
#include "model/reasons.h"

/* A connection or two, the resolver's sockets, a few files. */
#define OPEN_FILES_MAX 64

/* Capability numbers end far below, and the kernel says where (EINVAL). */
#define CAPABILITY_NUMBERS 64

static int sandbox_failed(struct oi_err *err, const char *what)
{
	return oi_err_set(err, OI_R_FETCH_FAILED, "sandbox: %s: %s", what, strerror(errno));
}

static int limit(int resource, rlim_t most, const char *what, struct oi_err *err)
{
	struct rlimit now;

	if (getrlimit(resource, &now))
		return sandbox_failed(err, what);
	if (now.rlim_max < most)
		most = now.rlim_max;
	now.rlim_cur = now.rlim_max = most;
	return setrlimit(resource, &now) ? sandbox_failed(err, what) : 0;
}

static int drop_capabilities(struct oi_err *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };
	struct __user_cap_data_struct left[_LINUX_CAPABILITY_U32S_3] = { 0 };

	/* The bounding set first, while we still may. Who may not (EPERM) has nothing
	 * to lose by it: no_new_privs keeps what is in there out of reach. */
	for (unsigned long number = 0; number < CAPABILITY_NUMBERS; number++) {
		int there = prctl(PR_CAPBSET_READ, number, 0, 0, 0);

		if (there < 0)
			break;
		if (there && prctl(PR_CAPBSET_DROP, number, 0, 0, 0) && errno != EPERM)
			return sandbox_failed(err, "PR_CAPBSET_DROP");
	}
	/* EINVAL: the kernel is older than 4.3 and has no ambient set. */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) && errno != EINVAL)
		return sandbox_failed(err, "PR_CAP_AMBIENT_CLEAR_ALL");
	if (syscall(SYS_capset, &header, none))
		return sandbox_failed(err, "capset");
	header.version = _LINUX_CAPABILITY_VERSION_3;
	if (syscall(SYS_capget, &header, left))
		return sandbox_failed(err, "capget");
	for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		if (left[i].effective || left[i].permitted || left[i].inheritable) {
			errno = EPERM;
			return sandbox_failed(err, "capabilities are left");
		}
	}
	return 0;
}

int oi_sandbox_enter(const char **lacking, struct oi_err *err)
{
	umask(077);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return sandbox_failed(err, "PR_SET_NO_NEW_PRIVS");
	if (drop_capabilities(err) || limit(RLIMIT_CORE, 0, "RLIMIT_CORE", err) ||
	    limit(RLIMIT_NOFILE, OPEN_FILES_MAX, "RLIMIT_NOFILE", err))
		return -1;
	/* Both after the capabilities: changing credentials may reset them. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return sandbox_failed(err, "PR_SET_DUMPABLE");
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
		return sandbox_failed(err, "PR_SET_PDEATHSIG");
	*lacking = oi_seccomp_limit(); /* last: it does not allow any of the above */
	return 0;
}

const char *oi_sandbox_confine(const struct oi_fetch_request *request, int dir_fd)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv readable = { 0 };
	struct oi_err ignored;

	if (oi_fetch_wants(request->op) != OI_FETCH_WANTS_FOLDER)
		dir_fd = -1;
	if (request->op == OI_FETCH_UNPACK && request->name[0] == '/')
		oi_strv_add(&readable, request->name);
	if (request->ca_bundle)
		oi_strv_add(&readable, request->ca_bundle);
	for (size_t i = 0; i < request->urls.n; i++) {
		OI_FREE char *path = NULL;

		/* A malformed one is reported when it is its turn. */
		if (oi_url_scheme(request->urls.v[i]) == OI_URL_FILE &&
		    !oi_url_file_path(request->urls.v[i], &path, &ignored))
			oi_strv_add(&readable, path);
	}
	return oi_landlock_limit(dir_fd, &readable,
			      request->op == OI_FETCH_UNPACK || request->op == OI_FETCH_STREAM);
}
