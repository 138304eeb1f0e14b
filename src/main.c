/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ofed-init: InfiniBand for Azure VMs, set up before the first user command. */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "app/commands.h"
#include "app/machine.h"
#include "base/suggest.h"
#include "model/reasons.h"

struct command {
	const char *name;
	int (*run)(const struct oi_options *options);
	bool changes; /* the machine, or an image */
};

static const struct command commands[] = {
	{ "run", oi_cmd_run, true },
	{ "prefetch", oi_cmd_prefetch, true },
	{ "plan", oi_cmd_plan, false },
	{ "facts", oi_cmd_facts, false },
	{ "verify", oi_cmd_verify, false },
	{ "status", oi_cmd_status, false },
	{ "report", oi_cmd_report, false },
	{ "validate", oi_cmd_validate, false },
	{ "collect", oi_cmd_collect, false },
	{ "user-data", oi_cmd_user_data, false },
	{ "schema", oi_cmd_schema, false },
	{ "catalog", oi_cmd_catalog, false },
	{ "bake", oi_cmd_bake, true },
	{ "bundle", oi_cmd_bundle, true },
	{ "clean", oi_cmd_clean, true },
	{ "uninstall", oi_cmd_uninstall, true },
};

static int no_command(const char *typed)
{
	const char *names[OI_ARRAY_SIZE(commands)];
	const char *near;
	struct oi_err err;

	for (size_t i = 0; i < OI_ARRAY_SIZE(commands); i++)
		names[i] = commands[i].name;
	near = oi_near_word(typed, names, OI_ARRAY_SIZE(names));
	if (near)
		oi_err_set(&err, OI_R_USAGE, "there is no command \"%s\"; did you mean \"%s\"?", typed, near);
	else
		oi_err_set(&err, OI_R_USAGE, "there is no command \"%s\"", typed);
	return oi_machine_fail(&err);
}

static int dispatch(const struct oi_options *options)
{
	struct oi_err err;

	if (options->help || (options->command && !strcmp(options->command, "help")))
		return fputs(oi_options_help(), stdout) < 0;
	if (options->version)
		return puts("ofed-init " OI_VERSION) < 0;
	for (size_t i = 0; i < OI_ARRAY_SIZE(commands); i++) {
		if (strcmp(commands[i].name, options->command) != 0)
			continue;
		if (options->arguments.n && commands[i].run != oi_cmd_validate &&
		    commands[i].run != oi_cmd_bundle) {
			oi_err_set(&err, OI_R_USAGE, "%s takes no arguments: %s", options->command,
				   options->arguments.v[0]);
			return oi_machine_fail(&err);
		}
		/* Who no longer reads what is said is no reason to leave half a driver behind. */
		if (commands[i].changes)
			signal(SIGPIPE, SIG_IGN);
		return commands[i].run(options);
	}
	return no_command(options->command);
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
