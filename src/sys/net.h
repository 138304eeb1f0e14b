/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way out of the machine: default gateways, their links, and whether they answer. */
#ifndef OI_SYS_NET_H
#define OI_SYS_NET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "sys/root.h"

struct oi_gateway {
	bool known; /* there is a default route with a gateway */
	char interface[16]; /* IFNAMSIZ */
	char address[INET6_ADDRSTRLEN];
};

/**
 * oi_net_gateway4(), oi_net_gateway6() - the default gateway, of the lowest metric
 * @root: /proc/net/route and /proc/net/ipv6_route are read below it
 * @gateway: filled; not known where there is none or it cannot be read
 * Source: kernel, fib_route_seq_show() in net/ipv4/fib_trie.c, rt6_info_route() in
 *         net/ipv6/route.c
 */
void oi_net_gateway4(const struct oi_root *root, struct oi_gateway *gateway);
void oi_net_gateway6(const struct oi_root *root, struct oi_gateway *gateway);

/** oi_net_is_up() - is the interface there, and does its link carry (or not tell) */
bool oi_net_is_up(const struct oi_root *root, const char *interface);

enum oi_neighbour { OI_NEIGHBOUR_ANSWERS, OI_NEIGHBOUR_SILENT, OI_NEIGHBOUR_UNKNOWN };

/**
 * oi_net_ask_neighbour() - does a gateway answer on its link, now
 * @deadline_ms: monotonic, absolute
 *
 * The kernel is made to forget its hardware address and to ask for it anew, which
 * is what any machine on the link answers (ARP, neighbour discovery); an address
 * that was set by hand stays. Of the running network, whatever the roots are.
 * Return: unknown where the kernel cannot be asked, or needs no such address.
 */
enum oi_neighbour oi_net_ask_neighbour(const struct oi_gateway *gateway, int64_t deadline_ms);

#endif
