/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/route.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "sys/clock.h"

#define ROUTES_BYTES (4u << 20) /* a line has 130 bytes; more than a few are rare */
#define ASK_AGAIN_MS 50 /* an answer on a link takes well below a millisecond */
#define DISCARD_PORT 9 /* RFC 863; nobody has to listen there */

_Static_assert(sizeof(((struct oi_gateway *)0)->interface) == IFNAMSIZ, "the kernel's own limit");

/* --- routes --- */

/* Calls @each with the fields of every line. */
static void each_route(const struct oi_root *root, const char *path,
		       void (*each)(const struct oi_strv *fields, struct oi_gateway *gateway,
				    unsigned long *metric),
		       struct oi_gateway *gateway)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };
	unsigned long metric = 0;
	struct oi_err ignored; /* then no gateway is known */

	memset(gateway, 0, sizeof(*gateway));
	if (oi_root_read(root, path, ROUTES_BYTES, &text, &ignored))
		return;
	oi_strv_split(&lines, oi_buf_str(&text), "\n");
	for (size_t i = 0; i < lines.n; i++) {
		OI_CLEANUP(oi_strv_clear) struct oi_strv fields = { 0 };

		oi_strv_split(&fields, lines.v[i], " \t");
		each(&fields, gateway, &metric);
	}
}

static void take(struct oi_gateway *gateway, int family, const void *address,
		 const char *interface)
{
	if (strlen(interface) >= sizeof(gateway->interface) ||
	    !inet_ntop(family, address, gateway->address, sizeof(gateway->address)))
		return;
	strcpy(gateway->interface, interface);
	gateway->known = true;
}

/* "eth0 00000000 0100000A 0003 0 0 100 00000000 0 0 0": addresses in the machine's own order */
static void look4(const struct oi_strv *f, struct oi_gateway *gateway, unsigned long *metric)
{
	enum { IFACE, DESTINATION, GATEWAY, FLAGS, REFS, USE, METRIC, MASK, N };
	unsigned long flags, cost;
	struct in_addr address;

	if (f->n < N || strcmp(f->v[DESTINATION], "00000000") || strcmp(f->v[MASK], "00000000"))
		return;
	flags = strtoul(f->v[FLAGS], NULL, 16);
	cost = strtoul(f->v[METRIC], NULL, 10);
	if (!(flags & RTF_UP) || !(flags & RTF_GATEWAY) || (flags & RTF_REJECT) ||
	    (gateway->known && cost >= *metric))
		return;
	address.s_addr = (in_addr_t)strtoul(f->v[GATEWAY], NULL, 16);
	take(gateway, AF_INET, &address, f->v[IFACE]);
	*metric = cost;
}

/* "DEST LEN SOURCE LEN GATEWAY METRIC REFS USE FLAGS eth0", all in hexadecimal */
static void look6(const struct oi_strv *f, struct oi_gateway *gateway, unsigned long *metric)
{
	enum { DESTINATION, LENGTH, SOURCE, SOURCE_LENGTH, GATEWAY, METRIC, REFS, USE, FLAGS, IFACE,
	       N };
	struct in6_addr address;
	unsigned long flags, cost;

	if (f->n < N || strcmp(f->v[LENGTH], "00") ||
	    strlen(f->v[GATEWAY]) != 2 * sizeof(address.s6_addr))
		return;
	flags = strtoul(f->v[FLAGS], NULL, 16);
	cost = strtoul(f->v[METRIC], NULL, 16);
	if (!(flags & RTF_UP) || !(flags & RTF_GATEWAY) || (flags & RTF_REJECT) ||
	    (gateway->known && cost >= *metric))
		return;
	for (size_t i = 0; i < sizeof(address.s6_addr); i++) {
		char byte[3] = { f->v[GATEWAY][2 * i], f->v[GATEWAY][2 * i + 1], '\0' };

		address.s6_addr[i] = (uint8_t)strtoul(byte, NULL, 16);
	}
	take(gateway, AF_INET6, &address, f->v[IFACE]);
	*metric = cost;
}

void oi_net_gateway4(const struct oi_root *root, struct oi_gateway *gateway)
{
	each_route(root, "/proc/net/route", look4, gateway);
}

void oi_net_gateway6(const struct oi_root *root, struct oi_gateway *gateway)
{
	each_route(root, "/proc/net/ipv6_route", look6, gateway);
}

/* --- links --- */

bool oi_net_is_up(const struct oi_root *root, const char *interface)
{
	OI_FREE char *folder = oi_mem_printf("/sys/class/net/%s", interface);
	OI_FREE char *path = oi_mem_printf("%s/operstate", folder);
	OI_FREE char *state = NULL;
	struct oi_err ignored;

	if (!oi_root_exists(root, folder))
		return false;
	/* "unknown" is what drivers say that do not tell.
	 * Source: kernel, Documentation/networking/operstates.rst */
	return oi_root_read_line(root, path, &state, &ignored) || !strcmp(state, "up") ||
	       !strcmp(state, "unknown");
}

/* --- neighbours --- */

struct neighbour {
	int family;
	unsigned int interface;
	unsigned char address[sizeof(struct in6_addr)];
	size_t address_len;
};

static bool resolve(const struct oi_gateway *gateway, struct neighbour *n)
{
	memset(n, 0, sizeof(*n));
	n->family = strchr(gateway->address, ':') ? AF_INET6 : AF_INET;
	n->address_len = n->family == AF_INET6 ? sizeof(struct in6_addr) : sizeof(struct in_addr);
	n->interface = if_nametoindex(gateway->interface);
	return n->interface && inet_pton(n->family, gateway->address, n->address) == 1;
}

struct request {
	struct nlmsghdr head;
	struct ndmsg neighbour;
	char attributes[64];
};

static int send_request(int fd, int type, int flags, const struct neighbour *n)
{
	struct request request = {
		.head = { .nlmsg_len = NLMSG_LENGTH(sizeof(request.neighbour)),
			  .nlmsg_type = (uint16_t)type,
			  .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags) },
		.neighbour = { .ndm_family = (uint8_t)n->family, .ndm_ifindex = (int)n->interface },
	};

	if (type == RTM_DELNEIGH) {
		struct rtattr *to = (struct rtattr *)(void *)request.attributes;

		to->rta_type = NDA_DST;
		to->rta_len = (uint16_t)RTA_LENGTH(n->address_len);
		memcpy(RTA_DATA(to), n->address, n->address_len);
		request.head.nlmsg_len += RTA_ALIGN(to->rta_len);
	}
	return send(fd, &request, request.head.nlmsg_len, 0) < 0 ? -1 : 0;
}

static bool is_about(struct nlmsghdr *head, const struct neighbour *n)
{
	struct ndmsg *at = NLMSG_DATA(head);
	int left = (int)(head->nlmsg_len - NLMSG_LENGTH(sizeof(*at)));
	struct rtattr *attribute = (void *)((char *)at + NLMSG_ALIGN(sizeof(*at)));

	if (head->nlmsg_type != RTM_NEWNEIGH || left < 0 || at->ndm_ifindex != (int)n->interface ||
	    at->ndm_family != n->family)
		return false;
	for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left))
		if (attribute->rta_type == NDA_DST && RTA_PAYLOAD(attribute) == n->address_len &&
		    !memcmp(RTA_DATA(attribute), n->address, n->address_len))
			return true;
	return false;
}

/* What the kernel thinks of it, NUD_*; NUD_NONE: no entry; -1: it cannot be asked. */
static int state_of(int fd, const struct neighbour *n)
{
	char bytes[16384] __attribute__((aligned(NLMSG_ALIGNTO)));
	int state = NUD_NONE;

	if (send_request(fd, RTM_GETNEIGH, NLM_F_DUMP, n))
		return -1;
	for (;;) {
		ssize_t got = recv(fd, bytes, sizeof(bytes), 0);
		unsigned int len = got > 0 ? (unsigned int)got : 0;

		if (!len)
			return -1;
		for (struct nlmsghdr *head = (void *)bytes; NLMSG_OK(head, len);
		     head = NLMSG_NEXT(head, len)) {
			if (head->nlmsg_type == NLMSG_DONE)
				return state;
			if (head->nlmsg_type == NLMSG_ERROR)
				return -1;
			if (is_about(head, n))
				state = ((const struct ndmsg *)NLMSG_DATA(head))->ndm_state;
		}
	}
}

/* Without waiting for what it says: who may not do it goes on with what is known. */
static void forget_neighbour(int fd, const struct neighbour *n)
{
	char answer[4096];

	if (!send_request(fd, RTM_DELNEIGH, NLM_F_ACK, n) && recv(fd, answer, sizeof(answer), 0) < 0)
		return;
}

/* A datagram for it, so that the kernel has to know where to send it. */
static void provoke(const struct neighbour *n)
{
	int fd = socket(n->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in six_less = { .sin_family = AF_INET, .sin_port = htons(DISCARD_PORT) };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(DISCARD_PORT),
				    .sin6_scope_id = n->interface };
	bool is_six = n->family == AF_INET6;
	ssize_t sent = 0;

	if (fd < 0)
		return;
	memcpy(&six_less.sin_addr, n->address, sizeof(six_less.sin_addr));
	memcpy(&six.sin6_addr, n->address, sizeof(six.sin6_addr));
	if (is_six)
		sent = sendto(fd, "", 1, MSG_DONTWAIT, (const struct sockaddr *)&six, sizeof(six));
	else
		sent = sendto(fd, "", 1, MSG_DONTWAIT, (const struct sockaddr *)&six_less,
			      sizeof(six_less));
	(void)sent; /* what came of it is what the kernel says of the neighbour */
	close(fd);
}

static enum oi_neighbour watch(int fd, const struct neighbour *n, int64_t deadline_ms)
{
	const struct timespec pause = { .tv_nsec = ASK_AGAIN_MS * 1000000L };
	int state;

	for (;;) {
		provoke(n);
		nanosleep(&pause, NULL);
		state = state_of(fd, n);
		if (state < 0 || state & NUD_NOARP)
			return OI_NEIGHBOUR_UNKNOWN;
		if (state & (NUD_REACHABLE | NUD_PERMANENT))
			return OI_NEIGHBOUR_ANSWERS;
		if (!oi_clock_left_ms(deadline_ms))
			return OI_NEIGHBOUR_SILENT;
	}
}

enum oi_neighbour oi_net_ask_neighbour(const struct oi_gateway *gateway, int64_t deadline_ms)
{
	/* The kernel answers at once; this is for one that does not. */
	const struct timeval limit = { .tv_sec = 2 };
	enum oi_neighbour found;
	struct neighbour n;
	int fd, state;

	if (!resolve(gateway, &n))
		return OI_NEIGHBOUR_SILENT; /* the interface is gone */
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0)
		return OI_NEIGHBOUR_UNKNOWN;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit))) {
		close(fd);
		return OI_NEIGHBOUR_UNKNOWN;
	}
	state = state_of(fd, &n);
	if (state > 0 && !(state & (NUD_PERMANENT | NUD_NOARP)))
		forget_neighbour(fd, &n);
	found = state < 0 ? OI_NEIGHBOUR_UNKNOWN : watch(fd, &n, deadline_ms);
	close(fd);
	return found;
}
