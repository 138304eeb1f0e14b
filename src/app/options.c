/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/options.h"

#include <getopt.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/suggest.h"
#include "model/reasons.h"
#include "report/textpage.h"

/* Where Azure's metadata service answers: link-local, in every VM. */
#define IMDS_URL "http://169.254.169.254"

/* What getopt_long() returns for the first row that has no letter. */
#define FIRST_OPTION 256

const struct oi_command_row oi_commands[OI_COMMAND_COUNT] = {
	[OI_COMMAND_RUN] = { "run", NULL, "set up InfiniBand: look, decide, install, verify, report",
		"ofed-init.service does this on every boot. Without a stanza it does nothing." },
	[OI_COMMAND_HOLD] = { "hold", NULL, "have the units of hold_units wait from this boot on",
		"cloud-init's network stage ends with this, on every boot. It reads nothing but the stanza." },
	[OI_COMMAND_PREFETCH] = { "prefetch", NULL, "download what run will need, and change nothing else",
		"ofed-init-prefetch.service does this on every boot, in the background." },
	[OI_COMMAND_PLAN] = { "plan", NULL, "show what run would do, and why; changes nothing",
		"Exits with the code that run would refuse with, and with 0 where it would install or has nothing to do." },
	[OI_COMMAND_FACTS] = { "facts", NULL, "show what is known about this machine", NULL },
	[OI_COMMAND_VERIFY] = { "verify", NULL, "check drivers, devices and ports", NULL },
	[OI_COMMAND_STATUS] = { "status", NULL, "show how the last run ended", NULL },
	[OI_COMMAND_REPORT] = { "report", NULL, "write a page about the last run",
		"The form follows from --format, or from the name of the file: .svg, .txt, else HTML. A terminal gets text." },
	[OI_COMMAND_COLLECT] = { "collect", NULL, "pack all that a bug report needs, without secrets", NULL },
	[OI_COMMAND_VALIDATE] = { "validate", "FILE", "check a stanza",
		"Names each wrong key with file, line, column and the nearest key." },
	[OI_COMMAND_USER_DATA] = { "user-data", NULL, "print the user-data of a plain image, from a stanza",
		"Needs --from. --package-url and --sha256 belong together; without them the package has to be in the image." },
	[OI_COMMAND_SCHEMA] = { "schema", NULL, "print the stanza's JSON Schema", NULL },
	[OI_COMMAND_CATALOG] = { "catalog", NULL, "list the known VM sizes and driver releases", NULL },
	[OI_COMMAND_BAKE] = { "bake", NULL, "put the driver into an image",
		"Works in a running builder and, with --root, in the mounted root of an image." },
	[OI_COMMAND_BUNDLE] = { "bundle", "create FOLDER | publish",
		"pack the modules compiled here, for machines that are exactly alike",
		"create puts them into a folder, publish to where modules_cache.url of the stanza says." },
	[OI_COMMAND_CLEAN] = { "clean", NULL, "forget this VM, before an image is captured", NULL },
	[OI_COMMAND_UNINSTALL] = { "uninstall", NULL, "go back to the distribution's own drivers",
		"Removes what the record says that run has installed, and nothing else." },
};

#define BIT(command) (1u << OI_COMMAND_##command)
#define EVERY ((1u << OI_COMMAND_COUNT) - 1)
/* These look at the machine. */
#define LOOK (BIT(RUN) | BIT(PREFETCH) | BIT(PLAN) | BIT(FACTS) | BIT(VERIFY) | BIT(COLLECT) | \
	      BIT(BAKE) | BIT(BUNDLE))
/* These read the state that a run has left. */
#define STATE (BIT(STATUS) | BIT(REPORT) | BIT(CLEAN) | BIT(UNINSTALL))
/* These decide by the stanza and the catalog. */
#define DECIDE (LOOK & ~BIT(FACTS))
/* This reads the stanza and nothing else. */
#define STANZA BIT(HOLD)

#define AT(member) offsetof(struct oi_options, member)

const struct oi_option_row oi_option_rows[] = {
	{ "config", 0, OI_OPTION_LIST, AT(configs), "FILE", DECIDE | STANZA | BIT(UNINSTALL),
	  "Read the stanza from this file instead of searching for it. May be repeated; a later file beats an earlier one." },
	{ "facts", 0, OI_OPTION_TEXT, AT(facts), "FILE", LOOK,
	  "Use the facts in this file instead of looking at the machine." },
	{ "sysroot", 0, OI_OPTION_TEXT, AT(sysroot), "DIR", LOOK | STATE | STANZA,
	  "Look at this tree as if it were the machine: /sys, /proc, os-release, /run/cloud-init, kernel name and architecture. Changes still go to the real root." },
	{ "root", 0, OI_OPTION_TEXT, AT(root), "DIR", LOOK | STATE | STANZA | BIT(CATALOG),
	  "Change this tree instead of /. For bake: the mounted root of an image." },
	{ "pci-dump", 0, OI_OPTION_TEXT, AT(pci_dump), "FILE", LOOK,
	  "Take the PCI functions from this output of lspci -x." },
	{ "imds", 0, OI_OPTION_TEXT, AT(imds), "URL", LOOK, "Ask the metadata service at this address." },
	{ "catalog", 0, OI_OPTION_TEXT, AT(catalog), "DIR", DECIDE | BIT(CATALOG),
	  "Add the catalog files of this folder instead of those in /etc/ofed-init/catalog.d." },
	{ "format", 0, OI_OPTION_FORM, AT(format), "FORM",
	  BIT(PLAN) | BIT(FACTS) | BIT(VERIFY) | BIT(STATUS) | BIT(REPORT) | BIT(VALIDATE) | BIT(CATALOG),
	  "Print text or json; report: html, svg or text." },
	{ "output", 0, OI_OPTION_TEXT, AT(output), "FILE", BIT(REPORT) | BIT(COLLECT), "Write to this file." },
	{ "save", 0, OI_OPTION_TEXT, AT(save), "FILE", BIT(FACTS), "Write the facts to this file, for --facts." },
	{ "wait", 0, OI_OPTION_FLAG, AT(wait), NULL, BIT(STATUS) | BIT(VERIFY),
	  "status: wait until the run has ended, and exit as it does; verify: wait until ports are up." },
	{ "timings", 0, OI_OPTION_FLAG, AT(timings), NULL, BIT(STATUS), "Show only where the time went." },
	{ "kernel", 0, OI_OPTION_TEXT, AT(kernel), "RELEASE", BIT(BAKE),
	  "Bake for this kernel instead of the newest one below /lib/modules." },
	{ "size", 0, OI_OPTION_LIST, AT(sizes), "NAME", BIT(BAKE),
	  "Bake for this VM size. May be repeated; all sizes must take the same driver." },
	{ "prefetch-only", 0, OI_OPTION_FLAG, AT(prefetch_only), NULL, BIT(BAKE),
	  "Only download what run will need on the first boot." },
	{ "sign", 0, OI_OPTION_TEXT, AT(sign), "KEYFILE", BIT(BUNDLE), "Sign the modules with this private key." },
	{ "from", 0, OI_OPTION_TEXT, AT(from), "FILE", BIT(USER_DATA), "Read the stanza from this file." },
	{ "package-url", 0, OI_OPTION_TEXT, AT(package_url), "URL", BIT(USER_DATA),
	  "Install the package from this address." },
	{ "sha256", 0, OI_OPTION_TEXT, AT(sha256), "DIGEST", BIT(USER_DATA), "The digest of that package." },
	{ "gzip", 0, OI_OPTION_FLAG, AT(gzip), NULL, BIT(USER_DATA), "Compress the user-data." },
	{ "verbose", 'v', OI_OPTION_FLAG, AT(verbose), NULL, EVERY, "Say more." },
	{ "version", 'V', OI_OPTION_FLAG, AT(version), NULL, EVERY, "Print the version." },
	{ "help", 'h', OI_OPTION_FLAG, AT(help), NULL, EVERY, "Print this page; after a command, the page of the command." },
};

#define ROWS OI_ARRAY_SIZE(oi_option_rows)

const size_t oi_n_option_rows = ROWS;

enum oi_command oi_options_command(const char *name)
{
	enum oi_command command = OI_COMMAND_RUN;

	while (command < OI_COMMAND_COUNT && strcmp(oi_commands[command].name, name) != 0)
		command++;
	return command;
}

/* @command: OI_COMMAND_COUNT: of any */
static bool takes(enum oi_command command, const struct oi_option_row *row)
{
	return command == OI_COMMAND_COUNT || row->commands & 1u << command;
}

static void add_options(struct oi_textpage *page, enum oi_command command)
{
	oi_textpage_heading(page, "Options:");
	for (size_t i = 0; i < ROWS; i++) {
		const struct oi_option_row *row = &oi_option_rows[i];
		const char short_form[] = { '-', row->letter, ',', ' ', '\0' };
		OI_FREE char *word = oi_mem_printf("%s--%s%s%s", row->letter ? short_form : "", row->name,
						   row->value ? " " : "", row->value ? row->value : "");

		if (takes(command, row))
			oi_textpage_row(page, 2, 19, OI_TONE_PLAIN, word, row->about);
	}
}

static void add_program(struct oi_textpage *page)
{
	oi_buf_adds(&page->text, "usage: ofed-init [OPTION...] COMMAND [ARGUMENT...]\n"
				 "       ofed-init COMMAND --help\n\n"
				 "InfiniBand for Azure VMs, set up before the first user command.\n");
	oi_textpage_heading(page, "Commands:");
	for (size_t i = 0; i < OI_COMMAND_COUNT; i++)
		oi_textpage_row(page, 2, 15, OI_TONE_PLAIN, oi_commands[i].name, oi_commands[i].about);
	add_options(page, OI_COMMAND_COUNT);
	oi_buf_adds(&page->text,
		    "\nExit: 0 done, skipped or ready; 1 usage; 10 no Hyper-V services; 11 no InfiniBand\n"
		    "device; 12 image not supported; 13 VM size not supported; 14 failed. ofed-init(8)\n");
}

char *oi_options_help(enum oi_command command)
{
	struct oi_textpage page = OI_PAPER_PLAIN;
	const struct oi_command_row *row = &oi_commands[command];

	if (command == OI_COMMAND_COUNT) {
		add_program(&page);
	} else {
		oi_buf_addf(&page.text, "usage: ofed-init %s [OPTION...]%s%s\n\n", row->name,
			    row->arguments ? " " : "", row->arguments ? row->arguments : "");
		oi_textpage_row(&page, 0, 0, OI_TONE_PLAIN, "", row->about);
		if (row->more)
			oi_textpage_row(&page, 0, 0, OI_TONE_PLAIN, "", row->more);
		add_options(&page, command);
	}
	return oi_buf_take(&page.text);
}

static int take_format(struct oi_options *o, const char *value, struct oi_err *err)
{
	static const char *const names[] = {
		[OI_FORMAT_TEXT] = "text",
		[OI_FORMAT_JSON] = "json",
		[OI_FORMAT_HTML] = "html",
		[OI_FORMAT_SVG] = "svg",
	};

	for (size_t i = OI_FORMAT_TEXT; i < OI_ARRAY_SIZE(names); i++) {
		if (strcmp(value, names[i]) != 0)
			continue;
		o->format = (enum oi_format)i;
		o->json = o->format == OI_FORMAT_JSON;
		return 0;
	}
	return oi_err_set(err, OI_R_USAGE, "--format is text or json, or of a report html, svg or text; not \"%s\"", value);
}

/* A drawing of a plan, or a report that only result.json could be, is an error. */
static int check_format(const struct oi_options *o, struct oi_err *err)
{
	bool report = o->command && !strcmp(o->command, "report");

	if (report && o->format == OI_FORMAT_JSON)
		return oi_err_set(err, OI_R_USAGE, "report takes --format html, svg or text; for JSON use status --format json");
	if (!report && (o->format == OI_FORMAT_HTML || o->format == OI_FORMAT_SVG))
		return oi_err_set(err, OI_R_USAGE, "--format is text or json; html and svg are for report");
	return 0;
}

static int take_option(struct oi_options *o, const struct oi_option_row *row, const char *value, struct oi_err *err)
{
	void *at = (char *)o + row->offset;

	switch (row->kind) {
	case OI_OPTION_FLAG:
		*(bool *)at = true;
		return 0;
	case OI_OPTION_TEXT:
		*(const char **)at = value;
		return 0;
	case OI_OPTION_LIST:
		oi_strv_add(at, value);
		return 0;
	case OI_OPTION_FORM:
		return take_format(o, value, err);
	}
	return -1;
}

/* @typed: as it was, with its dashes; @command: whose option it was to be, OI_COMMAND_COUNT: not known */
static int no_option(enum oi_command command, const char *typed, struct oi_err *err)
{
	const char *names[ROWS];
	OI_FREE char *name = NULL;
	const char *near = NULL;
	size_t n = 0;

	if (!strncmp(typed, "--", 2)) {
		for (size_t i = 0; i < ROWS; i++)
			if (takes(command, &oi_option_rows[i]))
				names[n++] = oi_option_rows[i].name;
		name = oi_mem_ndup(typed + 2, strcspn(typed + 2, "="));
		near = oi_suggest_word(name, names, n);
	}
	if (near)
		return oi_err_set(err, OI_R_USAGE, "unknown option --%s; did you mean --%s?", name, near);
	return oi_err_set(err, OI_R_USAGE, "unknown option %s", typed);
}

/* An option of other commands: of which. */
static int not_of(enum oi_command command, const struct oi_option_row *row, struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf others = { 0 };

	for (enum oi_command c = 0; c < OI_COMMAND_COUNT; c++)
		if (takes(c, row))
			oi_buf_addf(&others, "%s%s", others.len ? ", " : "", oi_commands[c].name);
	return oi_err_set(err, OI_R_USAGE, "%s does not take --%s; it is an option of %s",
			  oi_commands[command].name, row->name, oi_buf_str(&others));
}

static void list_options(struct option options[ROWS + 1])
{
	for (size_t i = 0; i < ROWS; i++)
		options[i] = (struct option){
			.name = oi_option_rows[i].name,
			.has_arg = oi_option_rows[i].value ? required_argument : no_argument,
			.val = FIRST_OPTION + (int)i,
		};
	options[ROWS] = (struct option){ 0 };
}

/* @option: as getopt_long() returns it */
static const struct oi_option_row *row_of(int option)
{
	if (option >= FIRST_OPTION)
		return &oi_option_rows[option - FIRST_OPTION];
	for (size_t i = 0; i < ROWS; i++)
		if (oi_option_rows[i].letter == option)
			return &oi_option_rows[i];
	return NULL;
}

/*
 * The command, if it is one: the first word that is neither an option nor its value. With "-" getopt_long()
 * leaves the words in their order: moved to the end, they would be the value of a last option without one.
 */
static enum oi_command find_command(int argc, char **argv, const struct option *options)
{
	const char *word = NULL;
	int option;

	while ((option = getopt_long(argc, argv, "-:vVh", options, NULL)) != -1)
		if (option == 1 && !word)
			word = optarg;
	if (!word && optind < argc) /* after "--" */
		word = argv[optind];
	optind = 0; /* GNU: begin again */
	return word ? oi_options_command(word) : OI_COMMAND_COUNT;
}

int oi_options_read(int argc, char **argv, struct oi_options *options, struct oi_err *err)
{
	const struct oi_option_row *stranger = NULL;
	struct option list[ROWS + 1];
	enum oi_command command;
	int option;

	memset(options, 0, sizeof(*options));
	options->sysroot = "/";
	options->root = "/";
	options->imds = IMDS_URL;
	opterr = 0;
	list_options(list);
	command = find_command(argc, argv, list);
	while ((option = getopt_long(argc, argv, ":vVh", list, NULL)) != -1) {
		const struct oi_option_row *row = row_of(option);

		if (option == ':')
			return oi_err_set(err, OI_R_USAGE, "%s needs a value", argv[optind - 1]);
		if (option == '?' && optopt >= FIRST_OPTION)
			return oi_err_set(err, OI_R_USAGE, "--%s takes no value", row_of(optopt)->name);
		if (option == '?' || !row)
			return no_option(command, optopt ? (const char[]){ '-', (char)optopt, '\0' } :
							    argv[optind - 1], err);
		if (!takes(command, row) && !stranger)
			stranger = row;
		if (take_option(options, row, optarg, err))
			return -1;
	}
	if (optind < argc)
		options->command = argv[optind++];
	for (; optind < argc; optind++)
		oi_strv_add(&options->arguments, argv[optind]);
	if (!options->command && !options->help && !options->version)
		return oi_err_set(err, OI_R_USAGE, "a command is missing");
	if (stranger && !options->help && !options->version)
		return not_of(command, stranger, err);
	return check_format(options, err);
}

void oi_options_clear(struct oi_options *options)
{
	oi_strv_clear(&options->arguments);
	oi_strv_clear(&options->configs);
	oi_strv_clear(&options->sizes);
}
