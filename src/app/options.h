/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line. */
#ifndef OI_APP_OPTIONS_H
#define OI_APP_OPTIONS_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/strv.h"

enum oi_format {
	OI_FORMAT_NONE, /* not asked */
	OI_FORMAT_TEXT,
	OI_FORMAT_JSON,
	OI_FORMAT_HTML, /* this and SVG: report only */
	OI_FORMAT_SVG,
};

struct oi_options {
	const char *command; /* borrowed from argv */
	struct oi_strv arguments; /* what follows it */
	struct oi_strv configs; /* --config, replaces the search */
	const char *facts; /* --facts */
	const char *sysroot; /* --sysroot; "/" */
	const char *root; /* --root; "/" */
	const char *pci_dump; /* --pci-dump; NULL: sysfs */
	const char *imds; /* --imds */
	const char *catalog; /* --catalog; NULL: /etc/ofed-init/catalog.d */
	const char *save; /* facts --save; NULL: not asked */
	const char *from; /* user-data --from */
	const char *output; /* report, collect --output; NULL: stdout, or a name by the time */
	const char *package_url; /* --package-url; NULL: the package is in the image */
	const char *sha256; /* --sha256, its digest */
	const char *kernel; /* --kernel; NULL: the one that the image will boot */
	struct oi_strv sizes; /* --size */
	const char *sign; /* bundle --sign; NULL: not asked */
	bool prefetch_only; /* --prefetch-only */
	bool gzip; /* --gzip */
	enum oi_format format; /* --format */
	bool json; /* --format json, which most commands only have beside text */
	bool verbose; /* -v */
	bool wait; /* --wait */
	bool timings; /* status --timings */
	bool help;
	bool version;
};

/**
 * oi_options_read() - options may stand before and after the command
 * @options: filled; oi_options_clear() frees it
 * Return: 0, or -1 with OI_R_USAGE.
 */
OI_MUST_CHECK
int oi_options_read(int argc, char **argv, struct oi_options *options, struct oi_err *err);
void oi_options_clear(struct oi_options *options);

/** oi_options_help() - the page of --help; static */
const char *oi_options_help(void);

#endif
