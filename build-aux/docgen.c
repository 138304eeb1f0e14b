/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * docgen options | keys | bash | zsh: what pages and completions say of options, commands and keys
 * of the stanza, from the tables that the program itself walks. build-aux/pages puts it in place.
 */
#include <stdio.h>
#include <string.h>

#include "app/options.h"
#include "base/mem.h"
#include "model/config_keys.h"

/* --- man pages --- */

/* Text of a page: each sentence begins a line. */
static void put_roff(const char *text)
{
	for (const char *at = text; *at; at++) {
		if (*at == '\\')
			fputs("\\e", stdout);
		else if (*at == '-')
			fputs("\\-", stdout);
		else if (*at == '"')
			fputs("\\(dq", stdout);
		else if (*at == '.' && at[1] == ' ' && at++)
			fputs(".\n", stdout);
		else
			putchar(*at);
	}
}

static void put_line(const char *text)
{
	put_roff(text);
	putchar('\n');
}

static void put_option(const struct oi_option_row *row)
{
	bool every = true, any = false;

	fputs(".TP\n", stdout);
	if (row->value)
		printf(".BI \\-\\-");
	else if (row->letter)
		printf(".BR \\-%c \", \" \\-\\-", row->letter);
	else
		printf(".B \\-\\-");
	put_roff(row->name);
	if (row->value)
		printf(" \" %s\"", row->value);
	putchar('\n');
	put_line(row->about);
	for (enum oi_command c = 0; c < OI_COMMAND_COUNT; c++)
		every &= row->commands >> c & 1;
	if (every)
		return;
	fputs("Option of ", stdout);
	for (enum oi_command c = 0; c < OI_COMMAND_COUNT; c++) {
		if (!(row->commands >> c & 1))
			continue;
		fputs(any ? ", " : "", stdout);
		put_roff(oi_commands[c].name);
		any = true;
	}
	fputs(".\n", stdout);
}

static void put_type(const struct oi_config_key *key)
{
	size_t n = 0;

	switch (key->type) {
	case OI_KEY_MAP:
		fputs("map", stdout);
		break;
	case OI_KEY_BOOL:
		fputs("boolean", stdout);
		break;
	case OI_KEY_AUTO_BOOL:
		fputs("auto, true or false", stdout);
		break;
	case OI_KEY_NUMBER:
		printf("whole number, %d to %d", key->low, key->high);
		break;
	case OI_KEY_AUTO_NUMBER:
		printf("auto or a whole number, %d to %d", key->low, key->high);
		break;
	case OI_KEY_CHOICE:
	case OI_KEY_TWO_WAYS:
		while (key->choices[n])
			n++;
		for (size_t i = 0; i < n; i++) {
			fputs(i == 0 ? "" : i + 1 < n ? ", " : " or ", stdout);
			put_roff(key->choices[i]);
		}
		break;
	case OI_KEY_TEXT:
		fputs("string or null", stdout);
		break;
	case OI_KEY_VERSION:
		fputs("string", stdout);
		break;
	case OI_KEY_STRINGS:
		fputs("list of strings", stdout);
		break;
	}
}

static void put_default(const struct oi_config *config, const struct oi_config_key *key)
{
	OI_DOC_AUTO *value = oi_config_value_to_doc(config, key);

	if (key->type == OI_KEY_MAP)
		return;
	fputs("; default ", stdout);
	if (key->type == OI_KEY_STRINGS)
		fputs("[]", stdout);
	else
		put_roff(value->text ? value->text : "null");
}

static void put_key(const struct oi_config *config, const struct oi_config_key *key)
{
	printf(".TP\n.B %s\n", key->path);
	put_type(key);
	put_default(config, key);
	fputs(".\n", stdout);
	put_line(key->about);
	if (key->more)
		put_line(key->more);
	fputs(".br\n.B \"", stdout);
	put_roff(key->example);
	fputs("\"\n", stdout);
}

static void put_keys(void)
{
	OI_CLEANUP(oi_config_clear) struct oi_config config;

	oi_config_init(&config);
	for (enum oi_config_section s = 0; s < OI_KEYS_COUNT; s++) {
		printf(".SS \"%s\"\n", oi_config_sections[s]);
		for (size_t i = 0; i < oi_config_n_keys; i++)
			if (oi_config_keys[i].section == s)
				put_key(&config, &oi_config_keys[i]);
	}
}

/* --- completions --- */

static void put_commands_of(const struct oi_option_row *row)
{
	for (enum oi_command c = 0; c < OI_COMMAND_COUNT; c++)
		if (row->commands >> c & 1)
			printf(" %s", oi_commands[c].name);
}

static bool is_value(const struct oi_option_row *row, const char *value)
{
	return row->value && !strcmp(row->value, value);
}

/* `--a | --b`: the options whose value is one of two kinds */
static void put_valued(const char *one, const char *other)
{
	const char *before = "\t";

	for (size_t i = 0; i < oi_n_option_rows; i++) {
		if (!is_value(&oi_option_rows[i], one) && !is_value(&oi_option_rows[i], other))
			continue;
		printf("%s--%s", before, oi_option_rows[i].name);
		before = " | ";
	}
	fputs(")\n", stdout);
}

static void put_bash(void)
{
	fputs("# bash completion for ofed-init                            -*- shell-script -*-\n"
	      "# SPDX-License-Identifier: GPL-2.0-or-later\n"
	      "# `make pages` writes it from src/app/options.c.\n\n"
	      "_ofed_init() {\n"
	      "\t# shellcheck disable=SC2034 # _init_completion sets all four\n"
	      "\tlocal cur prev words cword\n"
	      "\tlocal i command='' options=''\n"
	      "\t_init_completion || return\n\n"
	      "\tfor ((i = 1; i < cword; i++)); do\n"
	      "\t\tcase ${words[i]} in\n\t\t", stdout);
	for (enum oi_command c = 0; c < OI_COMMAND_COUNT; c++)
		printf("%s%s", c ? " | " : "", oi_commands[c].name);
	fputs(") command=${words[i]} && break ;;\n\t\tesac\n\tdone\n\n\tcase $prev in\n", stdout);
	put_valued("FILE", "KEYFILE");
	fputs("\t\t_filedir\n\t\treturn\n\t\t;;\n", stdout);
	put_valued("DIR", "DIR");
	fputs("\t\t_filedir -d\n\t\treturn\n\t\t;;\n", stdout);
	put_valued("FORM", "FORM");
	fputs("\t\tcase $command in\n"
	      "\t\treport) options='text html svg' ;;\n"
	      "\t\t'') options='text json html svg' ;;\n"
	      "\t\t*) options='text json' ;;\n"
	      "\t\tesac\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$cur\")\n"
	      "\t\treturn\n\t\t;;\n", stdout);
	put_valued("URL", "DIGEST");
	fputs("\t\treturn\n\t\t;;\n", stdout);
	put_valued("RELEASE", "NAME");
	fputs("\t\treturn\n\t\t;;\n\tesac\n\n\tif [[ $cur == -* ]]; then\n\t\tcase $command in\n", stdout);
	for (enum oi_command c = 0; c <= OI_COMMAND_COUNT; c++) {
		const char *space = "";

		printf("\t\t%s) options='", c < OI_COMMAND_COUNT ? oi_commands[c].name : "*");
		for (size_t i = 0; i < oi_n_option_rows; i++) {
			if (c < OI_COMMAND_COUNT && !(oi_option_rows[i].commands >> c & 1))
				continue;
			printf("%s--%s", space, oi_option_rows[i].name);
			space = " ";
		}
		fputs("' ;;\n", stdout);
	}
	fputs("\t\tesac\n"
	      "\telif [ -z \"$command\" ]; then\n\t\toptions='", stdout);
	for (enum oi_command c = 0; c < OI_COMMAND_COUNT; c++)
		printf("%s%s", c ? " " : "", oi_commands[c].name);
	fputs("'\n"
	      "\telif [ \"$command\" = bundle ] && [ \"$prev\" = bundle ]; then\n"
	      "\t\toptions='create publish'\n"
	      "\telif [ \"$command\" = bundle ]; then\n\t\t_filedir -d\n\t\treturn\n"
	      "\telif [ \"$command\" = validate ]; then\n\t\t_filedir\n\t\treturn\n"
	      "\tfi\n"
	      "\tmapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$cur\")\n"
	      "} &&\n\tcomplete -F _ofed_init ofed-init\n", stdout);
}

/* A text between single quotes of the shell; @len: of it */
static void put_quoted(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\'')
			fputs("'\\''", stdout);
		else
			putchar(text[i]);
	}
}

/* A sentence of what stands there. */
static void put_first(const char *text)
{
	const char *end = strstr(text, ". ");

	put_quoted(text, end ? (size_t)(end - text) : strlen(text) - 1);
}

static const char *zsh_action(const struct oi_option_row *row)
{
	if (is_value(row, "DIR"))
		return "_files -/";
	if (is_value(row, "FILE") || is_value(row, "KEYFILE"))
		return "_files";
	if (is_value(row, "FORM"))
		return "(text json html svg)";
	if (is_value(row, "RELEASE"))
		return "_files -W /lib/modules -/";
	return "";
}

static void put_zsh_option(const struct oi_option_row *row)
{
	fputs("_ofed_init_takes", stdout);
	put_commands_of(row);
	fputs(" && specs+=(", stdout);
	if (row->letter)
		printf("'(-%c --%s)'{-%c,--%s}'[", row->letter, row->name, row->letter, row->name);
	else
		printf("'%s--%s%s[", row->kind == OI_OPTION_LIST ? "*" : "", row->name, row->value ? "=" : "");
	put_first(row->about);
	fputs("]", stdout);
	if (row->value)
		printf(":%s:%s", row->value, zsh_action(row));
	fputs("')\n", stdout);
}

static void put_zsh(void)
{
	fputs("#compdef ofed-init\n"
	      "# SPDX-License-Identifier: GPL-2.0-or-later\n"
	      "# zsh completion for ofed-init; `make pages` writes it from src/app/options.c.\n\n"
	      "local -a commands specs\n"
	      "local command=''\n"
	      "commands=(\n", stdout);
	for (enum oi_command c = 0; c < OI_COMMAND_COUNT; c++) {
		printf("\t'%s:", oi_commands[c].name);
		put_quoted(oi_commands[c].about, strlen(oi_commands[c].about));
		fputs("'\n", stdout);
	}
	fputs(")\n"
	      "# The command, once it stands there; until then every option is offered.\n"
	      "local word\n"
	      "for word in ${words[2,CURRENT-1]}; do\n"
	      "\t(( ${commands[(I)${word}:*]} )) && command=$word && break\n"
	      "done\n"
	      "_ofed_init_takes () { [[ -z $command || \" $* \" == *\" $command \"* ]] }\n\n", stdout);
	for (size_t i = 0; i < oi_n_option_rows; i++)
		put_zsh_option(&oi_option_rows[i]);
	fputs("\n_arguments -S $specs \\\n"
	      "\t'1:command:{ _describe command commands }' \\\n"
	      "\t'*:argument:{ case $command in\n"
	      "\t\tvalidate) _files ;;\n"
	      "\t\tbundle) [[ $words[CURRENT-1] == bundle ]] && compadd create publish || _files -/ ;;\n"
	      "\tesac }'\n", stdout);
}

int main(int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "";

	if (!strcmp(what, "options"))
		for (size_t i = 0; i < oi_n_option_rows; i++)
			put_option(&oi_option_rows[i]);
	else if (!strcmp(what, "keys"))
		put_keys();
	else if (!strcmp(what, "bash"))
		put_bash();
	else if (!strcmp(what, "zsh"))
		put_zsh();
	else
		return fputs("usage: docgen options | keys | bash | zsh\n", stderr) < 0 ? 1 : 2;
	return fflush(stdout) || ferror(stdout) ? 1 : 0;
}
