/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line. Two tables say everything about commands and options: reading, --help, the
 * man page's options and the shells' completions follow from them (`make pages`).
 */
#ifndef OI_APP_OPTIONS_H
#define OI_APP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

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

enum oi_command {
	OI_COMMAND_RUN,
	OI_COMMAND_HOLD,
	OI_COMMAND_PREFETCH,
	OI_COMMAND_PLAN,
	OI_COMMAND_FACTS,
	OI_COMMAND_VERIFY,
	OI_COMMAND_STATUS,
	OI_COMMAND_REPORT,
	OI_COMMAND_COLLECT,
	OI_COMMAND_VALIDATE,
	OI_COMMAND_USER_DATA,
	OI_COMMAND_SCHEMA,
	OI_COMMAND_CATALOG,
	OI_COMMAND_BAKE,
	OI_COMMAND_BUNDLE,
	OI_COMMAND_CLEAN,
	OI_COMMAND_UNINSTALL,
	OI_COMMAND_COUNT,
};

struct oi_command_row {
	const char *name;
	const char *arguments; /* "FILE"; NULL: it takes none */
	const char *about; /* a line of the list */
	const char *more; /* on its own page; NULL: nothing */
};

enum oi_option_kind {
	OI_OPTION_FLAG, /* a bool */
	OI_OPTION_TEXT, /* a const char *; the last one counts */
	OI_OPTION_LIST, /* a struct oi_strv */
	OI_OPTION_FORM, /* enum oi_format */
};

struct oi_option_row {
	const char *name;
	char letter; /* of the short form; 0: none */
	enum oi_option_kind kind;
	size_t offset; /* in struct oi_options */
	const char *value; /* what follows it: FILE, DIR, ...; NULL: nothing */
	unsigned commands; /* a bit for each that takes it */
	const char *about;
};

extern const struct oi_command_row oi_commands[OI_COMMAND_COUNT];
extern const struct oi_option_row oi_option_rows[];
extern const size_t oi_n_option_rows;

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
 * Return: 0, or -1 with OI_R_USAGE: an option that does not exist, or that this command does not take.
 */
OI_MUST_CHECK
int oi_options_read(int argc, char **argv, struct oi_options *options, struct oi_err *err);
void oi_options_clear(struct oi_options *options);

/** oi_options_command() - the command of that name; OI_COMMAND_COUNT: there is none */
enum oi_command oi_options_command(const char *name);

/**
 * oi_options_help() - the page of --help
 * @command: whose; OI_COMMAND_COUNT: of the program
 * Return: owned by the caller.
 */
char *oi_options_help(enum oi_command command);

#endif
