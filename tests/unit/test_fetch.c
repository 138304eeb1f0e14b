/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of ofed-fetch that need no network; the whole of it is in tests/fetch. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "fetch/digest.h"
#include "fetch/headers.h"
#include "fetch/identity.h"
#include "fetch/protocol.h"
#include "fetch/retry.h"
#include "fetch/url.h"
#include "model/reasons.h"

/* FIPS 180-2, appendix B.1 */
#define ABC_SHA256 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

/* --- url --- */

static void redact_shows_no_secret(void **state)
{
	static const char *const rows[][2] = {
		{ "https://host/a", "https://host/a" },
		{ "https://host", "https://host" },
		{ "https://host:8443/a/b@c", "https://host:8443/a/b@c" },
		{ "https://[::1]:80/a@b", "https://[::1]:80/a@b" },
		{ "https://user:pw@host/a?sig=x#y", "https://***@host/a?***" },
		{ "https://user@host/a#y", "https://***@host/a#***" },
		{ "https://a@b:pw@host/a", "https://***@host/a" },
		{ "https://user:p/w@host/a", "https://***@host/a" },
		{ "https://user:p?w@host/a", "https://***@host/a" },
		{ "https://host?sig=x", "https://host?***" },
		{ "user:pw@host:8080", "***@host:8080" },
		{ "https://host/a\x1b[2J\n", "https://host/a?[2J?" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < OI_ARRAY_SIZE(rows); i++) {
		OI_FREE char *shown = oi_url_redact(rows[i][0]);

		assert_string_equal(shown, rows[i][1]);
	}
}

static void scrub_hides_every_part(void **state)
{
	static const char url[] = "https://user:word@host/a?sig=HUSH";
	OI_FREE char *a = oi_url_scrub("word, sig=HUSH and user:word; host", url);
	OI_FREE char *b = oi_url_scrub("plain", NULL);
	/* One letter is no secret, and hiding it would spoil the text. */
	OI_FREE char *c = oi_url_scrub("a b c", "https://b@host/");

	(void)state;
	assert_string_equal(a, "***, *** and ***; host");
	assert_string_equal(b, "plain");
	assert_string_equal(c, "a b c");
}

static void check_refuses_what_parsers_differ_on(void **state)
{
	static const char *const good[] = {
		"https://host/a", "http://u:p@[::1]:80/%20?x=y#z", "file:///a/b", "HTTPS://HOST/",
		"socks5h://u:p@proxy:1080", "file:///my drivers/\xc3\xa4",
	};
	static const char *const bad[] = {
		"https://",    "https:///a",	   "https://host/a b", "https://host\\@other/",
		"https://h\t", "https://h\xc3\xa4/", "https://u:p/w@h/", "https://host:80x/",
		"",	       "file:///a\nb",
	};
	struct oi_err err;

	(void)state;
	for (size_t i = 0; i < OI_ARRAY_SIZE(good); i++)
		assert_int_equal(oi_url_check(good[i], &err), 0);
	for (size_t i = 0; i < OI_ARRAY_SIZE(bad); i++) {
		assert_int_equal(oi_url_check(bad[i], &err), -1);
		assert_int_equal(err.code, OI_R_FETCH_FAILED);
	}
}

static void host_and_origin(void **state)
{
	static const char *const rows[][3] = {
		{ "https://Host/a:1", "Host", "https://host" },
		{ "HTTPS://u:p@host:8443/a?b@c:1", "host", "https://host:8443" },
		{ "http://[::1]:80/", "[::1]", "http://[::1]:80" },
		{ "http://[::1]", "[::1]", "http://[::1]" },
		{ "https://a.blob.core.windows.net@evil/x", "evil", "https://evil" },
		{ "file:///a", "", "file://" },
	};

	(void)state;
	for (size_t i = 0; i < OI_ARRAY_SIZE(rows); i++) {
		OI_FREE char *host = oi_url_host(rows[i][0]);
		OI_FREE char *origin = oi_url_origin(rows[i][0]);

		assert_string_equal(host, rows[i][1]);
		assert_string_equal(origin, rows[i][2]);
	}
}

static void identity_is_for_its_hosts_alone(void **state)
{
	static char base[] = "http://h";
	static const char *const good[] = {
		"https://a.blob.core.windows.net/c/b", "https://A.Blob.Core.Windows.Net:443/c",
		"https://u:p@b.a.blob.core.windows.net/c?x=y", "https://own.example/c",
	};
	static const char *const bad[] = {
		"http://a.blob.core.windows.net/c", "https://.blob.core.windows.net/c",
		"https://blob.core.windows.net/c", "https://a.blob.core.windows.net.evil/c",
		"https://a.blob.core.windows.net@evil/c", "https://evil/a.blob.core.windows.net",
		"https://evil?.blob.core.windows.net", "https://evil#.blob.core.windows.net",
		"https://evil%2F.blob.core.windows.net/c", "https://sub.own.example/c",
		"https://a.blob.core.windows.net/c?sig=x", "https://a.blob.core.windows.net/c?a=b&sig=x",
	};
	OI_CLEANUP(oi_strv_clear) struct oi_strv hosts = { 0 };
	struct oi_fetch_request r = { 0 };

	(void)state;
	oi_strv_add(&hosts, ".blob.core.windows.net");
	oi_strv_add(&hosts, "own.example");
	r.identity_hosts = hosts;
	assert_false(oi_identity_is_for(&r, good[0]));
	r.identity_base = base;
	for (size_t i = 0; i < OI_ARRAY_SIZE(good); i++)
		if (!oi_identity_is_for(&r, good[i]))
			fail_msg("not for %s", good[i]);
	for (size_t i = 0; i < OI_ARRAY_SIZE(bad); i++)
		if (oi_identity_is_for(&r, bad[i]))
			fail_msg("for %s", bad[i]);
}

static void scheme_in_any_case(void **state)
{
	(void)state;
	assert_int_equal(oi_url_scheme("HTTPS://x"), OI_URL_HTTPS);
	assert_int_equal(oi_url_scheme("http://x"), OI_URL_HTTP);
	assert_int_equal(oi_url_scheme("File:///x"), OI_URL_FILE);
	assert_int_equal(oi_url_scheme("https:/x"), OI_URL_OTHER);
	assert_int_equal(oi_url_scheme(" https://x"), OI_URL_OTHER);
}

static void file_path_is_decoded(void **state)
{
	static const char *const good[][2] = {
		{ "file:///a/b", "/a/b" },
		{ "file:///a%20b%2Fc%25", "/a b/c%" },
		{ "file:///a b\xc3\xa4", "/a b\xc3\xa4" },
		{ "FILE://localhost/a", "/a" },
	};
	static const char *const bad[] = {
		"file://host/a", "file://", "file:///a?b", "file:///a#b", "file:///a%0",
		"file:///a%",	 "file:///a%00b", "file:///a%zz",
	};
	struct oi_err err;

	(void)state;
	for (size_t i = 0; i < OI_ARRAY_SIZE(good); i++) {
		OI_FREE char *path = NULL;

		assert_int_equal(oi_url_file_path(good[i][0], &path, &err), 0);
		assert_string_equal(path, good[i][1]);
	}
	for (size_t i = 0; i < OI_ARRAY_SIZE(bad); i++) {
		char *path = NULL;

		assert_int_equal(oi_url_file_path(bad[i], &path, &err), -1);
		assert_int_equal(err.code, OI_R_FETCH_FILE);
		assert_null(path);
	}
}

/* --- retry --- */

static void wait_is_jittered_and_grows(void **state)
{
	(void)state;
	assert_int_equal(oi_retry_wait_ms(1000, 1, -1, 0), 0);
	assert_int_equal(oi_retry_wait_ms(1000, 1, -1, UINT32_MAX), 999);
	assert_int_equal(oi_retry_wait_ms(1000, 2, -1, UINT32_C(1) << 31), 1000);
	assert_int_equal(oi_retry_wait_ms(1000, 4, -1, UINT32_MAX), 7999);
	assert_int_equal(oi_retry_wait_ms(1000, 1000000, -1, UINT32_MAX), OI_RETRY_WAIT_MS_MAX - 1);
	assert_int_equal(oi_retry_wait_ms(INT32_MAX, 3, -1, UINT32_MAX), OI_RETRY_WAIT_MS_MAX - 1);
	assert_int_equal(oi_retry_wait_ms(0, 9, -1, UINT32_MAX), 0);
}

static void wait_is_never_shorter_than_asked(void **state)
{
	(void)state;
	assert_int_equal(oi_retry_wait_ms(1000, 1, 5000, 0), 5000);
	assert_int_equal(oi_retry_wait_ms(1000, 1, 5000, UINT32_MAX), 5999);
	assert_int_equal(oi_retry_wait_ms(1000, 1, 0, 0), 0);
}

static void no_sleep_beyond_the_deadline(void **state)
{
	int64_t now = oi_retry_now_ms();

	(void)state;
	assert_false(oi_retry_sleep(3600000, now + 1000));
	assert_false(oi_retry_sleep(0, now));
	assert_true(oi_retry_sleep(0, now + 3600000));
	assert_true(oi_retry_sleep(20, now + 3600000));
	assert_true(oi_retry_now_ms() >= now + 20);
}

static void retry_after_of_both_kinds(void **state)
{
	/* 1994-11-06 08:49:37 UTC, the date of RFC 9110's examples */
	const int64_t then = 784111777;

	(void)state;
	assert_int_equal(oi_headers_retry_after_ms("120", then), 120000);
	assert_int_equal(oi_headers_retry_after_ms("0", then), 0);
	assert_true(oi_headers_retry_after_ms("99999999999999999999", then) >
		    OI_RETRY_ASKED_MS_MAX);
	assert_int_equal(oi_headers_retry_after_ms("Sun, 06 Nov 1994 08:49:37 GMT", then - 5),
			 5000);
	assert_int_equal(oi_headers_retry_after_ms("Sunday, 06-Nov-94 08:49:37 GMT", then - 5),
			 5000);
	assert_int_equal(oi_headers_retry_after_ms("Sun Nov  6 08:49:37 1994", then - 5), 5000);
	assert_int_equal(oi_headers_retry_after_ms("Sun, 06 Nov 1994 08:49:37 GMT", then + 5), 0);
	assert_int_equal(oi_headers_retry_after_ms("", then), -1);
	assert_int_equal(oi_headers_retry_after_ms("soon", then), -1);
	assert_int_equal(oi_headers_retry_after_ms("-5", then), -1);
	assert_int_equal(oi_headers_retry_after_ms("5 minutes", then), -1);
	assert_int_equal(oi_headers_retry_after_ms("Sunday", then), -1);
}

/* --- requests --- */

#define DOWNLOAD_TAIL_OF(no_proxy, identity)                                              \
	"\"no_proxy\":" no_proxy ",\"identity\":" identity ",\"spread_ms\":11,"             \
	"\"deadline_ms\":5000,\"connect_ms\":100,\"stall_seconds\":3,\"tries\":2,"        \
	"\"backoff_ms\":7,\"max_bytes\":99}"
#define DOWNLOAD_TAIL DOWNLOAD_TAIL_OF("[]", "null")
#define DOWNLOAD_WITH(no_proxy, identity)                                                \
	"{\"schema\":1,\"op\":\"download\",\"name\":\"a\",\"urls\":" URL                      \
	",\"sha256\":null,\"proxy\":null,\"ca_bundle\":null,"                              \
	DOWNLOAD_TAIL_OF(no_proxy, identity)
#define DOWNLOAD(name, urls, sha256, proxy, ca)                                          \
	"{\"schema\":1,\"op\":\"download\",\"name\":" name ",\"urls\":" urls            \
	",\"sha256\":" sha256 ",\"proxy\":" proxy ",\"ca_bundle\":" ca "," DOWNLOAD_TAIL
#define METADATA(base)                                                                    \
	"{\"schema\":1,\"op\":\"metadata\",\"base\":" base ",\"deadline_ms\":5000,"      \
	"\"connect_ms\":100,\"try_ms\":200,\"backoff_ms\":7,\"max_bytes\":99}"
#define DIGEST "\"BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD\""
#define URL "[\"https://h/a\"]"

static int parse(const char *text, struct oi_fetch_request *request, struct oi_err *err)
{
	err->code = 0;
	return oi_fetch_request_parse(text, strlen(text), 1000, request, err);
}

static void download_request_is_read(void **state)
{
	OI_CLEANUP(oi_fetch_request_clear) struct oi_fetch_request r = { 0 };
	struct oi_err err;

	(void)state;
	assert_int_equal(parse(DOWNLOAD("\"a.deb\"", "[\"https://h/a\",\"file:///a\"]", DIGEST,
					"\"http://u:p@proxy:8080\"", "\"/ca.pem\""),
			       &r, &err),
			 0);
	assert_int_equal(r.op, OI_FETCH_DOWNLOAD);
	assert_string_equal(r.name, "a.deb");
	assert_int_equal(r.urls.n, 2);
	assert_string_equal(r.urls.v[1], "file:///a");
	assert_string_equal(r.sha256, ABC_SHA256);
	assert_string_equal(r.proxy, "http://u:p@proxy:8080");
	assert_string_equal(r.ca_bundle, "/ca.pem");
	assert_int_equal(r.deadline_ms, 6000);
	assert_int_equal(r.connect_ms, 100);
	assert_int_equal(r.stall_seconds, 3);
	assert_int_equal(r.tries, 2);
	assert_int_equal(r.backoff_ms, 7);
	assert_int_equal(r.max_bytes, 99);
	assert_int_equal(r.spread_ms, 11);
	assert_int_equal(r.no_proxy.n, 0);
	assert_null(r.identity_base);
}

static void download_request_with_exceptions_and_identity(void **state)
{
	OI_CLEANUP(oi_fetch_request_clear) struct oi_fetch_request r = { 0 };
	struct oi_err err;

	(void)state;
	assert_int_equal(parse(DOWNLOAD_WITH("[\"h\",\".s.t\",\"10.0.0.0/8\",\"fd00::/8\"]",
					     "{\"base\":\"http://h:1/\",\"client_id\":\"a-1\","
					     "\"hosts\":[\".b\"]}"),
			       &r, &err),
			 0);
	assert_int_equal(r.no_proxy.n, 4);
	assert_string_equal(r.no_proxy.v[2], "10.0.0.0/8");
	assert_string_equal(r.identity_base, "http://h:1");
	assert_string_equal(r.identity_client, "a-1");
	assert_int_equal(r.identity_hosts.n, 1);
	oi_fetch_request_clear(&r);
	assert_int_equal(parse(DOWNLOAD_WITH("[]", "{\"base\":\"http://h\",\"client_id\":null,"
						   "\"hosts\":[]}"),
			       &r, &err),
			 0);
	assert_null(r.identity_client);
}

static void download_request_with_nothing_optional(void **state)
{
	OI_CLEANUP(oi_fetch_request_clear) struct oi_fetch_request r = { 0 };
	struct oi_err err;

	(void)state;
	assert_int_equal(parse(DOWNLOAD("\"a\"", URL, "null", "\"socks5h://p:1080\"", "null"), &r,
			       &err),
			 0);
	assert_string_equal(r.proxy, "socks5h://p:1080");
	oi_fetch_request_clear(&r);
	assert_int_equal(parse(DOWNLOAD("\"a%2B1.deb\"", URL, "null", "null", "null"), &r, &err), 0);
	assert_null(r.sha256);
	assert_null(r.proxy);
	assert_null(r.ca_bundle);
}

static void metadata_request_is_read(void **state)
{
	OI_CLEANUP(oi_fetch_request_clear) struct oi_fetch_request r = { 0 };
	struct oi_err err;

	(void)state;
	assert_int_equal(parse(METADATA("\"http://169.254.169.254//\""), &r, &err), 0);
	assert_int_equal(r.op, OI_FETCH_METADATA);
	assert_string_equal(r.base, "http://169.254.169.254");
	assert_int_equal(r.try_ms, 200);
}

static void bad_requests_name_the_key(void **state)
{
	static const struct {
		const char *text, *key;
		int code;
	} rows[] = {
		{ DOWNLOAD("\"a\"", "[]", DIGEST, "null", "null"), "urls", OI_R_FETCH_FAILED },
		{ DOWNLOAD("\"a\"", "\"x\"", DIGEST, "null", "null"), "urls", OI_R_FETCH_FAILED },
		{ DOWNLOAD("\"a\"", "[1]", DIGEST, "null", "null"), "urls", OI_R_FETCH_FAILED },
		{ DOWNLOAD("\"a\"", "[\"ftp://h/\"]", DIGEST, "null", "null"), "urls",
		  OI_R_FETCH_FAILED },
		{ DOWNLOAD("\"a\"", "[\"http://h/\"]", "null", "null", "null"), "http://h/",
		  OI_R_DIGEST_MISSING },
		{ DOWNLOAD("\"a\"", "[\"file:///a\"]", "null", "null", "null"), "file:///a",
		  OI_R_DIGEST_MISSING },
		{ DOWNLOAD("\"a\"", URL, "\"abc\"", "null", "null"), "sha256", OI_R_FETCH_FAILED },
		{ DOWNLOAD("\"a\"", URL, "\"\"", "null", "null"), "sha256", OI_R_FETCH_FAILED },
		{ DOWNLOAD("\"a\"", URL, "1", "null", "null"), "sha256", OI_R_FETCH_FAILED },
		{ DOWNLOAD("\"../a\"", URL, DIGEST, "null", "null"), "name", OI_R_FETCH_FAILED },
		{ DOWNLOAD("\"a.part\"", URL, DIGEST, "null", "null"), "name", OI_R_FETCH_FAILED },
		{ DOWNLOAD("null", URL, DIGEST, "null", "null"), "name", OI_R_FETCH_FAILED },
		{ DOWNLOAD("\"a\"", URL, DIGEST, "\"ftp://p/\"", "null"), "proxy",
		  OI_R_FETCH_FAILED },
		{ DOWNLOAD("\"a\"", URL, DIGEST, "\"p:80\"", "null"), "proxy", OI_R_FETCH_FAILED },
		{ DOWNLOAD("\"a\"", URL, DIGEST, "null", "\"ca.pem\""), "ca_bundle",
		  OI_R_FETCH_FAILED },
		{ DOWNLOAD_WITH("null", "null"), "no_proxy", OI_R_FETCH_FAILED },
		{ DOWNLOAD_WITH("[\"a,b\"]", "null"), "no_proxy", OI_R_FETCH_FAILED },
		{ DOWNLOAD_WITH("[\"\"]", "null"), "no_proxy", OI_R_FETCH_FAILED },
		{ DOWNLOAD_WITH("[1]", "null"), "no_proxy", OI_R_FETCH_FAILED },
		{ DOWNLOAD_WITH("[]", "true"), "identity", OI_R_FETCH_FAILED },
		{ DOWNLOAD_WITH("[]", "{}"), "base", OI_R_FETCH_FAILED },
		{ DOWNLOAD_WITH("[]", "{\"base\":\"https://h\",\"client_id\":null,\"hosts\":[]}"),
		  "base", OI_R_FETCH_FAILED },
		{ DOWNLOAD_WITH("[]", "{\"base\":\"http://h\",\"client_id\":\"a&b\",\"hosts\":[]}"),
		  "client_id", OI_R_FETCH_FAILED },
		{ DOWNLOAD_WITH("[]", "{\"base\":\"http://h\",\"client_id\":null}"), "hosts",
		  OI_R_FETCH_FAILED },
		{ METADATA("\"https://h\""), "base", OI_R_FETCH_FAILED },
		{ METADATA("\"http://h/?a=b\""), "base", OI_R_FETCH_FAILED },
		{ METADATA("\"http://u@h/\""), "base", OI_R_FETCH_FAILED },
		{ METADATA("null"), "base", OI_R_FETCH_FAILED },
		{ "{\"schema\":2,\"op\":\"download\"}", "schema", OI_R_FETCH_FAILED },
		{ "{\"schema\":1,\"op\":\"format\"}", "op", OI_R_FETCH_FAILED },
		{ "{\"schema\":1,\"op\":\"metadata\",\"bas\":1}", "bas", OI_R_FETCH_FAILED },
		{ "{\"schema\":1,\"op\":\"metadata\"}", "deadline_ms", OI_R_FETCH_FAILED },
		{ "{\"schema\":1,\"op\":\"check\",\"deadline_ms\":1,\"name\":\"../a\",\"sha256\":" DIGEST "}",
		  "name", OI_R_FETCH_FAILED },
		{ "{\"schema\":1,\"op\":\"check\",\"deadline_ms\":1,\"name\":\"a\",\"sha256\":null}",
		  "sha256", OI_R_FETCH_FAILED },
		{ "{\"schema\":1,\"op\":\"check\",\"deadline_ms\":1,\"name\":\"a\",\"sha256\":\"aa\"}",
		  "sha256", OI_R_FETCH_FAILED },
		{ "[]", "object", OI_R_FETCH_FAILED },
		{ "{", "request", OI_R_FETCH_FAILED },
	};

	(void)state;
	for (size_t i = 0; i < OI_ARRAY_SIZE(rows); i++) {
		OI_CLEANUP(oi_fetch_request_clear) struct oi_fetch_request r = { 0 };
		struct oi_err err;

		assert_int_equal(parse(rows[i].text, &r, &err), -1);
		assert_int_equal(err.code, rows[i].code);
		assert_non_null(strstr(err.text, rows[i].key));
	}
}

static void too_many_urls(void **state)
{
	OI_CLEANUP(oi_fetch_request_clear) struct oi_fetch_request r = { 0 };
	struct oi_buf text = { 0 };
	struct oi_err err;

	(void)state;
	oi_buf_adds(&text, "{\"schema\":1,\"op\":\"download\",\"name\":\"a\",\"sha256\":null,"
			   "\"proxy\":null,\"ca_bundle\":null,\"urls\":[\"https://h/\"");
	for (int i = 0; i < OI_FETCH_URLS_MAX; i++)
		oi_buf_adds(&text, ",\"https://h/\"");
	oi_buf_adds(&text, "]," DOWNLOAD_TAIL);
	assert_int_equal(parse(oi_buf_str(&text), &r, &err), -1);
	assert_non_null(strstr(err.text, "urls"));
	oi_buf_clear(&text);
}

/* --- digest --- */

static void digest_of_a_known_text(void **state)
{
	OI_CLEANUP(oi_digest_clear) struct oi_digest d = { 0 };
	char text[OI_DIGEST_TEXT_BYTES];
	struct oi_err err;

	(void)state;
	for (int again = 0; again < 2; again++) {
		assert_int_equal(oi_digest_begin(&d, &err), 0);
		assert_int_equal(oi_digest_add(&d, "a", 1, &err), 0);
		assert_int_equal(oi_digest_add(&d, "bc", 2, &err), 0);
		assert_int_equal(oi_digest_end(&d, text, &err), 0);
		assert_string_equal(text, ABC_SHA256);
	}
	assert_true(oi_digest_is_text(text));
	text[63] = 'g';
	assert_false(oi_digest_is_text(text));
	text[63] = '\0';
	assert_false(oi_digest_is_text(text));
	assert_false(oi_digest_is_text(ABC_SHA256 "0"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(redact_shows_no_secret),
		cmocka_unit_test(scrub_hides_every_part),
		cmocka_unit_test(check_refuses_what_parsers_differ_on),
		cmocka_unit_test(host_and_origin),
		cmocka_unit_test(identity_is_for_its_hosts_alone),
		cmocka_unit_test(scheme_in_any_case),
		cmocka_unit_test(file_path_is_decoded),
		cmocka_unit_test(wait_is_jittered_and_grows),
		cmocka_unit_test(wait_is_never_shorter_than_asked),
		cmocka_unit_test(no_sleep_beyond_the_deadline),
		cmocka_unit_test(retry_after_of_both_kinds),
		cmocka_unit_test(download_request_is_read),
		cmocka_unit_test(download_request_with_nothing_optional),
		cmocka_unit_test(download_request_with_exceptions_and_identity),
		cmocka_unit_test(metadata_request_is_read),
		cmocka_unit_test(bad_requests_name_the_key),
		cmocka_unit_test(too_many_urls),
		cmocka_unit_test(digest_of_a_known_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
