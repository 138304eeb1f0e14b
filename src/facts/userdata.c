/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/userdata.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/doc.h"
#include "base/mem.h"
#include "model/reasons.h"
#include "sys/clock.h"
#include "sys/run.h"

#define GUNZIP_MS 30000
#define MAX_DEPTH 4 /* of parts within parts */
#define MAX_PARTS 1000
#define MIME_WORD "mime-version:"
#define MIME_WITHIN 4096 /* bytes in which cloud-init looks for that */

struct splitter {
	const struct oi_host *host;
	const char *file;
	struct oi_parts *parts;
	struct oi_err *err;
};

static int split(struct splitter *s, const struct oi_buf *bytes, const char *type,
		 const char *merge_type, unsigned int line, const char *name, unsigned int depth);

void oi_parts_clear(struct oi_parts *parts)
{
	for (size_t i = 0; i < parts->n; i++) {
		free(parts->v[i].name);
		free(parts->v[i].merge_type);
		oi_buf_clear(&parts->v[i].text);
	}
	free(parts->v);
	*parts = (struct oi_parts){ 0 };
}

static int broken(struct splitter *s, const char *name, const char *what)
{
	return oi_err_set(s->err, OI_R_STANZA_SYNTAX, "%s: %s", name, what);
}

/* --- what a text is --- */

/* As Python's str.lstrip(): a byte order mark is no blank. */
static const char *skip_blanks(const char *text)
{
	static const char *const wide[] = { "\xc2\x85", "\xc2\xa0", "\xe1\x9a\x80", "\xe2\x80\xa8",
					    "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80" };
	size_t n;

	do {
		n = strspn(text, " \t\n\r\v\f\x1c\x1d\x1e\x1f");
		for (size_t i = 0; !n && i < OI_ARRAY_SIZE(wide); i++)
			if (!strncmp(text, wide[i], strlen(wide[i])))
				n = strlen(wide[i]);
		if (!n && !strncmp(text, "\xe2\x80", 2) && (unsigned char)text[2] >= 0x80 &&
		    (unsigned char)text[2] <= 0x8a)
			n = 3;
		text += n;
	} while (n);
	return text;
}

static bool begins(const char *text, const char *word)
{
	return !strncasecmp(text, word, strlen(word));
}

static bool is_archive(const char *text)
{
	return begins(skip_blanks(text), "#cloud-config-archive");
}

static const char *behind_first_line(const char *text)
{
	const char *end = strchr(text, '\n');

	return end ? end + 1 : text + strlen(text);
}

enum oi_part_kind oi_userdata_kind(const char *text, bool *is_template)
{
	static const struct {
		const char *word;
		enum oi_part_kind kind;
	} words[] = { /* the longer one first */
		{ "#cloud-config-archive", OI_PART_OTHER }, { "#cloud-config-jsonp", OI_PART_OTHER },
		{ "#cloud-boothook", OI_PART_OTHER },	    { "#cloud-config", OI_PART_CLOUD_CONFIG },
		{ "#part-handler", OI_PART_OTHER },	    { "#include", OI_PART_INCLUDE },
		{ "#!", OI_PART_OTHER },
	};

	text = skip_blanks(text);
	*is_template = begins(text, "## template: jinja");
	if (*is_template)
		text = skip_blanks(behind_first_line(text));
	for (size_t i = 0; i < OI_ARRAY_SIZE(words); i++)
		if (begins(text, words[i].word))
			return words[i].kind;
	return OI_PART_PLAIN;
}

/* --- templates --- */

/* The end of what @from begins; NULL: it has none */
static const char *end_of_tag(const char *from)
{
	const char *close = from[1] == '{' ? "}}" : from[1] == '%' ? "%}" : "#}";
	const char *end = strstr(from + 2, close);

	return end ? end + 2 : NULL;
}

/* A line of a template on its way. */
struct template_line {
	char before; /* the last that was neither blank nor statement; '\0': nothing yet */
	bool statement; /* there was one */
	const char *next; /* where the next such thing is, or the line's end; NULL: not looked for */
};

/* The next of a line that is neither blank nor statement nor comment, or its end. */
static const char *find_content(const char *from)
{
	while (*from && *from != '\n') {
		const char *tag = *from == '{' && from[1] && strchr("%#", from[1]) ? end_of_tag(from) : NULL;

		if (!tag && !strchr(" \t\r", *from))
			break;
		from = tag ? tag : from + 1;
	}
	return from;
}

/* What stands for each character of a tag; "": it goes, as it would shift what follows. @end: behind it */
static const char *stand_in(struct template_line *line, const char *tag, const char *end)
{
	bool after;

	if (tag[1] == '{')
		return OI_TEMPLATE_MARK;
	/* a mark would go on at the beginning of the tag's next line */
	if (tag[1] == '#' || memchr(tag, '\n', (size_t)(end - tag)))
		return " ";
	if (!line->next || line->next < end)
		line->next = find_content(end);
	after = *line->next && *line->next != '\n';
	/* within a line its branches are one word to YAML, which cloud-init chooses from */
	if (line->before)
		return after || (line->statement && line->before != ':') ? OI_TEMPLATE_MARK : " ";
	return after ? "" : " ";
}

/*
 * Values become marks, and so do statements in the middle of a line. Other statements and comments
 * become blanks; those before what a line says go. Each line keeps its number, and most of them their columns.
 */
static void blank_template(const char *text, struct oi_buf *out)
{
	struct template_line line = { 0 };

	while (*text) {
		const char *end = *text == '{' && text[1] && strchr("{%#", text[1]) ? end_of_tag(text) : NULL;
		const char *instead = end ? stand_in(&line, text, end) : NULL;

		if (*text == '\n')
			line = (struct template_line){ 0 };
		if (!end) {
			if (!strchr(" \t\r\n", *text))
				line.before = *text;
			oi_buf_add(out, text++, 1);
			continue;
		}
		if (text[1] == '{')
			line.before = '}';
		line.statement |= text[1] == '%';
		for (; text < end; text++)
			if (*text == '\n')
				oi_buf_adds(out, "\n");
			else if (((unsigned char)*text & 0xc0) != 0x80)
				oi_buf_adds(out, instead);
	}
}

/* --- encodings --- */

static void decode_base64(const char *text, size_t len, struct oi_buf *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned int bits = 0, n = 0;

	for (size_t i = 0; i < len && text[i] != '='; i++) {
		const char *digit = text[i] ? strchr(digits, text[i]) : NULL;
		char byte;

		if (!digit)
			continue;
		bits = bits << 6 | (unsigned int)(digit - digits);
		n += 6;
		if (n < 8)
			continue;
		n -= 8;
		byte = (char)(bits >> n & 0xff);
		oi_buf_add(out, &byte, 1);
	}
}

static int hex(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : isxdigit((unsigned char)c) ? tolower(c) - 'a' + 10 : -1;
}

/* Source: RFC 2045, 6.7 */
static void decode_quoted(const char *text, size_t len, struct oi_buf *out)
{
	for (size_t i = 0; i < len; i++) {
		char byte = text[i];

		if (byte == '=' && i + 1 < len && text[i + 1] == '\n') {
			i++;
			continue;
		}
		if (byte == '=' && i + 2 < len && text[i + 1] == '\r' && text[i + 2] == '\n') {
			i += 2;
			continue;
		}
		if (byte == '=' && i + 2 < len && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0) {
			byte = (char)(hex(text[i + 1]) * 16 + hex(text[i + 2]));
			i += 2;
		}
		oi_buf_add(out, &byte, 1);
	}
}

static bool is_gzip(const struct oi_buf *bytes)
{
	return bytes->len > 2 && !memcmp(bytes->data, "\x1f\x8b", 2);
}

/* The bytes have no name of their own: gzip opens them as this process' descriptor. */
static int gunzip(const struct oi_host *host, const char *name, const struct oi_buf *bytes,
		  struct oi_buf *out, struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv argv = { 0 };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	const struct oi_run_options options = {
		.deadline_ms = oi_clock_ms() + GUNZIP_MS,
		.stdout_text = out,
		.stdout_limit_bytes = OI_DOC_MAX_BYTES,
		.quiet_stdout = true,
	};
	int fd, rc = 0;

	if (!host->tools.path[OI_TOOL_GZIP])
		return oi_err_set(err, OI_R_TOOL_MISSING, "%s: gzip is not installed", name);
	fd = memfd_create("user-data", MFD_CLOEXEC);
	if (fd < 0 || write(fd, bytes->data, bytes->len) != (ssize_t)bytes->len)
		rc = oi_err_set(err, OI_R_READ_FAILED, "%s: %s", name, strerror(errno));
	oi_strv_add(&argv, host->tools.path[OI_TOOL_GZIP]);
	oi_strv_add(&argv, "-dcf");
	oi_strv_addf(&argv, "/proc/%ld/fd/%d", (long)getpid(), fd);
	if (!rc && oi_run(argv.v, &options, &result, err))
		rc = oi_err_set(err, OI_R_STANZA_SYNTAX, "%s: this is gzip, and cannot be decompressed", name);
	if (fd >= 0)
		close(fd);
	return rc;
}

/* Source: cloud-init, cc_write_files.py, canonicalize_extraction() */
int oi_userdata_decode(const struct oi_host *host, const char *name, const char *encoding,
		       const char *content, struct oi_buf *out, struct oi_err *err)
{
	static const char *const base64[] = { "b64", "base64", "gz+base64", "gzip+base64", "gz+b64", "gzip+b64" };
	OI_CLEANUP(oi_buf_clear) struct oi_buf bytes = { 0 };
	bool is_base64 = false;

	for (size_t i = 0; encoding && i < OI_ARRAY_SIZE(base64); i++)
		is_base64 |= !strcasecmp(encoding, base64[i]);
	if (is_base64)
		decode_base64(content, strlen(content), &bytes);
	else
		oi_buf_adds(&bytes, content);
	if (encoding && begins(encoding, "gz") && is_gzip(&bytes))
		return gunzip(host, name, &bytes, out, err);
	oi_buf_add(out, bytes.data, bytes.len);
	return 0;
}

/* --- MIME --- */

struct header {
	char *type, *boundary, *encoding, *merge_type;
};

static void header_clear(struct header *h)
{
	free(h->type);
	free(h->boundary);
	free(h->encoding);
	free(h->merge_type);
}

/* boundary="x y" or boundary=x; owned by the caller, NULL: none */
static char *find_boundary(const char *value)
{
	const char *at = strcasestr(value, "boundary=");

	if (!at)
		return NULL;
	at += strlen("boundary=");
	return *at == '"' ? oi_mem_ndup(at + 1, strcspn(at + 1, "\"")) : oi_mem_ndup(at, strcspn(at, "; \t\r\n"));
}

static void keep_field(struct header *h, const char *field)
{
	const char *colon = strchr(field, ':');
	const char *value = colon ? colon + 1 + strspn(colon + 1, " \t") : NULL;

	if (!value)
		return;
	if (begins(field, "content-type:")) {
		free(h->type);
		free(h->boundary);
		h->type = oi_mem_ndup(value, strcspn(value, "; \t\r\n"));
		h->boundary = find_boundary(value);
	} else if (begins(field, "content-transfer-encoding:")) {
		free(h->encoding);
		h->encoding = oi_mem_ndup(value, strcspn(value, " \t\r\n"));
	} else if (begins(field, "merge-type:") || begins(field, "x-merge-type:")) {
		oi_mem_set(&h->merge_type, value);
	}
}

/* Return: the body behind the empty line; @line: counted on */
static const char *read_header(const char *text, struct header *h, unsigned int *line)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf field = { 0 };

	while (*text) {
		size_t len = strcspn(text, "\n");
		size_t shown = len && text[len - 1] == '\r' ? len - 1 : len;

		if (*text != ' ' && *text != '\t') { /* else the field before goes on */
			keep_field(h, oi_buf_str(&field));
			oi_buf_reset(&field);
		}
		oi_buf_add(&field, text, shown);
		text += len + (text[len] == '\n');
		++*line;
		if (!shown)
			break;
	}
	keep_field(h, oi_buf_str(&field));
	return text;
}

static bool is_boundary(const char *line, const char *boundary, bool *last)
{
	size_t len = strlen(boundary);

	if (strncmp(line, "--", 2) != 0 || strncmp(line + 2, boundary, len) != 0)
		return false;
	line += 2 + len;
	*last = !strncmp(line, "--", 2);
	line += *last ? 2 : 0;
	line += strspn(line, " \t\r");
	return !*line || *line == '\n';
}

static int split_mime(struct splitter *s, const char *text, unsigned int line, const char *name,
		      unsigned int depth);

static int split_entity(struct splitter *s, const char *text, size_t len, unsigned int line,
			const char *name, unsigned int depth)
{
	OI_FREE char *copy = oi_mem_ndup(text, len);
	OI_CLEANUP(header_clear) struct header h = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf body = { 0 };
	OI_FREE char *numbered = NULL;
	const char *from = read_header(copy, &h, &line);

	if (h.type && begins(h.type, "multipart/"))
		return split_mime(s, copy, line - 1, name, depth + 1);
	numbered = oi_mem_printf("%s (part %zu)", name, s->parts->n + 1);
	if (h.encoding && !strcasecmp(h.encoding, "base64"))
		decode_base64(from, strlen(from), &body);
	else if (h.encoding && !strcasecmp(h.encoding, "quoted-printable"))
		decode_quoted(from, strlen(from), &body);
	else
		oi_buf_adds(&body, from);
	if (h.encoding && (!strcasecmp(h.encoding, "base64") || !strcasecmp(h.encoding, "quoted-printable")))
		line = 1;
	return split(s, &body, h.type ? h.type : "text/plain", h.merge_type, line,
		     line == 1 ? numbered : name, depth + 1);
}

/* @line: of its first line; the header is still there */
static int split_mime(struct splitter *s, const char *text, unsigned int line, const char *name,
		      unsigned int depth)
{
	OI_CLEANUP(header_clear) struct header h = { 0 };
	const char *at = read_header(text, &h, &line), *from = NULL;
	unsigned int from_line = line;
	bool last = false;

	if (depth > MAX_DEPTH)
		return broken(s, name, "parts within parts, too deeply");
	if (!h.boundary || !h.type || !begins(h.type, "multipart/"))
		return split_entity(s, text, strlen(text), 1, name, depth);
	for (; *at && !last; line++) {
		const char *next = behind_first_line(at);
		bool bound = is_boundary(at, h.boundary, &last);

		if (bound && from &&
		    split_entity(s, from, (size_t)(at - from), from_line, name, depth))
			return -1;
		if (bound) {
			from = last ? NULL : next;
			from_line = line + 1;
		}
		at = next;
	}
	return from ? split_entity(s, from, strlen(from), from_line, name, depth) : 0;
}

static bool is_mime(const struct oi_buf *bytes)
{
	OI_FREE char *head = oi_mem_ndup(bytes->data, bytes->len < MIME_WITHIN ? bytes->len : MIME_WITHIN);

	return strcasestr(head, MIME_WORD);
}

/* --- archives --- */

bool oi_userdata_embedded(const char *outer, unsigned int line, const char *content, struct oi_buf *out)
{
	const char *raw = outer;
	size_t indent;

	for (unsigned int i = 0; i < line; i++)
		raw = behind_first_line(raw);
	indent = strspn(raw, " ");
	if (!line || !*content || !indent || strncmp(raw + indent, content, strcspn(content, "\n")) != 0 ||
	    strstr(content, "\n---") || begins(content, "---") || begins(content, "%")) {
		oi_buf_adds(out, content);
		return false;
	}
	for (unsigned int i = 0; i < line; i++)
		oi_buf_adds(out, "\n");
	for (const char *c = content; *c; c = behind_first_line(c)) {
		size_t len = (size_t)(behind_first_line(c) - c);

		if (*c != '\n')
			oi_buf_add(out, raw, indent);
		oi_buf_add(out, c, len);
	}
	return true;
}

static int add_part(struct splitter *s, enum oi_part_kind kind, bool is_template, const char *text,
		    unsigned int line, const char *name, const char *merge_type)
{
	struct oi_parts *parts = s->parts;
	struct oi_part *part;

	if (parts->n == MAX_PARTS)
		return broken(s, name, "too many parts");
	parts->v = oi_mem_grow(parts->v, parts->n + 1, sizeof(*parts->v));
	part = &parts->v[parts->n++];
	*part = (struct oi_part){ .kind = kind, .is_template = is_template, .name = oi_mem_dup(name),
				  .merge_type = oi_mem_dup(merge_type) };
	for (unsigned int i = 1; i < line; i++)
		oi_buf_adds(&part->text, "\n");
	if (is_template)
		blank_template(text, &part->text);
	else
		oi_buf_adds(&part->text, text);
	return 0;
}

/* A list of texts, or of maps with content and type. */
static int split_archive(struct splitter *s, const char *text, unsigned int line, const char *name,
			 unsigned int depth)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf padded = { 0 };
	OI_DOC_AUTO *doc = NULL;

	for (unsigned int i = 1; i < line; i++)
		oi_buf_adds(&padded, "\n");
	oi_buf_adds(&padded, text);
	if (oi_doc_from_yaml(oi_buf_str(&padded), padded.len, name, OI_R_STANZA_SYNTAX, &doc, s->err))
		return -1;
	if (doc->kind != OI_DOC_LIST)
		return broken(s, name, "an archive is a list, each item with its content");
	for (size_t i = 0; i < doc->n; i++) {
		const struct oi_doc *item = doc->items[i];
		const struct oi_doc *content = item->kind == OI_DOC_MAP ? oi_doc_get(item, "content") : item;
		const char *type = oi_doc_string(oi_doc_get(item, "type"));
		OI_CLEANUP(oi_buf_clear) struct oi_buf inner = { 0 }, bytes = { 0 };
		OI_FREE char *numbered = NULL;
		bool in_place, is_template;

		if (!oi_doc_string(content))
			continue;
		in_place = oi_userdata_embedded(oi_buf_str(&padded), content->line, content->text, &inner);
		if (!type && oi_userdata_kind(content->text, &is_template) == OI_PART_PLAIN)
			type = "text/cloud-config";
		numbered = oi_mem_printf("%s (part %zu)", name, s->parts->n + 1);
		oi_buf_add(&bytes, inner.data, inner.len);
		if (split(s, &bytes, type, NULL, 1, in_place ? name : numbered, depth + 1))
			return -1;
	}
	return 0;
}

/* --- all of them --- */

/* @type: of its header; NULL or "text/plain": by its beginning. @line: of its first line */
static int split(struct splitter *s, const struct oi_buf *bytes, const char *type,
		 const char *merge_type, unsigned int line, const char *name, unsigned int depth)
{
	const char *text = oi_buf_str(bytes);
	enum oi_part_kind kind;
	bool is_template;

	if (depth > MAX_DEPTH)
		return broken(s, name, "parts within parts, too deeply");
	if (is_gzip(bytes)) {
		OI_CLEANUP(oi_buf_clear) struct oi_buf plain = { 0 };

		if (gunzip(s->host, name, bytes, &plain, s->err))
			return -1;
		return split(s, &plain, type && begins(type, "application/") ? NULL : type, merge_type, 1, name,
			     depth + 1);
	}
	if (!type && is_mime(bytes))
		return split_mime(s, text, line, name, depth + 1);
	kind = oi_userdata_kind(text, &is_template);
	if ((type && !strcasecmp(type, "text/cloud-config-archive")) ||
	    ((!type || begins(type, "text/plain")) && is_archive(text)))
		return split_archive(s, text, line, name, depth + 1);
	if (type && !strcasecmp(type, "text/cloud-config"))
		kind = OI_PART_CLOUD_CONFIG;
	else if (type && !strcasecmp(type, "text/x-infiniband"))
		kind = OI_PART_STANZA;
	else if (type && (kind == OI_PART_PLAIN ||
			  (!begins(type, "text/plain") && !begins(type, "text/x-not-multipart") &&
			   !begins(type, "text/jinja2") && !begins(type, "text/x-shellscript"))))
		kind = OI_PART_OTHER;
	return add_part(s, kind, is_template, text, line, name, merge_type);
}

int oi_userdata_split(const struct oi_host *host, const char *name, const struct oi_buf *bytes,
		      struct oi_parts *parts, struct oi_err *err)
{
	struct splitter s = { .host = host, .file = name, .parts = parts, .err = err };

	return split(&s, bytes, NULL, NULL, 1, name, 0);
}
