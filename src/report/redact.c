/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Takes secrets out of a line before anybody reads it: key material, header
 * values, credentials and signed queries in addresses, name=value pairs. Where a
 * line cannot be told apart for sure it hides too much rather than too little;
 * its own output is left as it is when it comes by again.
 */
#include "report/report.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/strv.h"
#include "report/clean.h"

#define HIDDEN "REDACTED"
#define PASSES_MAX 16 /* each hides something; no line is known that needs more than four */
#define PEM_BEGIN "-----BEGIN "
#define PEM_END "-----END "
#define PEM_DASHES "-----"
#define PEM_LABEL_BYTES 64 /* "ENCRYPTED PRIVATE KEY" is 21; more is not a label */

static bool word_in(const char *const *words, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(words[i], word))
			return true;
	return false;
}

static bool part_in(const char *const *parts, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (strstr(word, parts[i]))
			return true;
	return false;
}

static bool end_in(const char *const *ends, size_t n, const char *word)
{
	size_t len = strlen(word);

	for (size_t i = 0; i < n; i++) {
		size_t end_len = strlen(ends[i]);

		if (len >= end_len && !strcmp(word + len - end_len, ends[i]))
			return true;
	}
	return false;
}

/* Names whose value is a secret wherever name=value stands. */
static bool name_is_secret(const char *name)
{
	static const char *const words[] = { "sig", "sas", "pwd" };
	/* "access_key": of S3 (AWS_SECRET_ACCESS_KEY) and of Azure's storage */
	static const char *const ends[] = {
		"password", "passwd", "passphrase", "passcode", "secret", "token", "apikey", "api_key",
		"api-key", "accountkey", "account_key", "account-key", "accesskey", "access_key",
		"access-key", "storage_key", "storage-key", "shared_key", "shared-key", "secretkey",
		"secret_key", "secret-key", "sharedaccesssignature", "connectionstring",
		"connection_string", "connection-string", "authorization",
	};

	return word_in(words, OI_ARRAY_SIZE(words), name) ||
	       end_in(ends, OI_ARRAY_SIZE(ends), name);
}

/* Names that in the query of an address say that it is a signed one. */
static bool name_signs(const char *name)
{
	/* sig, se: Azure's shared access signature; the rest: S3, GCS, and habits */
	static const char *const words[] = { "se", "auth", "code", "pass" };
	static const char *const parts[] = {
		"token", "secret", "passw", "pwd", "signature", "credential", "oauth",
		"session", "jwt",
	};
	static const char *const ends[] = { "key", "keyid" };

	return name_is_secret(name) || word_in(words, OI_ARRAY_SIZE(words), name) ||
	       part_in(parts, OI_ARRAY_SIZE(parts), name) ||
	       end_in(ends, OI_ARRAY_SIZE(ends), name);
}

/* The name before '=' in @len bytes, in small letters; NULL when there is no '='. */
static char *name_of(const char *segment, size_t len)
{
	const char *equals = memchr(segment, '=', len);
	char *name;

	if (!equals)
		return NULL;
	name = oi_mem_ndup(segment, (size_t)(equals - segment));
	for (char *c = name; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return name;
}

static int hex(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

	return at ? (int)(at - digits) : -1;
}

static char *percent_decoded(const char *s)
{
	struct oi_buf out = { 0 };

	for (; *s; s++) {
		char c = *s;

		if (c == '%' && hex(s[1]) >= 0 && hex(s[2]) >= 0) {
			c = (char)(hex(s[1]) * 16 + hex(s[2]));
			s += 2;
		}
		if (c)
			oi_buf_add(&out, &c, 1);
	}
	return oi_buf_take(&out);
}

/* What a URL in a URL, or one in JSON, is: "%253Fsig%253D", "\u0026sig=". */
#define ENCODED_DEEP 4

/* JSON's escapes of what is ASCII. */
static char *unescaped(const char *s)
{
	struct oi_buf out = { 0 };

	for (; *s; s++) {
		char c = *s;

		if (!strncmp(s, "\\u00", 4) && hex(s[4]) >= 0 && hex(s[4]) < 8 && hex(s[5]) >= 0) {
			c = (char)(hex(s[4]) * 16 + hex(s[5]));
			s += 5;
		}
		if (c)
			oi_buf_add(&out, &c, 1);
	}
	return oi_buf_take(&out);
}

static bool any_name_signs(const char *query)
{
	while (*query) {
		size_t len = strcspn(query, "?&;#");
		OI_FREE char *name = name_of(query, len);

		if (name && name_signs(name))
			return true;
		query += len;
		query += strspn(query, "?&;#");
	}
	return false;
}

static bool query_is_signed(const char *query)
{
	OI_FREE char *text = oi_mem_dup(query);
	bool is = any_name_signs(text);

	for (int deep = 0; deep < ENCODED_DEEP && !is; deep++) {
		OI_FREE char *once = percent_decoded(text);
		OI_FREE char *more = unescaped(once);

		if (!strcmp(more, text))
			break;
		is = any_name_signs(more);
		oi_mem_set(&text, more);
	}
	return is;
}

/* All of a signed query's values go; its names stay. */
static void hide_query(const char *query, struct oi_buf *out)
{
	while (*query) {
		size_t len = strcspn(query, "?&;#");
		const char *equals = memchr(query, '=', len);

		if (equals)
			oi_buf_add(out, query, (size_t)(equals + 1 - query));
		if (len)
			oi_buf_adds(out, HIDDEN); /* without a name it may be the rest of a value */
		query += len;
		len = strspn(query, "?&;#");
		oi_buf_add(out, query, len);
		query += len;
	}
}

/* name=value pairs outside of a query, as in connection strings and options. */
static void hide_pairs(const char *text, struct oi_buf *out)
{
	while (*text) {
		size_t len = strcspn(text, "&;,");
		OI_FREE char *name = name_of(text, len);

		if (name && name_is_secret(name) && len > strlen(name) + 1) {
			oi_buf_add(out, text, strlen(name) + 1);
			oi_buf_adds(out, HIDDEN);
		} else {
			oi_buf_add(out, text, len);
		}
		text += len;
		len = strspn(text, "&;,");
		oi_buf_add(out, text, len);
		text += len;
	}
}

/* Where "user:password" lies in a word; 0 length: there is none. */
struct span {
	size_t at, len;
};

static bool port_is_odd(const char *authority, size_t len)
{
	const char *bracket = memchr(authority, ']', len);
	const char *from = bracket ? bracket : authority;
	const char *colon = memchr(from, ':', len - (size_t)(from - authority));

	if (!colon)
		return false;
	for (colon++; colon < authority + len; colon++)
		if (!isdigit((unsigned char)*colon))
			return true;
	return false;
}

/* user:password@ of an address; the password may hold '/', '?' and '@' as they are. */
static struct span url_credentials(const char *word, const char *authority)
{
	struct span span = { (size_t)(authority - word), 0 };
	size_t len = strcspn(authority, "/?#\\");
	const char *last = strrchr(authority, '@');

	if (last && (memchr(authority, '@', len) || port_is_odd(authority, len)))
		span.len = (size_t)(last - authority);
	return span;
}

/* user:password@host without a scheme, as people write a proxy. */
static struct span bare_credentials(const char *word)
{
	const char *last = strrchr(word, '@'), *colon = strchr(word, ':');
	const char *equals = strchr(word, '=');
	const char *start = equals && colon && equals < colon ? equals + 1 : word;
	struct span span = { (size_t)(start - word), 0 };

	if (last && colon && colon > start && last > colon + 1 &&
	    (isalnum((unsigned char)last[1]) || last[1] == '['))
		span.len = (size_t)(last - start);
	return span;
}

static char *without_credentials(const char *word)
{
	const char *first = strstr(word, "://"), *at = strchr(word, '@');
	struct oi_buf out = { 0 };
	struct span span = { 0 };

	if (!first || (at && at < first))
		span = bare_credentials(word);
	for (const char *s = first; s && !span.len; s = strstr(s + 3, "://"))
		span = url_credentials(word, s + 3);
	if (!span.len)
		return oi_mem_dup(word);
	oi_buf_add(&out, word, span.at);
	oi_buf_adds(&out, HIDDEN);
	oi_buf_adds(&out, word + span.at + span.len);
	return oi_buf_take(&out);
}

static void hide_in_word(const char *word, struct oi_buf *out)
{
	OI_FREE char *safe = without_credentials(word);
	size_t before = strcspn(safe, "?#");

	if (safe[before] && query_is_signed(safe + before)) {
		oi_buf_add(out, safe, before);
		hide_query(safe + before, out);
	} else if (strpbrk(safe, "%\\") && query_is_signed(safe + strcspn(safe, "%\\"))) {
		/* a whole address that is encoded: "https%3A%2F%2Fh%2Ff%3Fsig%3Dx" */
		oi_buf_add(out, safe, strcspn(safe, "%\\"));
		oi_buf_adds(out, HIDDEN);
	} else {
		hide_pairs(safe, out);
	}
}

/* Is this word, behind "Bearer", a token and not the next word of a sentence? */
static bool is_token(const char *word)
{
	size_t len = strlen(word), small = 0;

	while (small < len && (islower((unsigned char)word[small]) || ispunct((unsigned char)word[small])))
		small++;
	return len && (small < len || len >= 20);
}

static bool ends_in_bearer(const char *word)
{
	size_t len = strcspn(word, ":");

	return len >= 6 && !strncasecmp(word + len - 6, "bearer", 6);
}

static bool splits_words(char c)
{
	return isspace((unsigned char)c) || iscntrl((unsigned char)c) || strchr("\"'<>`", c);
}

static void hide_in_words(const char *line, struct oi_buf *out)
{
	bool after_bearer = false;

	while (*line) {
		OI_FREE char *word = NULL;
		size_t len = 0;

		if (splits_words(*line)) {
			oi_buf_add(out, line++, 1);
			continue;
		}
		while (line[len] && !splits_words(line[len]))
			len++;
		word = oi_mem_ndup(line, len);
		if (after_bearer && is_token(word))
			oi_buf_adds(out, HIDDEN);
		else
			hide_in_word(word, out);
		after_bearer = ends_in_bearer(word);
		line += len;
	}
}

/* The value of a header: to its closing quote, or to the end of the line. */
static const char *header_value_end(const char *value, char quote, bool quote_is_escaped)
{
	if (!quote)
		return value + strcspn(value, "\r\n");
	for (; *value && *value != quote; value++) {
		if (*value != '\\' || !value[1])
			continue;
		if (quote_is_escaped && value[1] == quote)
			break;
		value++;
	}
	return value;
}

static bool is_quote(char c)
{
	return c == '"' || c == '\'';
}

static void hide_headers(const char *line, struct oi_buf *out)
{
	static const char *const names[] = { "authorization", "cookie", "api-key",
					     "auth-token", "subscription-key" };
	static const char first[] = "aAcCsS"; /* a name begins with one of these */
	const char *start = line;

	while (*line) {
		size_t plain = strcspn(line, first);
		const char *p = NULL, *end;
		char quote = '\0';

		if (plain) {
			oi_buf_add(out, line, plain);
			line += plain;
			continue;
		}
		for (size_t i = 0; i < OI_ARRAY_SIZE(names) && !p; i++)
			if (!strncasecmp(line, names[i], strlen(names[i])))
				p = line + strlen(names[i]);
		if (!p) {
			oi_buf_add(out, line++, 1);
			continue;
		}
		/* -H 'Authorization: ...': the quote before the name's first part */
		for (end = line; end > start && (isalnum((unsigned char)end[-1]) || end[-1] == '-');)
			end--;
		if (end > start && is_quote(end[-1]))
			quote = end[-1];
		while (*p == '\\' || is_quote(*p)) {
			p++;
			quote = '\0'; /* "Authorization": "..." */
		}
		p += strspn(p, " \t");
		if (*p != ':' && (*p != '=' || tolower((unsigned char)*line) == 'c')) {
			oi_buf_add(out, line, (size_t)(p - line));
			line = p;
			continue;
		}
		p++;
		p += strspn(p, " \t\\");
		if (is_quote(*p))
			quote = *p++;
		end = header_value_end(p, quote, quote && p[-1] == quote && p[-2] == '\\');
		oi_buf_add(out, line, (size_t)(p - line));
		if (end > p)
			oi_buf_adds(out, HIDDEN);
		line = end;
	}
}

/* --- a name, and its value behind it --- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool in_name(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

/* The next word as a shell would see it: where it ends. @word: moved behind an opening quote. */
static const char *word_end(const char **word)
{
	char quote = '\0';

	if (is_quote(**word))
		quote = *(*word)++;
	return quote ? header_value_end(*word, quote, false) : *word + strcspn(*word, " \t\r\n\"'`<>");
}

/* `name: value`, `"name": "value"`, `name = value`; NULL: @p is none. *@end: behind the value. */
static const char *value_behind(const char *p, const char **end)
{
	const char *at = p;
	bool escaped, plain;

	while (*at == '\\' || is_quote(*at))
		at++;
	plain = at == p;
	at += strspn(at, " \t");
	if ((*at != ':' && *at != '=') || at[1] == '/')
		return NULL;
	/* name=value within a word is told apart by what may come behind it */
	if (*at == '=' && plain && at == p && !is_quote(at[1]) && !is_blank(at[1]))
		return NULL;
	at++;
	at += strspn(at, " \t");
	escaped = at[0] == '\\' && is_quote(at[1]);
	at += escaped;
	if (is_quote(*at)) {
		*end = header_value_end(at + 1, *at, escaped);
		return at + 1;
	}
	*end = strchr("[{", *at) ? at : at + strcspn(at, ",;}&\"'<>`\r\n"); /* what a list or a map has comes by itself */
	return at;
}

/* `machine h login u password p`, and a line of such a file that has only the last of it. */
static bool is_netrc(const char *line, const char *name, const char *behind)
{
	const char *word = behind + strspn(behind, " \t");
	const char *rest = word + strcspn(word, " \t\r\n");
	bool alone = line + strspn(line, " \t") == name && !rest[strspn(rest, " \t\r\n")];
	OI_FREE char *before = oi_mem_ndup(line, (size_t)(name - line));

	return *word && (alone || strstr(before, "login ") || strstr(before, "machine "));
}

/* Return: the value of an option or of a word of .netrc; NULL: there is none. */
static const char *word_behind(const char *line, const char *name, size_t len, const char **end)
{
	static const char *const netrc[] = { "password", "passwd" };
	const char *at = name + len + strspn(name + len, " \t");
	OI_FREE char *word = oi_mem_ndup(name, len);

	if (!is_blank(name[len]) || !*at)
		return NULL;
	if (*name == '-' ? at[0] == '-' && at[1] == '-' :
			   !word_in(netrc, OI_ARRAY_SIZE(netrc), word) || !is_netrc(line, name, name + len))
		return NULL;
	*end = word_end(&at);
	return at;
}

/* curl -u user:password, and its like; NULL: none */
static const char *user_behind(const char *option, size_t len, const char **end)
{
	static const char *const options[] = { "-u", "-U", "--user", "--proxy-user", "--cert", "--proxy-cert" };
	const char *at = option + len;
	OI_FREE char *name = oi_mem_ndup(option, len);

	if (!strncasecmp(name, "-u", 2) && name[2])
		at = option + 2; /* -uuser:password */
	else if (!word_in(options, OI_ARRAY_SIZE(options), name) || (*at != '=' && !is_blank(*at)))
		return NULL;
	at += *at == '=';
	at += strspn(at, " \t");
	*end = word_end(&at);
	return memchr(at, ':', (size_t)(*end - at)) ? at : NULL;
}

#define LAST_LETTERS "degnstyDEGNSTY" /* of those that name_is_secret() knows */

static void hide_named(const char *line, struct oi_buf *out)
{
	const char *p = line, *plain = line; /* up to @p nothing is a secret */

	while (*p) {
		const char *value, *end = NULL;
		OI_FREE char *name = NULL;
		size_t len = 0;

		while (in_name(p[len]))
			len++;
		/* no name that says so has another last letter, and an option has its minus */
		if (!len || (*p != '-' && !strchr(LAST_LETTERS, p[len - 1]))) {
			p += len ? len : 1;
			continue;
		}
		name = oi_mem_ndup(p, len);
		for (char *c = name; *c; c++)
			*c = (char)tolower((unsigned char)*c);
		value = *p == '-' ? user_behind(p, len, &end) : NULL;
		if (!value && name_is_secret(name + strspn(name, "-"))) {
			value = value_behind(p + len, &end);
			if (!value)
				value = word_behind(line, p, len, &end);
		}
		if (!value) {
			p += len;
			continue;
		}
		oi_buf_add(out, plain, (size_t)(value - plain));
		if (end > value)
			oi_buf_adds(out, HIDDEN);
		p = plain = end;
	}
	oi_buf_adds(out, plain);
}

/* --- what the user has told us himself --- */

#define KNOWN_LEAST_BYTES 4 /* a shorter one is part of too many words */

static struct oi_strv known; /* the longest first */

void oi_redact_know(const char *secret)
{
	if (!secret || strlen(secret) < KNOWN_LEAST_BYTES || strstr(HIDDEN, secret) ||
	    oi_strv_has(&known, secret))
		return;
	oi_strv_add(&known, secret);
	for (size_t i = known.n - 1; i > 0 && strlen(known.v[i - 1]) < strlen(known.v[i]); i--) {
		char *shorter = known.v[i - 1];

		known.v[i - 1] = known.v[i];
		known.v[i] = shorter;
	}
}

static void know_decoded(const char *text, size_t len)
{
	OI_FREE char *raw = oi_mem_ndup(text, len);
	OI_FREE char *decoded = percent_decoded(raw);

	oi_redact_know(raw);
	oi_redact_know(decoded);
}

/* Of an address that is itself a secret: a part that nobody would choose for its meaning. */
#define PART_LEAST_BYTES 12

static void know_path(const char *path)
{
	while (*path) {
		size_t len = strcspn(path, "/?&=#");

		if (len >= PART_LEAST_BYTES)
			know_decoded(path, len);
		path += len;
		path += strspn(path, "/?&=#");
	}
}

static void know_query(const char *query)
{
	while (*query) {
		size_t len = strcspn(query, "?&;#");
		OI_FREE char *name = name_of(query, len);

		if (name && name_is_secret(name))
			know_decoded(query + strlen(name) + 1, len - strlen(name) - 1);
		query += len;
		query += strspn(query, "?&;#");
	}
}

/* user:password@, a signature, and the whole of an address that is itself the permission to write. */
static void know_text(const char *text, bool all)
{
	const char *scheme = strstr(text, "://");
	const char *authority = scheme ? scheme + 3 : text;
	struct span span = scheme ? url_credentials(text, authority) : bare_credentials(text);
	const char *colon = memchr(text + span.at, ':', span.len);
	const char *path;

	if (span.len) {
		know_decoded(text + span.at, span.len);
		if (colon)
			know_decoded(colon + 1, (size_t)(text + span.at + span.len - colon - 1));
	}
	if (!scheme)
		return;
	path = authority + span.len;
	path += strcspn(path, "/?#");
	know_query(path + strcspn(path, "?#"));
	if (all && path[0] && path[1]) {
		oi_redact_know(authority);
		know_path(path);
	}
}

static bool key_is_secret(const char *key)
{
	OI_FREE char *name = oi_mem_dup(key);

	for (char *c = name; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return name_is_secret(name);
}

void oi_redact_know_doc(const struct oi_doc *doc)
{
	for (size_t i = 0; doc && i < doc->n; i++) {
		const char *key = doc->kind == OI_DOC_MAP ? doc->keys[i] : "";
		const char *text = oi_doc_string(doc->items[i]);

		if (text && key_is_secret(key))
			oi_redact_know(text);
		else if (text)
			know_text(text, !strcmp(key, "webhook") || !strcmp(key, "endpoint"));
		oi_redact_know_doc(doc->items[i]);
	}
}

static bool is_value(const struct oi_doc *item)
{
	return (item->kind == OI_DOC_STRING && item->text && *item->text) || item->kind == OI_DOC_INT ||
	       item->kind == OI_DOC_REAL;
}

void oi_report_redact_doc(struct oi_doc *doc)
{
	if (!doc)
		return;
	if (doc->kind == OI_DOC_STRING && doc->text) {
		char *safe = oi_redact(doc->text);

		free(doc->text);
		doc->text = safe;
	}
	for (size_t i = 0; i < doc->n; i++) {
		struct oi_doc *item = doc->items[i];

		if (doc->kind == OI_DOC_MAP && is_value(item) && key_is_secret(doc->keys[i])) {
			item->kind = OI_DOC_STRING;
			oi_mem_set(&item->text, HIDDEN);
		} else {
			oi_report_redact_doc(item);
		}
	}
}

void oi_redact_forget(void)
{
	oi_strv_clear(&known);
}

static void hide_known(const char *line, struct oi_buf *out)
{
	while (*line) {
		size_t len = 0;

		for (size_t i = 0; i < known.n && !len; i++)
			if (!strncmp(line, known.v[i], strlen(known.v[i])))
				len = strlen(known.v[i]);
		if (len)
			oi_buf_adds(out, HIDDEN);
		else
			oi_buf_add(out, line, 1);
		line += len ? len : 1;
	}
}

static void hide_pem(const char *line, struct oi_buf *out)
{
	const char *begin;

	while ((begin = strstr(line, PEM_BEGIN))) {
		const char *label = begin + strlen(PEM_BEGIN);
		const char *label_end = strstr(label, PEM_DASHES);
		const char *end = strstr(label, PEM_END);
		size_t label_len = label_end ? (size_t)(label_end - label) : 0;

		oi_buf_add(out, line, (size_t)(begin - line));
		oi_buf_adds(out, "[" HIDDEN " ");
		if (label_len && label_len <= PEM_LABEL_BYTES)
			oi_buf_add(out, label, label_len);
		else
			oi_buf_adds(out, "key");
		oi_buf_adds(out, "]");
		if (!end)
			return; /* the rest of the line may be part of it */
		line = end + strlen(PEM_END);
		end = strstr(line, PEM_DASHES);
		line = end ? end + strlen(PEM_DASHES) : line + strlen(line);
	}
	oi_buf_adds(out, line);
}

static char *redact_once(const char *line)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf one = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf two = { 0 };

	if (known.n) {
		hide_known(line, &two);
		line = oi_buf_str(&two);
	}
	hide_pem(line, &one);
	oi_buf_reset(&two);
	hide_headers(oi_buf_str(&one), &two);
	oi_buf_reset(&one);
	hide_named(oi_buf_str(&two), &one);
	oi_buf_reset(&two);
	hide_in_words(oi_buf_str(&one), &two);
	return oi_buf_take(&two);
}

/*
 * What was hidden may have stood between a secret and what makes it one: in
 * "x=u:p@Bearer TOKEN" the ':' of the credentials. So it is looked at until
 * nothing more is found, which for lines that people write is the second time.
 */
char *oi_redact(const char *line)
{
	char *safe;

	/* A word by itself, as most values of a document are: nothing in it says that it is a secret. */
	if (!known.n && !strpbrk(line, " \t\r\n=:@%\\?#\"'") && !strstr(line, PEM_DASHES))
		return oi_mem_dup(line);
	safe = redact_once(line);

	for (int more = 0; more < PASSES_MAX; more++) {
		char *safer = redact_once(safe);
		bool same = !strcmp(safer, safe);

		free(safe);
		safe = safer;
		if (same)
			break;
	}
	return safe;
}
