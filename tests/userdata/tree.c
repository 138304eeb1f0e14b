/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What our reader makes of YAML texts, for reader.py: each text comes as "LENGTH\n" and its bytes,
 * each answer goes as a line: "- what is wrong", or "+ " and the tree in Python's words.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/doc.h"
#include "base/mem.h"

static void print_text(const char *text)
{
	putchar('"');
	for (; *text; text++)
		printf("%02x", (unsigned int)(unsigned char)*text);
	putchar('"');
}

static void print_tree(const struct oi_doc *doc)
{
	switch (doc->kind) {
	case OI_DOC_NULL:
		printf("['null']");
		break;
	case OI_DOC_BOOL:
		printf("['bool', %d]", doc->boolean);
		break;
	case OI_DOC_INT:
		printf("['int', %lld]", (long long)doc->integer);
		break;
	case OI_DOC_REAL:
		if (isnan(doc->real) || isinf(doc->real))
			printf("['real', '%s']", isnan(doc->real) ? "nan" : doc->real < 0 ? "-inf" : "inf");
		else
			printf("['real', %.17g]", doc->real);
		break;
	case OI_DOC_STRING:
		printf("['str', ");
		print_text(doc->text);
		printf("]");
		break;
	case OI_DOC_DATE:
		printf("['date']");
		break;
	case OI_DOC_BYTES:
		printf("['bytes']");
		break;
	case OI_DOC_LIST:
		printf("['list'");
		for (size_t i = 0; i < doc->n; i++) {
			printf(", ");
			print_tree(doc->items[i]);
		}
		printf("]");
		break;
	case OI_DOC_MAP:
		printf("['map'");
		for (size_t i = 0; i < doc->n; i++) {
			printf(", [");
			print_text(doc->keys[i]);
			printf(", ");
			print_tree(doc->items[i]);
			printf("]");
		}
		printf("]");
		break;
	}
}

int main(void)
{
	char line[32];

	while (fgets(line, sizeof(line), stdin)) {
		size_t len = strtoul(line, NULL, 10);
		OI_FREE char *text = oi_mem_zalloc(len + 1, 1);
		OI_DOC_AUTO *doc = NULL;
		struct oi_err err;

		if (fread(text, 1, len, stdin) != len)
			return 1;
		if (oi_doc_from_yaml(text, len, "text", 1, &doc, &err)) {
			printf("- ");
			print_text(err.text);
		} else {
			printf("+ ");
			print_tree(doc);
		}
		printf("\n");
		fflush(stdout);
	}
	return 0;
}
