/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything that a command works on, opened and read in the order that is needed. */
#ifndef OI_APP_MACHINE_H
#define OI_APP_MACHINE_H

#include <stdbool.h>

#include "app/options.h"
#include "base/attr.h"
#include "base/err.h"
#include "facts/stanza.h"
#include "model/catalog.h"
#include "model/config.h"
#include "model/facts.h"
#include "model/reporting.h"
#include "report/report.h"
#include "sys/host.h"

struct oi_machine {
	const struct oi_options *options; /* borrowed */
	struct oi_host host;
	struct oi_statuslog log; /* the host's log writes here */
	struct oi_terminal terminal;
	struct oi_stanza stanza;
	struct oi_config config;
	struct oi_catalog catalog;
	struct oi_facts facts;
};

/**
 * oi_machine_open() - roots, tools, a log to stderr
 * @machine: filled; oi_machine_close() in any case
 */
OI_MUST_CHECK
int oi_machine_open(const struct oi_options *options, struct oi_machine *machine,
		    struct oi_err *err);
void oi_machine_close(struct oi_machine *machine);

/** oi_machine_read_config() - find and check the stanza (--config, or the search) */
OI_MUST_CHECK
int oi_machine_read_config(struct oi_machine *machine, struct oi_err *err);

/**
 * oi_machine_read_reporting() - cloud-init's own section, for its web hooks
 * @reporting: zeroed; that it cannot be read, or names what we do not speak to, is warned of
 */
void oi_machine_read_reporting(const struct oi_machine *machine, struct oi_reporting *reporting);

/** oi_machine_read_catalog() - compiled in, then the files that add to it */
OI_MUST_CHECK
int oi_machine_read_catalog(struct oi_machine *machine, struct oi_err *err);

/** oi_machine_read_facts() - from the snapshot (--facts) or from the machine; no network */
OI_MUST_CHECK
int oi_machine_read_facts(struct oi_machine *machine, struct oi_err *err);

/**
 * oi_machine_ask_size() - ask the metadata service for the VM size, if that is due
 *
 * Due when the size is not known, the platform gate has passed, and the facts
 * are no snapshot. Source: design, "Gates": no network call before that.
 */
void oi_machine_ask_size(struct oi_machine *machine);

/**
 * oi_machine_decide_exchange() - what a driver needs that is there, and that is not the one that is loaded
 * @verdict: of oi_decide(); changed as by oi_decide_exchange() when that is how it is
 * Return: what was found, static; NULL: it is as it should be; never of a snapshot.
 */
const char *oi_machine_decide_exchange(const struct oi_machine *machine, struct oi_verdict *verdict);

/**
 * oi_machine_want_stanza() - the configuration, of a file that is named for its stanza
 * @machine: its stanza has been read
 * @file: whose it is, for the error
 * Return: 0, or -1 as oi_config_from_doc(), also when there is no stanza in it.
 */
OI_MUST_CHECK
int oi_machine_want_stanza(struct oi_machine *machine, const char *file, struct oi_err *err);

/** oi_machine_fail() - report an error that ends a command; Return: its exit code */
int oi_machine_fail(const struct oi_err *err);

#endif
