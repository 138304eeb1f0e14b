/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The forms in which user-data travels to cloud-init, taken apart as cloud-init does: plain, MIME,
 * archive, gzip, template. Source: cloud-init, user_data.py and handlers/__init__.py
 */
#ifndef OI_FACTS_USERDATA_H
#define OI_FACTS_USERDATA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "sys/host.h"

enum oi_part_kind {
	OI_PART_PLAIN, /* it begins with no word that cloud-init knows */
	OI_PART_CLOUD_CONFIG,
	OI_PART_STANZA, /* text/x-infiniband */
	OI_PART_INCLUDE, /* addresses */
	OI_PART_OTHER, /* scripts and the like */
};

struct oi_part {
	enum oi_part_kind kind;
	char *name; /* of the file, and of the part where its lines are not the file's */
	struct oi_buf text; /* with as many empty lines before it as bring each line to its number */
	bool is_template; /* what jinja fills in is OI_TEMPLATE_MARK now */
	char *merge_type; /* of its header; NULL: none */
};

struct oi_parts {
	struct oi_part *v;
	size_t n;
};

/* One stands for each character that cloud-init will fill in: of Unicode's private use. */
#define OI_TEMPLATE_MARK "\xee\x80\x80"

/**
 * oi_userdata_split() - the parts of a text, in order
 * @host: for gzip
 * @name: of the file
 * @parts: zeroed; oi_parts_clear() in any case
 * Return: 0, or -1 with OI_R_STANZA_SYNTAX where cloud-init would drop the whole of it.
 */
OI_MUST_CHECK
int oi_userdata_split(const struct oi_host *host, const char *name, const struct oi_buf *bytes,
		      struct oi_parts *parts, struct oi_err *err);
void oi_parts_clear(struct oi_parts *parts);

/** oi_userdata_kind() - what cloud-init takes a text for by its beginning; @is_template: set or not */
enum oi_part_kind oi_userdata_kind(const char *text, bool *is_template);

/**
 * oi_userdata_embedded() - a text within a YAML file, brought to the lines that it has there
 * @outer: the file's text; @line: of the node, from 1; @content: the node's value
 * Return: whether it stands there line by line (a literal block); else @out is the content as it is.
 */
bool oi_userdata_embedded(const char *outer, unsigned int line, const char *content,
			  struct oi_buf *out);

/**
 * oi_userdata_decode() - what `encoding` of write_files says: b64, gz, gz+b64 and their other names
 * @encoding: NULL: as it is
 * @out: appended to
 */
OI_MUST_CHECK
int oi_userdata_decode(const struct oi_host *host, const char *name, const char *encoding,
		       const char *content, struct oi_buf *out, struct oi_err *err);

#endif
