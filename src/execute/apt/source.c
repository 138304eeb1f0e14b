/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/apt/source.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "model/reasons.h"

struct entry {
	struct oi_strv uris; /* as written */
	bool key; /* a signed-by of its own */
	const char *loose; /* the option that asks for no signature; NULL: none */
	bool off;
	bool binary; /* packages to install come from it, not only their sources */
};

struct work {
	const struct oi_root *tree;
	const char *name;
	bool keys;
	const char *key_path;
	struct oi_apt_source *source;
};

void oi_apt_source_clear(struct oi_apt_source *source)
{
	oi_buf_clear(&source->text);
	oi_strv_clear(&source->uris);
	oi_strv_clear(&source->key_files);
	oi_strv_clear(&source->key_blocks);
	source->general = false;
}

static bool yes(const char *value)
{
	/* Source: StringToBool() in apt's strutl.cc */
	static const char *const words[] = { "yes", "true", "with", "on", "enable", "1" };

	for (size_t i = 0; i < OI_ARRAY_SIZE(words); i++)
		if (!strcasecmp(value, words[i]))
			return true;
	return false;
}

static bool no(const char *value)
{
	static const char *const words[] = { "no", "false", "without", "off", "disable", "0" };

	for (size_t i = 0; i < OI_ARRAY_SIZE(words); i++)
		if (!strcasecmp(value, words[i]))
			return true;
	return false;
}

/* The path of file:/x, file:///x and copy:/x, else NULL. */
static const char *local_path(const char *uri)
{
	if (strncasecmp(uri, "file:", 5) && strncasecmp(uri, "copy:", 5))
		return NULL;
	uri += 5;
	return strncmp(uri, "//", 2) ? uri : uri + 2;
}

static bool in_tree(const struct work *work, const char *path)
{
	/* "..": nothing honest needs it, and the tree is not the end of it for apt. */
	return path && *path == '/' && !strstr(path, "/..") && oi_root_exists(work->tree, path);
}

static char *move_uri(const struct work *work, const char *uri)
{
	const char *path = local_path(uri);

	if (!in_tree(work, path))
		return oi_mem_dup(uri);
	return oi_mem_printf("%.5s%s%s", uri, work->tree->path, path);
}

/* Signed-By may also name a key that the machine trusts already, by its fingerprint. */
static bool is_fingerprint(const char *word)
{
	return strspn(word, "0123456789ABCDEFabcdef!") == strlen(word) && strlen(word) >= 40;
}

static void note_key_file(const struct work *work, const char *path)
{
	struct oi_strv *files = &work->source->key_files;
	OI_FREE char *moved = oi_mem_printf("%s%s", in_tree(work, path) ? work->tree->path : "", path);

	if (!oi_strv_has(files, moved))
		oi_strv_add(files, moved);
}

/* A key within the field: its lines are set in by a blank, an empty one is a dot. */
static void note_key_block(const struct work *work, const char *value)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf block = { 0 };

	oi_strv_split(&lines, value, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		const char *line = lines.v[i] + strspn(lines.v[i], " \t");

		oi_buf_addf(&block, "%s\n", strcmp(line, ".") ? line : "");
	}
	oi_strv_add(&work->source->key_blocks, oi_buf_str(&block));
}

static void note_option(struct entry *entry, const char *key, const char *value)
{
	static const char *const loose[] = {
		"trusted", "allow-insecure", "allow-weak", "allow-downgrade-to-insecure",
	};

	if (!strcasecmp(key, "signed-by") && *value)
		entry->key = true;
	for (size_t i = 0; i < OI_ARRAY_SIZE(loose); i++)
		if (!strcasecmp(key, loose[i]) && yes(value))
			entry->loose = loose[i];
}

static int judge_entry(const struct work *work, struct entry *entry, struct oi_err *err)
{
	if (entry->off)
		return 0;
	if (!entry->uris.n)
		return oi_err_set(err, OI_R_REPOSITORY_MALFORMED, "%s: an entry without a URI",
				  work->name);
	for (size_t i = 0; i < entry->uris.n; i++) {
		const char *uri = entry->uris.v[i];
		OI_FREE char *moved = move_uri(work, uri);
		size_t len = strlen(moved);

		if (entry->loose && !in_tree(work, local_path(uri)))
			return oi_err_set(err, OI_R_REPOSITORY_UNTRUSTED,
					  "%s: \"%s\" for %s, which the package does not bring itself",
					  work->name, entry->loose, uri);
		if (!entry->key && !work->keys && !entry->loose)
			return oi_err_set(err, OI_R_REPOSITORY_UNTRUSTED,
					  "%s: no key comes with %s", work->name, uri);
		work->source->general |= !entry->key && !entry->loose;
		while (len && moved[len - 1] == '/')
			moved[--len] = '\0';
		if (!len)
			return oi_err_set(err, OI_R_REPOSITORY_MALFORMED, "%s: not a URI: %s",
					  work->name, uri);
		if (entry->binary)
			oi_strv_add(&work->source->uris, moved);
	}
	return 0;
}

static void entry_clear(struct entry *entry)
{
	oi_strv_clear(&entry->uris);
	memset(entry, 0, sizeof(*entry));
}

/* --- one line an entry --- */

static void add_option(const struct work *work, struct entry *entry, const char *option)
{
	OI_FREE char *key = oi_mem_ndup(option, strcspn(option, "="));
	const char *value = strchr(option, '=');
	OI_CLEANUP(oi_strv_clear) struct oi_strv paths = { 0 };

	if (value)
		note_option(entry, key, value + 1);
	if (!value || strcasecmp(key, "signed-by") || is_fingerprint(value + 1)) {
		oi_buf_addf(&work->source->text, "%s ", option);
		return;
	}
	oi_strv_split(&paths, value + 1, ",");
	for (size_t i = 0; i < paths.n; i++)
		note_key_file(work, paths.v[i]);
	oi_buf_addf(&work->source->text, "%s=%s ", key, work->key_path);
}

static int rewrite_line(const struct work *work, char *line, struct entry *entry,
			struct oi_err *err)
{
	OI_FREE char *moved = NULL;
	char *save = NULL;
	char *word;
	char *c = line;

	line[strcspn(line, "#")] = '\0';
	c += strspn(c, " \t");
	if (!*c)
		return 0;
	word = strtok_r(c, " \t", &save);
	if (!word || (strcmp(word, "deb") && strcmp(word, "deb-src")))
		return oi_err_set(err, OI_R_REPOSITORY_MALFORMED, "%s: not a source: %s",
				  work->name, c);
	entry->binary = !strcmp(word, "deb");
	oi_buf_addf(&work->source->text, "%s ", word);
	c = save + strspn(save, " \t");
	if (*c == '[') {
		OI_CLEANUP(oi_strv_clear) struct oi_strv options = { 0 };
		char *close = strchr(c, ']');

		if (!close)
			return oi_err_set(err, OI_R_REPOSITORY_MALFORMED, "%s: no ']'",
					  work->name);
		*close = '\0';
		oi_strv_split(&options, c + 1, " \t");
		oi_buf_adds(&work->source->text, "[ ");
		for (size_t i = 0; i < options.n; i++)
			add_option(work, entry, options.v[i]);
		oi_buf_adds(&work->source->text, "] ");
		c = close + 1;
	}
	save = NULL;
	word = strtok_r(c, " \t", &save);
	if (word) {
		oi_strv_add(&entry->uris, word);
		moved = move_uri(work, word);
		oi_buf_addf(&work->source->text, "%s %s\n", moved, save);
	}
	return judge_entry(work, entry, err);
}

static int rewrite_list(const struct work *work, char *text, struct oi_err *err)
{
	char *next;

	for (char *line = text; line; line = next) {
		struct entry entry = { 0 };
		int ret;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		ret = rewrite_line(work, line, &entry, err);
		entry_clear(&entry);
		if (ret)
			return -1;
	}
	return 0;
}

/* --- deb822 --- */

static void move_uris(const struct work *work, const char *key, const struct oi_strv *words)
{
	oi_buf_addf(&work->source->text, "%s:", key);
	for (size_t i = 0; i < words->n; i++) {
		OI_FREE char *moved = move_uri(work, words->v[i]);

		oi_buf_addf(&work->source->text, " %s", moved);
	}
	oi_buf_adds(&work->source->text, "\n");
}

static void rewrite_field(const struct work *work, struct entry *entry, const char *key,
			  const char *value)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv words = { 0 };

	oi_strv_split(&words, value, " \t\n");
	if (words.n)
		note_option(entry, key, words.v[0]);
	if (!strcasecmp(key, "enabled") && words.n && no(words.v[0]))
		entry->off = true;
	if (!strcasecmp(key, "types"))
		entry->binary = oi_strv_has(&words, "deb");
	if (!strcasecmp(key, "uris")) {
		oi_strv_add_all(&entry->uris, &words);
		move_uris(work, key, &words);
	} else if (!strcasecmp(key, "signed-by") && words.n && !is_fingerprint(words.v[0])) {
		if (strstr(value, "-----BEGIN"))
			note_key_block(work, value);
		for (size_t i = 0; !strstr(value, "-----BEGIN") && i < words.n; i++)
			note_key_file(work, words.v[i]);
		oi_buf_addf(&work->source->text, "%s: %s\n", key, work->key_path);
	} else {
		oi_buf_addf(&work->source->text, "%s:%s\n", key, value);
	}
}

static int rewrite_deb822(const struct work *work, char *text, struct oi_err *err)
{
	struct entry entry = { 0 };
	bool any = false;
	char *next;
	int ret = 0;

	for (char *line = text; line && !ret; line = next) {
		char *colon;

		next = strchr(line, '\n');
		/* A field ends where a line begins that is no continuation of it. */
		while (next && (next[1] == ' ' || next[1] == '\t'))
			next = strchr(next + 1, '\n');
		if (next)
			*next++ = '\0';
		else if (!*line)
			break; /* behind the last newline */
		if (!line[strspn(line, " \t\r\n")]) {
			oi_buf_adds(&work->source->text, "\n");
			ret = any ? judge_entry(work, &entry, err) : 0;
			entry_clear(&entry);
			any = false;
			continue;
		}
		if (*line == '#')
			continue;
		colon = strchr(line, ':');
		if (!colon) {
			ret = oi_err_set(err, OI_R_REPOSITORY_MALFORMED, "%s: not a field: %s",
					 work->name, line);
			break;
		}
		*colon = '\0';
		rewrite_field(work, &entry, line, colon + 1);
		any = true;
	}
	if (!ret && any)
		ret = judge_entry(work, &entry, err);
	entry_clear(&entry);
	return ret;
}

int oi_apt_source_rewrite(const struct oi_root *tree, const char *name, const char *text,
			  bool keys, const char *key_path, struct oi_apt_source *source,
			  struct oi_err *err)
{
	const struct work work = {
		.tree = tree, .name = name, .keys = keys, .key_path = key_path, .source = source,
	};
	OI_FREE char *copy = oi_mem_dup(text);
	const char *dot = strrchr(name, '.');

	oi_buf_reset(&source->text);
	if (dot && !strcmp(dot, ".sources"))
		return rewrite_deb822(&work, copy, err);
	return rewrite_list(&work, copy, err);
}
