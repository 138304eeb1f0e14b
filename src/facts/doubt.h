/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts that could not be read: unknown, with the reason. */
#ifndef OI_FACTS_DOUBT_H
#define OI_FACTS_DOUBT_H

#include "base/attr.h"
#include "model/facts.h"
#include "sys/root.h"

/** oi_facts_doubt() - note why something is unknown, once: "vm.size: ..." */
void oi_facts_doubt(struct oi_facts *facts, const char *fmt, ...) OI_PRINTF(2, 3);

/**
 * oi_facts_read_text() - a fact from the first line of a file
 * @key: of the fact, for the doubt when it cannot be read
 * An empty file is absent. Return: as oi_root_read(); @text is left alone unless 0.
 */
int oi_facts_read_text(const struct oi_root *root, const char *path, struct oi_facts *facts,
		       const char *key, struct oi_text *text);

#endif
