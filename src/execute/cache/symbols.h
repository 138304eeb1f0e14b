/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Versions of symbols: a kernel with CONFIG_MODVERSIONS loads no module that was built against
 * another version of one ("disagrees about version of symbol"). What versions a kernel has, its
 * own modules tell: they were built with it. No headers are needed for that.
 */
#ifndef OI_EXECUTE_CACHE_SYMBOLS_H
#define OI_EXECUTE_CACHE_SYMBOLS_H

#include "base/attr.h"
#include "base/err.h"
#include "base/strv.h"
#include "sys/host.h"

/* Zeroed: none is known. */
struct oi_symbols {
	struct oi_strv known; /* "name version" */
	bool sorted;
};

void oi_symbols_clear(struct oi_symbols *symbols);

/**
 * oi_symbols_add() - those that one of the kernel's own modules wants
 * @path: as children see it
 * Return: 0, or -1 with OI_R_TOOL_MISSING, OI_R_CHILD_*.
 */
OI_MUST_CHECK
int oi_symbols_add(const struct oi_host *host, const char *path, struct oi_symbols *symbols,
		   struct oi_err *err);

/**
 * oi_symbols_drop_exports() - forget what modules export that are to be exchanged
 * @modules: their names, as lsmod shows them: the others of a set bring these symbols in
 *           versions of their own
 */
OI_MUST_CHECK
int oi_symbols_drop_exports(const struct oi_host *host, const char *kernel,
			    const struct oi_strv *modules, struct oi_symbols *symbols,
			    struct oi_err *err);

/**
 * oi_symbols_check() - does a module agree with what is known
 * Return: 0, or -1 with OI_R_MODULES_UNFIT naming the first symbol of another version.
 */
OI_MUST_CHECK
int oi_symbols_check(const struct oi_host *host, const char *path, struct oi_symbols *symbols,
		     struct oi_err *err);

/**
 * oi_symbols_parse() - one line of modprobe --dump-modversions, "0x4829a47e\tmemcpy"
 * Return: "memcpy 0x4829a47e", owned by the caller; NULL: it is none.
 */
char *oi_symbols_parse(const char *line);

#endif
