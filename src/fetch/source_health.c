/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fetch/source_health.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "base/doc.h"
#include "base/mem.h"
#include "fetch/sidecar.h"
#include "fetch/url.h"
#include "model/reasons.h"

/* What failed longer ago may have been mended. */
#define BLAME_SECONDS 600

/* More are never asked in that time. */
#define BLAME_ENTRIES_MAX 64

static bool is_fresh(const struct oi_doc *when, int64_t now)
{
	/* The clock of a first boot jumps: what is yet to come says nothing. */
	return when && when->kind == OI_DOC_INT && when->integer <= now &&
	       now - when->integer < BLAME_SECONDS;
}

static bool is_blamed(const struct oi_doc *blame, const char *url)
{
	OI_FREE char *shown = oi_url_redact(url);
	OI_FREE char *origin = oi_url_origin(url);
	int64_t now = (int64_t)time(NULL);

	return is_fresh(oi_doc_get(blame, shown), now) || is_fresh(oi_doc_get(blame, origin), now);
}

void oi_source_health_order(int dir_fd, const struct oi_strv *urls, size_t *order)
{
	OI_DOC_AUTO *blame = oi_sidecar_read(dir_fd, OI_BLAME_NAME);
	size_t n = 0;

	for (int blamed = 0; blamed < 2; blamed++)
		for (size_t i = 0; i < urls->n; i++)
			if (is_blamed(blame, urls->v[i]) == (blamed == 1))
				order[n++] = i;
}

/* What is noted, but for what is old and for two keys. */
static struct oi_doc *without(const struct oi_doc *blame, const char *one, const char *other)
{
	struct oi_doc *left = oi_doc_new(OI_DOC_MAP);
	int64_t now = (int64_t)time(NULL);

	for (size_t i = 0; blame && i < blame->n && left->n < BLAME_ENTRIES_MAX; i++)
		if (is_fresh(blame->items[i], now) && strcmp(blame->keys[i], one) &&
		    strcmp(blame->keys[i], other))
			oi_doc_put_int(left, blame->keys[i], blame->items[i]->integer);
	return left;
}

static bool is_of_the_host(int code)
{
	return code == OI_R_FETCH_NETWORK || code == OI_R_FETCH_TIMEOUT || code == OI_R_FETCH_TLS;
}

void oi_source_health_failed(int dir_fd, const char *url, int code)
{
	OI_DOC_AUTO *before = oi_sidecar_read(dir_fd, OI_BLAME_NAME);
	OI_FREE char *key = is_of_the_host(code) ? oi_url_origin(url) : oi_url_redact(url);
	OI_DOC_AUTO *blame = without(before, key, key);
	struct oi_err ignored;

	oi_doc_put_int(blame, key, (int64_t)time(NULL));
	if (oi_sidecar_write(dir_fd, OI_BLAME_NAME, blame, &ignored))
		oi_sidecar_remove(dir_fd, OI_BLAME_NAME);
}

void oi_source_health_worked(int dir_fd, const char *url)
{
	OI_DOC_AUTO *before = oi_sidecar_read(dir_fd, OI_BLAME_NAME);
	OI_FREE char *shown = oi_url_redact(url);
	OI_FREE char *origin = oi_url_origin(url);
	OI_DOC_AUTO *blame = without(before, shown, origin);
	struct oi_err ignored;

	if (!before || blame->n == before->n)
		return;
	if (!blame->n || oi_sidecar_write(dir_fd, OI_BLAME_NAME, blame, &ignored))
		oi_sidecar_remove(dir_fd, OI_BLAME_NAME);
}
