/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One text that may hold a stanza, for the files of this folder that have found it. */
#ifndef OI_FACTS_STANZA_TEXT_H
#define OI_FACTS_STANZA_TEXT_H

#include "facts/stanza.h"

/** oi_stanza_keep_name() - a name that lives as long as the stanza, for the nodes that point to it */
const char *oi_stanza_keep_name(struct oi_stanza *stanza, const char *name);

/** oi_stanza_add() - lay the value of the key over what is there; takes @doc; NULL and null: nothing */
void oi_stanza_add(struct oi_stanza *stanza, const char *name, struct oi_doc *doc);

/** oi_stanza_unreadable() - turn a file's error into OI_R_STANZA_UNREADABLE; Return: -1 */
int oi_stanza_unreadable(struct oi_err *err);

/**
 * oi_stanza_add_own() - a file of conf.d, or a text/x-infiniband part
 * @is_part: the keys of the stanza themselves may be at the top
 * In a file that begins as a cloud-config other keys may be; else none.
 */
OI_MUST_CHECK
int oi_stanza_add_own(const struct oi_buf *buf, const char *name, bool is_part,
		      struct oi_stanza *stanza, struct oi_err *err);

/**
 * oi_stanza_refuse_twice() - keys that a cloud-config gives twice, as far as they are ours
 * @doc: a map of cloud-init's
 * Return: 0, also where the stanza keeps its faults; or -1 with OI_R_STANZA_DUPLICATE_KEY.
 */
OI_MUST_CHECK
int oi_stanza_refuse_twice(const struct oi_doc *doc, struct oi_stanza *stanza, struct oi_err *err);

#endif
