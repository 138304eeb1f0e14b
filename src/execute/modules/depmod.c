/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/modules/depmod.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "execute/tools/child.h"
#include "sys/kmods.h"

int oi_depmod_renew(const struct oi_host *host, const char *kernel, struct oi_err *err)
{
	OI_CLEANUP(oi_child_clear) struct oi_child child = { .tool = OI_TOOL_DEPMOD };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };

	oi_strv_add(&child.args, "-a");
	if (!oi_root_is_real(&host->change)) {
		oi_strv_add(&child.args, "-b");
		oi_strv_add(&child.args, host->change.path);
	}
	oi_strv_add(&child.args, kernel);
	return oi_child_run(host, &child, &result, err);
}

/*
 * "modules.dep.1718.426876.1795376351": the first of the numbers is who writes it.
 * Source: kmod, tools/depmod.c, depmod_output()
 */
static bool is_working_file(const char *name, const char **pid)
{
	static const char first[] = "modules.";
	size_t numbers = 0;

	if (strncmp(name, first, strlen(first)) != 0)
		return false;
	for (const char *dot = strchr(name, '.'); dot; dot = strchr(dot + 1, '.')) {
		size_t digits = strspn(dot + 1, "0123456789");

		numbers = digits && (!dot[1 + digits] || dot[1 + digits] == '.') ? numbers + 1 : 0;
		if (numbers == 1)
			*pid = dot + 1;
	}
	return numbers == 3;
}

/* Somebody else's, who is at work. */
static bool is_running(const struct oi_host *host, const char *pid)
{
	OI_FREE char *path = oi_mem_printf("/proc/%.*s/comm", (int)strcspn(pid, "."), pid);
	OI_FREE char *comm = NULL;
	struct oi_err ignored;

	return !oi_root_read_line(&host->change, path, &comm, &ignored) && !strcmp(comm, "depmod");
}

void oi_depmod_heal(const struct oi_host *host, const char *kernel)
{
	OI_FREE char *folder = oi_mem_printf("/lib/modules/%s", kernel);
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	struct oi_err err;
	bool cut = false;

	if (oi_root_list(&host->change, folder, &names, &err))
		return; /* no modules, no lists */
	for (size_t i = 0; i < names.n; i++) {
		OI_FREE char *path = oi_mem_printf("%s/%s", folder, names.v[i]);
		const char *pid = NULL;

		if (!is_working_file(names.v[i], &pid) || is_running(host, pid))
			continue;
		cut = true;
		if (oi_root_remove(&host->change, path, &err))
			oi_log_warn(&host->log, "depmod: %s", err.text);
	}
	if (!cut)
		return;
	oi_log_info(&host->log, "depmod: it was interrupted for %s; updating its lists", kernel);
	if (oi_depmod_renew(host, kernel, &err))
		oi_log_warn(&host->log, "depmod: %s", err.text);
}

int oi_depmod_check(const struct oi_host *host, const char *kernel, struct oi_err *err)
{
	struct oi_kmod main_one = { .name = OI_KMOD_MAIN };
	bool added;
	int got;

	oi_depmod_heal(host, kernel);
	got = oi_kmods_find(&host->change, kernel, &main_one, 1, err);
	added = oi_kmod_is_added(&main_one);
	oi_kmods_clear(&main_one, 1);
	/* Without a list it is another kernel's root: whoever boots it makes one. */
	if (got || added)
		return got < 0 ? -1 : 0;
	oi_log_warn(&host->log, "depmod: its list for %s does not know " OI_KMOD_MAIN
		    " as built; updating it", kernel);
	return oi_depmod_renew(host, kernel, err);
}

static bool time_of(const struct oi_host *host, const char *path, struct timespec *when)
{
	int fd = oi_root_openat(&host->change, path, O_PATH, 0);
	struct stat st;
	bool known = fd >= 0 && !fstat(fd, &st);

	if (fd >= 0)
		close(fd);
	if (known)
		*when = st.st_mtim;
	return known;
}

bool oi_depmod_since(const struct oi_host *host, const char *kernel, const char *path)
{
	OI_FREE char *list = oi_mem_printf("/lib/modules/%s/modules.dep", kernel);
	struct timespec then, made;

	if (!time_of(host, list, &made))
		return false;
	if (!time_of(host, path, &then))
		return true;
	return made.tv_sec != then.tv_sec ? made.tv_sec > then.tv_sec : made.tv_nsec > then.tv_nsec;
}
