/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the stanza in all places that may hold one, and merges what it finds. */
#ifndef OI_FACTS_STANZA_H
#define OI_FACTS_STANZA_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/doc.h"
#include "base/err.h"
#include "base/strv.h"
#include "model/config.h"
#include "sys/host.h"

/* The user's own files. */
#define OI_CONF_FOLDER "/etc/ofed-init/conf.d"

struct oi_stanza {
	struct oi_doc *doc; /* value of the `infiniband` key, merged; NULL: nobody has one */
	struct oi_strv sources; /* files that had a part in it */
	struct oi_strv names; /* owns the file names that doc's nodes point to */
	struct oi_strv notes; /* for who asks what becomes of a file: "FILE:LINE: text" */
	struct oi_config_faults *faults; /* borrowed; all that is wrong goes there; NULL: the first ends it */
};

/** oi_stanza_clear() - free; fine on a zeroed one, and for OI_CLEANUP */
void oi_stanza_clear(struct oi_stanza *stanza);

/**
 * oi_stanza_find() - the stanza that cloud-init and /etc/ofed-init/conf.d make together
 * @stanza: zeroed
 * Weakest first: what cloud-init merged (or its files, in system, vendor, user
 * order, when there is no merged one), conf.d files by name, a text/x-infiniband
 * part, the user-data's own key once more: user data beats the image.
 * Return: 0 (also when there is none), or -1 with OI_R_STANZA_*.
 */
OI_MUST_CHECK
int oi_stanza_find(const struct oi_host *host, struct oi_stanza *stanza, struct oi_err *err);

/**
 * oi_stanza_find_reporting() - cloud-init's own `reporting:`, as it has merged it
 * @section: zeroed; its doc is the value of that key, NULL: nobody has one
 * Errors: OI_R_STANZA_*
 */
OI_MUST_CHECK
int oi_stanza_find_reporting(const struct oi_host *host, struct oi_stanza *section,
			     struct oi_err *err);

/**
 * oi_stanza_cloud_version() - which cloud-init runs here, by the last line of its log that says so
 * Return: "26.1-0ubuntu1", owned by the caller; NULL: not known.
 */
char *oi_stanza_cloud_version(const struct oi_host *host);

/**
 * oi_stanza_cloud_says() - is a key of cloud-init's own true, as it has merged it
 * @old_key: its name of before, which still counts
 */
bool oi_stanza_cloud_says(const struct oi_host *host, const char *key, const char *old_key);

/**
 * oi_stanza_read() - the stanza from named files only (--config, validate), later over earlier
 * @host: for gzip
 * In every form in which it may go to cloud-init (facts/userdata.h): its cloud-configs merged as
 * cloud-init does, stanzas that write_files puts into conf.d, text/x-infiniband parts; and as a file
 * of conf.d.
 */
OI_MUST_CHECK
int oi_stanza_read(const struct oi_host *host, const struct oi_strv *files, struct oi_stanza *stanza,
		   struct oi_err *err);

/**
 * oi_stanza_asks_block() - does a stanza that is no good say on_failure: block
 * @files: named files, of which alone it is read; empty: all places of oi_stanza_find()
 *
 * Nothing else of it has to be right: whoever asked for a block gets it, whatever is wrong with the
 * rest. The strongest file that can be read counts. One that cannot be parsed, or that others may
 * write, can ask for a block and never lift one.
 */
bool oi_stanza_asks_block(const struct oi_host *host, const struct oi_strv *files);

/** oi_stanza_text_asks_block() - is on_failure: block in a text that need not be YAML */
bool oi_stanza_text_asks_block(const char *text);

/**
 * oi_stanza_find_lost() - where no stanza was found: the key, or one near it, in the user-data
 * @asks_block: set when it is the key itself, and the same text says on_failure: block
 * Return: "FILE has `infinband:` in line 3: why", owned by the caller; NULL: nothing like it is there.
 */
char *oi_stanza_find_lost(const struct oi_host *host, bool *asks_block);

/**
 * oi_stanza_place() - improve an error about a node that has no line
 *
 * cloud-init's merged JSON has lost the lines of the user's own file. Looks for
 * @key_path in cloud-init's YAML files, user's first, and prefixes FILE:LINE:COLUMN.
 * @key_path: "infiniband.verify.ports"
 */
void oi_stanza_place(const struct oi_host *host, const char *key_path, struct oi_err *err);

#endif
