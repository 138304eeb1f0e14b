/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/reload/network.h"

#include <string.h>
#include <stdlib.h>
#include <time.h>

#include "base/doc.h"
#include "base/mem.h"
#include "sys/clock.h"
#include "sys/fetcher.h"

/* Answers come within milliseconds; these are for one packet that is lost. */
#define NEIGHBOUR_MS 3000
#define METADATA_MS 5000
#define LOOK_AGAIN_MS 500

static int64_t soon(const struct oi_host *host, int64_t within_ms)
{
	int64_t at_ms = oi_clock_ms() + within_ms;

	return at_ms < host->deadline_ms ? at_ms : host->deadline_ms;
}

/* Of the network that runs here: in a tree there is none to be asked. */
static enum oi_neighbour ask_neighbour(const struct oi_host *host, const struct oi_gateway *gateway)
{
	if (!oi_root_is_real(&host->change))
		return OI_NEIGHBOUR_UNKNOWN;
	return oi_net_ask_neighbour(gateway, soon(host, NEIGHBOUR_MS));
}

static bool metadata_answers(const struct oi_host *host, struct oi_err *err)
{
	OI_DOC_AUTO *document = NULL;

	return !oi_fetcher_metadata(host, soon(host, METADATA_MS), &document, err);
}

static void tell(const struct oi_host *host, const struct oi_gateway *gateway, bool answered)
{
	if (gateway->known)
		oi_log_info(&host->log, "network: the gateway is %s on %s%s", gateway->address,
			    gateway->interface, answered ? "" : "; whether it answers is not known");
}

void oi_network_look(const struct oi_host *host, struct oi_network *network)
{
	struct oi_err err;

	memset(network, 0, sizeof(*network));
	oi_net_gateway4(&host->look, &network->four);
	oi_net_gateway6(&host->look, &network->six);
	if (network->four.known)
		network->four_answered = ask_neighbour(host, &network->four) == OI_NEIGHBOUR_ANSWERS;
	if (network->six.known)
		network->six_answered = ask_neighbour(host, &network->six) == OI_NEIGHBOUR_ANSWERS;
	tell(host, &network->four, network->four_answered);
	tell(host, &network->six, network->six_answered);
	network->metadata = metadata_answers(host, &err);
	if (network->metadata)
		oi_log_info(&host->log, "network: the metadata service answers");
	else
		oi_log_info(&host->log, "network: no metadata service to go by: %s", err.text);
}

bool oi_network_is_known(const struct oi_network *network)
{
	return network->four.known || network->six.known || network->metadata;
}

/* What is wrong with the way to a gateway; NULL: nothing; owned by the caller. */
static char *fault_of(const struct oi_host *host, const struct oi_gateway *before, bool answered,
		      const struct oi_gateway *now)
{
	if (!before->known)
		return NULL;
	if (!oi_net_is_up(&host->look, before->interface))
		return oi_mem_printf("%s is down or gone", before->interface);
	if (!now->known)
		return oi_mem_printf("there is no route to %s any more", before->address);
	if (strcmp(now->address, before->address) || strcmp(now->interface, before->interface))
		return oi_mem_printf("the gateway is now %s on %s, and was %s on %s", now->address,
				     now->interface, before->address, before->interface);
	if (answered && ask_neighbour(host, now) == OI_NEIGHBOUR_SILENT)
		return oi_mem_printf("the gateway %s on %s does not answer", now->address,
				     now->interface);
	return NULL;
}

static char *fault(const struct oi_host *host, const struct oi_network *before)
{
	struct oi_gateway now;
	struct oi_err err;
	char *why;

	oi_net_gateway4(&host->look, &now);
	why = fault_of(host, &before->four, before->four_answered, &now);
	if (why)
		return why;
	oi_net_gateway6(&host->look, &now);
	why = fault_of(host, &before->six, before->six_answered, &now);
	if (why)
		return why;
	if (before->metadata && !metadata_answers(host, &err))
		return oi_mem_printf("the metadata service does not answer any more: %s", err.text);
	return NULL;
}

bool oi_network_wait(const struct oi_host *host, const struct oi_network *before,
		     int64_t deadline_ms, char **why)
{
	const struct timespec pause = { .tv_nsec = LOOK_AGAIN_MS * 1000000L };
	struct oi_host late = *host;

	/* A run whose time is over while a service hung would find that nothing answers. */
	if (late.deadline_ms < deadline_ms + METADATA_MS)
		late.deadline_ms = deadline_ms + METADATA_MS;
	for (;;) {
		*why = fault(&late, before);
		if (!*why)
			return true;
		if (!oi_clock_left_ms(deadline_ms))
			return false;
		free(*why);
		nanosleep(&pause, NULL);
	}
}
