/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks of devices and ports: are they there, up, and as fast as the VM size says. */
#include "verify/checks.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/mem.h"
#include "sys/clock.h"
#include "sys/rdma.h"
#include "sys/uevent.h"

/* A port that becomes ACTIVE sends no event: look four times a second meanwhile. */
#define LOOK_AGAIN_MS 250

/* What was promised; 0: unknown. */
struct promise {
	int ports;
	int rate_gbps;
};

static struct promise promise_of(const struct oi_config *config, const struct oi_verdict *verdict)
{
	struct promise promise = { verdict->vm.ib_ports, verdict->vm.link_gbps };

	if (config->verify.ports != OI_AUTO_NUMBER)
		promise.ports = config->verify.ports;
	if (config->verify.min_rate_gbps != OI_AUTO_NUMBER)
		promise.rate_gbps = config->verify.min_rate_gbps;
	return promise;
}

static void add_port(void *data, const struct oi_rdma_entry *entry)
{
	struct oi_rdma_port *port = oi_facts_add_port(data);

	oi_mem_set(&port->device, entry->device);
	port->port = entry->port;
	oi_mem_set(&port->link_layer, entry->link_layer);
	oi_mem_set(&port->state, entry->state);
	oi_mem_set(&port->phys_state, entry->phys_state);
	port->rate_gbps = entry->rate_gbps;
	oi_mem_set(&port->address, entry->address);
	port->numa_node = entry->numa_node;
}

/* Return: 0 when the ports could be looked at; else -1 with @err. */
OI_MUST_CHECK
static int read_devices(const struct oi_host *host, struct oi_facts *facts, struct oi_err *err)
{
	int got;

	oi_facts_drop_ports(facts);
	got = oi_rdma_scan(&host->look, add_port, facts, err);
	if (got < 0) {
		oi_facts_drop_ports(facts); /* half a list is no list */
		return -1;
	}
	if (!got)
		facts->rdma.known = OI_KNOWN;
	else if (oi_root_exists(&host->look, "/sys/class"))
		facts->rdma.known = OI_ABSENT; /* else there is no sysfs to tell it */
	return 0;
}

/* An Accelerated Networking function is an RDMA device too, but its link layer is Ethernet. */
static bool is_infiniband(const struct oi_rdma_port *port)
{
	return port->link_layer && !strcasecmp(port->link_layer, "InfiniBand");
}

static bool is_active(const struct oi_rdma_port *port)
{
	return port->state && !strcmp(port->state, "ACTIVE");
}

static int count_infiniband(const struct oi_facts *facts)
{
	int n = 0;

	for (size_t i = 0; i < facts->rdma.n; i++)
		n += is_infiniband(&facts->rdma.v[i]);
	return n;
}

static const struct oi_pci_function *infiniband_function(const struct oi_facts *facts)
{
	for (size_t i = 0; i < facts->pci.n; i++)
		if (oi_pci_is_infiniband(&facts->pci.v[i]))
			return &facts->pci.v[i];
	return NULL;
}

static void add_text(struct oi_buf *text, const char *piece)
{
	if (text->len)
		oi_buf_adds(text, ", ");
	oi_buf_adds(text, piece);
}

static char *other_ports(const struct oi_facts *facts)
{
	struct oi_buf text = { 0 };

	for (size_t i = 0; i < facts->rdma.n; i++) {
		const struct oi_rdma_port *port = &facts->rdma.v[i];
		OI_FREE char *piece =
			oi_mem_printf("%s/%u is %s", port->device, port->port,
				      port->link_layer ? port->link_layer : "unreadable");

		add_text(&text, piece);
	}
	return oi_buf_take(&text);
}

static void none_of_the_rest(struct oi_checks *checks, const char *why)
{
	static const char *const ids[] = { "port-count", "port-state", "port-rate" };

	for (size_t i = 0; i < OI_ARRAY_SIZE(ids); i++)
		oi_checks_add(checks, ids[i], OI_PROOF_UNPROVEN, OI_R_NONE, "%s", why);
}

/*
 * No InfiniBand port at all. That is a failure only where a driver could have
 * made one and something says that there should be one.
 */
static void judge_nothing(const struct oi_facts *facts, const struct promise *promise,
			  const struct oi_vantage *here, struct oi_checks *checks)
{
	const struct oi_pci_function *function = infiniband_function(facts);
	OI_FREE char *others = other_ports(facts);
	OI_FREE char *seen = oi_mem_printf("no InfiniBand device in /sys/class/infiniband%s%s%s",
					   *others ? " (" : "", others, *others ? ")" : "");

	if (!here->modules)
		oi_checks_add(checks, "fabric-device", OI_PROOF_UNPROVEN, OI_R_NONE, "%s: %s", seen,
			      here->why_not);
	else if (function)
		oi_checks_add(checks, "fabric-device", OI_PROOF_FAIL, OI_R_FABRIC_MISSING,
			      "%s, though %s (%04x:%04x) is on the PCI bus", seen,
			      function->address, function->vendor, function->device);
	else if (promise->ports > 0)
		oi_checks_add(checks, "fabric-device", OI_PROOF_FAIL, OI_R_FABRIC_MISSING,
			      "%s, and no InfiniBand function on the PCI bus", seen);
	else
		oi_checks_add(checks, "fabric-device", OI_PROOF_UNPROVEN, OI_R_NONE,
			      "%s, and nothing says that there should be one", seen);
	none_of_the_rest(checks, "there is no InfiniBand port to look at");
}

static void judge_count(const struct oi_facts *facts, const struct promise *promise,
			struct oi_checks *checks)
{
	int n = count_infiniband(facts);

	if (promise->ports <= 0)
		oi_checks_add(checks, "port-count", OI_PROOF_UNPROVEN, OI_R_NONE,
			      "%d InfiniBand port%s; how many the VM size has is unknown", n,
			      n == 1 ? "" : "s");
	else if (n < promise->ports)
		oi_checks_add(checks, "port-count", OI_PROOF_FAIL, OI_R_PORTS_MISSING,
			      "%d InfiniBand port%s, expected %d", n, n == 1 ? "" : "s",
			      promise->ports);
	else
		oi_checks_add(checks, "port-count", OI_PROOF_PASS, OI_R_NONE,
			      "%d InfiniBand port%s, expected %d", n, n == 1 ? "" : "s",
			      promise->ports);
}

static void judge_state(const struct oi_facts *facts, struct oi_checks *checks)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	enum oi_proof proof = OI_PROOF_PASS;

	for (size_t i = 0; i < facts->rdma.n; i++) {
		const struct oi_rdma_port *port = &facts->rdma.v[i];
		OI_FREE char *piece = NULL;

		if (!is_infiniband(port))
			continue;
		if (port->state && !is_active(port))
			proof = OI_PROOF_FAIL;
		else if (!port->state && proof == OI_PROOF_PASS)
			proof = OI_PROOF_UNPROVEN;
		piece = oi_mem_printf("%s/%u %s%s%s", port->device, port->port,
				      port->state ? port->state : "unreadable",
				      is_active(port) || !port->phys_state ? "" : ", physically ",
				      is_active(port) || !port->phys_state ? "" : port->phys_state);
		add_text(&text, piece);
	}
	oi_checks_add(checks, "port-state", proof, OI_R_PORT_DOWN, "%s", oi_buf_str(&text));
}

/* Only a port that is ACTIVE has negotiated its rate; another shows anything. */
static void judge_rate(const struct oi_facts *facts, const struct promise *promise,
		       struct oi_checks *checks)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	enum oi_proof proof = promise->rate_gbps > 0 ? OI_PROOF_PASS : OI_PROOF_UNPROVEN;

	for (size_t i = 0; i < facts->rdma.n; i++) {
		const struct oi_rdma_port *port = &facts->rdma.v[i];
		OI_FREE char *piece = NULL;

		if (!is_infiniband(port))
			continue;
		if (!is_active(port) || port->rate_gbps < 0) {
			if (proof == OI_PROOF_PASS)
				proof = OI_PROOF_UNPROVEN;
			piece = oi_mem_printf("%s/%u %s", port->device, port->port,
					      is_active(port) ? "unreadable" : "not ACTIVE");
		} else {
			if (promise->rate_gbps > 0 && port->rate_gbps < promise->rate_gbps)
				proof = OI_PROOF_FAIL;
			piece = oi_mem_printf("%s/%u %g Gb/s", port->device, port->port,
					      port->rate_gbps);
		}
		add_text(&text, piece);
	}
	if (promise->rate_gbps > 0)
		oi_checks_add(checks, "port-rate", proof, OI_R_PORT_RATE, "%s; expected %d Gb/s",
			      oi_buf_str(&text), promise->rate_gbps);
	else
		oi_checks_add(checks, "port-rate", proof, OI_R_NONE,
			      "%s; what the VM size has is unknown", oi_buf_str(&text));
}

static void judge_ports(const struct oi_facts *facts, const struct promise *promise,
		  const struct oi_vantage *here, struct oi_checks *checks)
{
	int n = count_infiniband(facts);

	if (!n) {
		judge_nothing(facts, promise, here, checks);
		return;
	}
	oi_checks_add(checks, "fabric-device", OI_PROOF_PASS, OI_R_NONE,
		      "InfiniBand devices are there");
	judge_count(facts, promise, checks);
	judge_state(facts, checks);
	judge_rate(facts, promise, checks);
}

static const struct oi_check *first_failure(const struct oi_checks *checks)
{
	for (size_t i = 0; i < checks->n; i++)
		if (checks->v[i].proof == OI_PROOF_FAIL)
			return &checks->v[i];
	return NULL;
}

/* Return: a failure that was seen; NULL: nothing to wait for. */
static const struct oi_check *look_and_judge(const struct oi_host *host,
					     const struct promise *promise,
					     const struct oi_vantage *here, struct oi_facts *facts,
					     struct oi_checks *checks)
{
	struct oi_err err;

	oi_checks_clear(checks);
	if (read_devices(host, facts, &err)) {
		oi_checks_add(checks, "fabric-device", OI_PROOF_UNPROVEN, OI_R_NONE, "%s", err.text);
		none_of_the_rest(checks, "the ports could not be read");
		return NULL;
	}
	judge_ports(facts, promise, here, checks);
	return first_failure(checks);
}

void oi_verify_fabric(const struct oi_host *host, const struct oi_config *config,
		      const struct oi_verdict *verdict, const struct oi_vantage *here,
		      int64_t deadline_ms, struct oi_facts *facts, struct oi_checks *checks)
{
	struct promise promise = promise_of(config, verdict);
	struct oi_checks now = { 0 };
	/* opened before the first look, so that nothing comes between the two */
	int events = oi_uevent_open();
	bool told = false;
	const struct oi_check *wrong;

	while ((wrong = look_and_judge(host, &promise, here, facts, &now))) {
		int64_t left_ms = oi_clock_left_ms(deadline_ms);
		int64_t again_ms = oi_clock_ms() + LOOK_AGAIN_MS;

		if (!left_ms)
			break;
		if (!told)
			oi_log_info(&host->log, "waiting up to %lld s for the fabric: %s: %s",
				    (long long)(left_ms + 999) / 1000, wrong->id, wrong->detail);
		told = true;
		/* 0 or 1 is the same to us: look again */
		(void)!oi_uevent_wait(events, "infiniband",
				      again_ms < deadline_ms ? again_ms : deadline_ms);
	}
	if (events >= 0)
		close(events);
	oi_checks_move(&now, checks);
}
