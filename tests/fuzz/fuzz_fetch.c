/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the second program reads: its request, answers of servers, archives. */
#include "fuzz.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "fetch/headers.h"
#include "fetch/headers.h"
#include "fetch/protocol.h"
#include "fetch/unpack.h"
#include "fetch/url.h"

#define NOW 1700000000

void fuzz_request(const char *text, size_t len)
{
	OI_CLEANUP(oi_fetch_request_clear) struct oi_fetch_request request = { 0 };
	struct oi_err err;

	if (oi_fetch_request_parse(text, len, 0, &request, &err))
		return;
	if (request.name)
		fuzz_must(request.op == OI_FETCH_UNPACK || !strchr(request.name, '/'),
			  "a name that leads elsewhere");
	if (request.op == OI_FETCH_UPLOAD)
		fuzz_must(request.urls.n == 1 && oi_url_scheme(request.urls.v[0]) == OI_URL_HTTPS,
			  "a file sent in the clear");
}

static void header(void *data, const char *line)
{
	oi_headers_take(data, line, strlen(line));
}

void fuzz_headers(const char *text, size_t len OI_UNUSED)
{
	struct oi_headers headers = { 0 };
	int64_t first = 0, last = 0, total = 0;

	fuzz_must(oi_headers_retry_after_ms(text, NOW) >= -1, "a wait into the past");
	(void)oi_headers_date(text);
	fuzz_lines(text, header, &headers);
	(void)oi_headers_etag_is_strong(headers.etag);
	(void)oi_headers_modified_is_strong(&headers);
	if (oi_headers_range(headers.content_range, &first, &last, &total))
		fuzz_must(first >= 0 && last >= first && (total == -1 || total > last),
			  "a part that is none");
}

void fuzz_url(const char *text, size_t len OI_UNUSED)
{
	OI_FREE char *shown = oi_url_redact(text);
	OI_FREE char *scrubbed = oi_url_scrub(text, text);
	OI_FREE char *path = NULL;
	struct oi_err err;

	(void)scrubbed; /* of any text; here it is only to end */
	if (oi_url_check(text, &err) || oi_url_scheme(text) == OI_URL_OTHER)
		return;
	if (oi_url_scheme(text) == OI_URL_FILE) {
		if (!oi_url_file_path(text, &path, &err))
			fuzz_must(*path == '/', "a file:// that is not absolute");
		return;
	}
	fuzz_must(!strchr(shown, '?') || !strcmp(strchr(shown, '?'), "?***"), "a query gets through");
}

/* Nothing may appear beside the folder that is unpacked into. */
void fuzz_unpack(const char *text, size_t len)
{
	char name[] = "input";
	char into[] = "out";
	const struct oi_fetch_request request = {
		.op = OI_FETCH_UNPACK,
		.deadline_ms = INT64_MAX,
		.max_bytes = 1 << 20,
		.name = name,
		.into = into,
		.max_entries = 100,
	};
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	struct oi_err err = { 0 };
	int dir;

	fuzz_put("/box/staging/input", text, len);
	dir = oi_root_openat(&fuzz_host.look, "/box/staging", O_RDONLY | O_DIRECTORY, 0);
	fuzz_must(dir >= 0, "the staging folder");
	if (oi_unpack(&request, dir, &err))
		fuzz_must(err.code != 0, "a failure without a reason");
	close(dir);
	fuzz_must(!chdir("/"), "/");
	fuzz_must(!oi_root_list(&fuzz_host.look, "/box", &names, &err) && names.n == 1,
		  "something came out of the staging folder");
	fuzz_must(!oi_root_remove(&fuzz_host.look, "/box", &err), err.text);
}
