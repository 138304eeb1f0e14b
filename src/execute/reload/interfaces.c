/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/reload/interfaces.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "sys/clock.h"
#include "sys/uevent.h"

#define NET "/sys/class/net"
/* An address that is set sends no event that we listen for: look four times a second meanwhile. */
#define LOOK_AGAIN_MS 250

void oi_interfaces_clear(struct oi_interfaces *interfaces)
{
	oi_strv_clear(&interfaces->names);
	oi_strv_clear(&interfaces->parents);
	oi_strv_clear(&interfaces->keys);
	oi_strv_clear(&interfaces->addresses);
}

/* The first line of a file of an interface; owned by the caller; NULL: none */
static char *attribute(const struct oi_host *host, const char *interface, const char *name)
{
	OI_FREE char *path = oi_mem_printf(NET "/%s/%s", interface, name);
	struct oi_err ignored;
	char *line;

	return oi_root_read_line(&host->look, path, &line, &ignored) ? NULL : line;
}

static bool is_ipoib(const struct oi_host *host, const char *interface)
{
	OI_FREE char *type = attribute(host, interface, "type");

	return type && strtol(type, NULL, 10) == ARPHRD_INFINIBAND;
}

/* Those of the running network, whatever the roots are: no file shows them. */
static void look_at_addresses(struct oi_interfaces *interfaces)
{
	struct ifaddrs *all;

	if (getifaddrs(&all))
		return;
	for (const struct ifaddrs *a = all; a; a = a->ifa_next) {
		char text[INET6_ADDRSTRLEN];
		const void *address = NULL;

		if (!a->ifa_addr || !oi_strv_has(&interfaces->names, a->ifa_name))
			continue;
		if (a->ifa_addr->sa_family == AF_INET)
			address = &((const struct sockaddr_in *)(const void *)a->ifa_addr)->sin_addr;
		else if (a->ifa_addr->sa_family == AF_INET6 &&
			 !IN6_IS_ADDR_LINKLOCAL(&((const struct sockaddr_in6 *)(const void *)a->ifa_addr)->sin6_addr))
			address = &((const struct sockaddr_in6 *)(const void *)a->ifa_addr)->sin6_addr;
		if (address && inet_ntop(a->ifa_addr->sa_family, address, text, sizeof(text)))
			oi_strv_addf(&interfaces->addresses, "%s %s", a->ifa_name, text);
	}
	freeifaddrs(all);
}

void oi_interfaces_look(const struct oi_host *host, struct oi_interfaces *interfaces)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	struct oi_err ignored;

	if (oi_root_list(&host->look, NET, &names, &ignored))
		return;
	for (size_t i = 0; i < names.n; i++) {
		OI_FREE char *parent = NULL;
		OI_FREE char *key = NULL;

		if (!is_ipoib(host, names.v[i]))
			continue;
		parent = attribute(host, names.v[i], "parent");
		key = attribute(host, names.v[i], "pkey");
		oi_strv_add(&interfaces->names, names.v[i]);
		oi_strv_add(&interfaces->parents, parent ? parent : "");
		oi_strv_add(&interfaces->keys, key ? key : "");
	}
	look_at_addresses(interfaces);
}

static bool is_there(const struct oi_host *host, const char *interface)
{
	OI_FREE char *path = oi_mem_printf(NET "/%s", interface);

	return oi_root_exists(&host->look, path);
}

/* The kernel names it PARENT.KEY; refused where it is there already, which is fine. */
static void make_child(const struct oi_host *host, const char *parent, const char *key)
{
	OI_FREE char *path = oi_mem_printf(NET "/%s/create_child", parent);
	int fd = oi_root_openat(&host->look, path, O_WRONLY, 0);

	if (fd < 0)
		return;
	if (write(fd, key, strlen(key)) == (ssize_t)strlen(key))
		oi_log_info(&host->log, "network: the partition %s of %s is back", key, parent);
	close(fd);
}

/* Return: owned by the caller; NULL: nothing */
static char *missing(const struct oi_host *host, const struct oi_interfaces *before)
{
	OI_CLEANUP(oi_interfaces_clear) struct oi_interfaces now = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv gone = { 0 };

	for (size_t i = 0; i < before->names.n; i++) {
		const char *parent = before->parents.v[i];

		if (is_there(host, before->names.v[i]))
			continue;
		if (*parent && *before->keys.v[i] && is_there(host, parent))
			make_child(host, parent, before->keys.v[i]);
		if (!is_there(host, before->names.v[i]))
			oi_strv_add(&gone, before->names.v[i]);
	}
	oi_interfaces_look(host, &now);
	for (size_t i = 0; i < before->addresses.n; i++) {
		const char *address = before->addresses.v[i];
		size_t len = strcspn(address, " ");
		OI_FREE char *name = oi_mem_ndup(address, len);

		if (!oi_strv_has(&now.addresses, address) && !oi_strv_has(&gone, name))
			oi_strv_addf(&gone, "%s on %s", address + len + 1, name);
	}
	return gone.n ? oi_strv_join(&gone, ", ") : NULL;
}

char *oi_interfaces_wait(const struct oi_host *host, const struct oi_interfaces *before,
			 int64_t deadline_ms)
{
	bool told = false;
	char *gone;

	while ((gone = missing(host, before)) && oi_clock_left_ms(deadline_ms)) {
		int64_t again_ms = oi_clock_ms() + LOOK_AGAIN_MS;

		if (!told)
			oi_log_info(&host->log, "network: waiting for %s", gone);
		told = true;
		free(gone);
		(void)!oi_uevent_wait(-1, "net", again_ms < deadline_ms ? again_ms : deadline_ms);
	}
	return gone;
}
