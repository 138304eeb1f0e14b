/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ofed-init: InfiniBand for Azure VMs, set up before the first user command. */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "app/commands.h"
#include "app/machine.h"
#include "base/mem.h"
#include "base/suggest.h"
#include "model/reasons.h"

struct command {
	int (*run)(const struct oi_options *options);
	bool changes; /* the machine, or an image */
};

static const struct command commands[OI_COMMAND_COUNT] = {
	[OI_COMMAND_RUN] = { oi_cmd_run, true },
	[OI_COMMAND_HOLD] = { oi_cmd_hold, true },
	[OI_COMMAND_PREFETCH] = { oi_cmd_prefetch, true },
	[OI_COMMAND_PLAN] = { oi_cmd_plan, false },
	[OI_COMMAND_FACTS] = { oi_cmd_facts, false },
	[OI_COMMAND_VERIFY] = { oi_cmd_verify, false },
	[OI_COMMAND_STATUS] = { oi_cmd_status, false },
	[OI_COMMAND_REPORT] = { oi_cmd_report, false },
	[OI_COMMAND_COLLECT] = { oi_cmd_collect, false },
	[OI_COMMAND_VALIDATE] = { oi_cmd_validate, false },
	[OI_COMMAND_USER_DATA] = { oi_cmd_user_data, false },
	[OI_COMMAND_SCHEMA] = { oi_cmd_schema, false },
	[OI_COMMAND_CATALOG] = { oi_cmd_catalog, false },
	[OI_COMMAND_BAKE] = { oi_cmd_bake, true },
	[OI_COMMAND_BUNDLE] = { oi_cmd_bundle, true },
	[OI_COMMAND_CLEAN] = { oi_cmd_clean, true },
	[OI_COMMAND_UNINSTALL] = { oi_cmd_uninstall, true },
};

static int no_command(const char *typed)
{
	const char *names[OI_COMMAND_COUNT];
	const char *near;
	struct oi_err err;

	for (size_t i = 0; i < OI_COMMAND_COUNT; i++)
		names[i] = oi_commands[i].name;
	near = oi_suggest_word(typed, names, OI_COMMAND_COUNT);
	if (near)
		oi_err_set(&err, OI_R_USAGE, "unknown command \"%s\"; did you mean \"%s\"?", typed, near);
	else
		oi_err_set(&err, OI_R_USAGE, "unknown command \"%s\"", typed);
	return oi_machine_fail(&err);
}

/* @options->command: NULL: the page of the program */
static int help(const struct oi_options *options)
{
	const char *name = options->command;
	OI_FREE char *page = NULL;

	if (name && !strcmp(name, "help")) {
		name = options->arguments.n ? options->arguments.v[0] : NULL;
		if (name && strcmp(name, "help") != 0 && oi_options_command(name) == OI_COMMAND_COUNT)
			return no_command(name);
	}
	page = oi_options_help(name ? oi_options_command(name) : OI_COMMAND_COUNT);
	return fputs(page, stdout) < 0;
}

static int dispatch(const struct oi_options *options)
{
	enum oi_command command;
	struct oi_err err;

	if (options->help || (options->command && !strcmp(options->command, "help")))
		return help(options);
	if (options->version)
		return puts("ofed-init " OI_VERSION) < 0;
	command = oi_options_command(options->command);
	if (command == OI_COMMAND_COUNT)
		return no_command(options->command);
	if (options->arguments.n && !oi_commands[command].arguments) {
		oi_err_set(&err, OI_R_USAGE, "%s takes no arguments: %s", options->command,
			   options->arguments.v[0]);
		return oi_machine_fail(&err);
	}
	/* A reader that has gone away is no reason to leave half a driver behind. */
	if (commands[command].changes)
		signal(SIGPIPE, SIG_IGN);
	return commands[command].run(options);
}

int main(int argc, char **argv)
{
	struct oi_options options;
	struct oi_err err;
	int exit_code;

	umask(022); /* whoever starts us: nothing that we make is for others to write */
	if (oi_options_read(argc, argv, &options, &err))
		exit_code = oi_machine_fail(&err);
	else
		exit_code = dispatch(&options);
	oi_options_clear(&options);
	/* what was promised to stdout must have got there */
	if (fflush(stdout) && exit_code == 0) {
		perror("ofed-init: stdout");
		exit_code = oi_reason_text(OI_R_WRITE_FAILED)->exit_code;
	}
	return exit_code;
}
