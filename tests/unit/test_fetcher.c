/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client of ofed-fetch against stand-ins that answer as written here: what
 * is asked, and what becomes of the answers.
 */
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
#include "model/reasons.h"
#include "sys/clock.h"
#include "sys/fetcher.h"

#define DIGEST "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

/* No test waits for it; it is when one is given up. */
#define LONG_MS 120000

struct machine {
	char path[64]; /* holds the root, the stand-in and what it was asked */
	char *tool;
	struct oi_host host;
	struct oi_buf log;
	struct oi_strv urls;
	struct oi_fetch_job job;
	int64_t fetched_bytes;
};

static void keep_line(void *data, enum oi_log_level level, const char *line)
{
	oi_buf_addf(data, "%d %s\n", (int)level, line);
}

static int setup(void **state)
{
	struct machine *m = oi_mem_zalloc(1, sizeof(*m));
	struct oi_err err;

	snprintf(m->path, sizeof(m->path), "/tmp/test_fetcher.XXXXXX");
	if (!mkdtemp(m->path))
		return -1;
	m->tool = oi_mem_printf("%s/ofed-fetch", m->path);
	m->host.tools.path[OI_TOOL_FETCH] = m->tool;
	m->host.log = (struct oi_log){ keep_line, &m->log, OI_LOG_DEBUG };
	m->host.deadline_ms = oi_clock_ms() + LONG_MS;
	m->host.imds_url = "http://127.0.0.1:1";
	m->host.fetched_bytes = &m->fetched_bytes;
	oi_strv_add(&m->urls, "https://h/a?sig=x");
	oi_strv_add(&m->urls, "file:///b");
	m->job = (struct oi_fetch_job){ .urls = &m->urls, .sha256 = DIGEST, .name = "a.deb" };
	*state = m;
	return oi_root_open(m->path, &m->host.change, &err);
}

static int teardown(void **state)
{
	struct machine *m = *state;
	struct oi_err err;
	int ret = oi_root_remove(&m->host.change, "/var", &err) ||
		  oi_root_remove(&m->host.change, "/run", &err) ||
		  oi_root_remove(&m->host.change, "/ofed-fetch", &err) ||
		  oi_root_remove(&m->host.change, "/request", &err);

	oi_root_close(&m->host.change);
	if (rmdir(m->path))
		ret = -1;
	oi_buf_clear(&m->log);
	oi_strv_clear(&m->urls);
	free(m->tool);
	free(m);
	return ret;
}

static void put_program(struct machine *m, const char *text)
{
	struct oi_err err;

	assert_int_equal(oi_root_write(&m->host.change, "/ofed-fetch", 0755, text, strlen(text),
				       &err),
			 0);
}

/* Answers @check to the question whether a file is right; else keeps the request, and @script. */
static void stand_in_two(struct machine *m, const char *script, const char *check)
{
	OI_FREE char *text = oi_mem_printf("#!/bin/sh\n"
					   "case $(cat /proc/self/fd/3) in *'\"op\":\"check\"'*) %s ;; esac\n"
					   "cat <&3 >'%s/request'\n%s\n", check, m->path, script);

	put_program(m, text);
}

static void stand_in(struct machine *m, const char *script)
{
	stand_in_two(m, script, "echo '{\"event\":\"done\"}' >&4; exit");
}

static struct oi_doc *asked(struct machine *m)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	struct oi_doc *doc = NULL;
	struct oi_err err;

	assert_int_equal(oi_root_read(&m->host.change, "/request", 1 << 20, &text, &err), 0);
	assert_int_equal(oi_doc_from_json(text.data, text.len, "request", OI_R_FETCH_FAILED, &doc,
					  &err),
			 0);
	return doc;
}

static void assert_logged(struct machine *m, const char *text)
{
	if (!strstr(oi_buf_str(&m->log), text))
		fail_msg("not in the log: %s\n%s", text, oi_buf_str(&m->log));
}

static int download(struct machine *m, struct oi_err *err)
{
	err->code = 0;
	err->text[0] = '\0';
	return oi_fetcher_download(&m->host, &m->job, err);
}

static int metadata(struct machine *m, struct oi_doc **out, struct oi_err *err)
{
	err->code = 0;
	err->text[0] = '\0';
	return oi_fetcher_metadata(&m->host, m->host.deadline_ms, out, err);
}

static void download_asks_and_logs(void **state)
{
	struct machine *m = *state;
	OI_DOC_AUTO *request = NULL;
	struct oi_err err;
	struct stat st;

	m->job.proxy = "http://u:p@proxy:8080";
	m->job.ca_bundle = "/ca.pem";
	stand_in(m, "cd /dev/fd/5 || exit 1\n"
		    "echo x >here\n"
		    "echo '{\"event\":\"note\",\"text\":\"first try failed\"}' >&4\n"
		    "echo '{\"event\":\"progress\",\"bytes\":1048576,\"total\":4194304}' >&4\n"
		    "echo '{\"event\":\"progress\",\"bytes\":3145728,\"total\":4194304}' >&4\n"
		    "echo '{\"event\":\"done\",\"source\":\"https://h/a?***\",\"bytes\":4194304,"
		    "\"sha256\":\"x\",\"cached\":false,\"requests\":3,\"retries\":2,"
		    "\"received_bytes\":4194200,\"resumed_bytes\":104}' >&4\n");
	assert_int_equal(download(m, &err), 0);
	request = asked(m);
	assert_int_equal(oi_doc_get(request, "schema")->integer, 1);
	assert_string_equal(oi_doc_string(oi_doc_get(request, "op")), "download");
	assert_string_equal(oi_doc_string(oi_doc_get(request, "name")), "a.deb");
	assert_string_equal(oi_doc_string(oi_doc_get(request, "sha256")), DIGEST);
	assert_string_equal(oi_doc_string(oi_doc_get(request, "proxy")), "http://u:p@proxy:8080");
	assert_string_equal(oi_doc_string(oi_doc_get(request, "ca_bundle")), "/ca.pem");
	assert_int_equal(oi_doc_get(request, "no_proxy")->n, 0);
	assert_int_equal(oi_doc_get(request, "identity")->kind, OI_DOC_NULL);
	assert_int_equal(oi_doc_get(request, "spread_ms")->integer, 0);
	assert_int_equal(oi_doc_get(request, "urls")->n, 2);
	assert_string_equal(oi_doc_string(oi_doc_get(request, "urls")->items[1]), "file:///b");
	/* less than all that was left: so that it can still answer */
	assert_in_range(oi_doc_get(request, "deadline_ms")->integer, 1, LONG_MS - 1);
	/* the folder is there, is the one that was handed over, and is only ours */
	assert_true(oi_root_exists(&m->host.change, OI_STAGING_DIR "/here"));
	assert_int_equal(fstatat(m->host.change.fd, "var/lib/ofed-init/staging", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_logged(m, "2 fetch: a.deb: first try failed\n");
	assert_null(strstr(oi_buf_str(&m->log), "MiB")); /* over before a line was due */
	assert_int_equal(m->fetched_bytes, 4194304 - 104);
	assert_logged(m, "1 fetch: a.deb: 4194304 bytes from https://h/a?***\n");
	assert_logged(m, "1 fetch: a.deb: 3 requests, 2 of them again; 104 bytes were here");
}

static void exceptions_and_identity_are_handed_on(void **state)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv no_proxy = { 0 };
	struct machine *m = *state;
	OI_DOC_AUTO *request = NULL;
	struct oi_err err;

	oi_strv_add(&no_proxy, ".internal");
	m->job.no_proxy = &no_proxy;
	m->job.identity = true;
	m->job.identity_client = "id-1";
	m->job.spread_ms = 1234;
	m->host.imds_url = "http://imds";
	stand_in(m, "echo '{\"event\":\"done\"}' >&4");
	assert_int_equal(download(m, &err), 0);
	request = asked(m);
	assert_string_equal(oi_doc_string(oi_doc_get(request, "no_proxy")->items[0]), ".internal");
	assert_int_equal(oi_doc_get(request, "spread_ms")->integer, 1234);
	assert_string_equal(oi_doc_string(oi_doc_at(request, "identity.base")), "http://imds");
	assert_string_equal(oi_doc_string(oi_doc_at(request, "identity.client_id")), "id-1");
	assert_string_equal(oi_doc_string(oi_doc_at(request, "identity.hosts")->items[0]),
			    ".blob.core.windows.net");
}

static void folder_of_before_is_closed_to_others(void **state)
{
	struct machine *m = *state;
	struct oi_err err;
	struct stat st;

	assert_int_equal(oi_root_mkdirs(&m->host.change, OI_STAGING_DIR, 0755, &err), 0);
	stand_in(m, "echo '{\"event\":\"done\",\"source\":\"\",\"bytes\":1,\"sha256\":\"x\","
		    "\"cached\":true}' >&4\n");
	m->job.sha256 = NULL;
	assert_int_equal(download(m, &err), 0);
	assert_int_equal(fstatat(m->host.change.fd, "var/lib/ofed-init/staging", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_logged(m, "already here");
	assert_int_equal(m->fetched_bytes, 0);
}

static void failures_keep_their_reason(void **state)
{
	static const struct {
		const char *script, *text;
		int code;
	} rows[] = {
		{ "echo '{\"event\":\"failed\",\"reason\":\"digest-mismatch\",\"detail\":\"why\"}' >&4\n"
		  "exit 1\n",
		  "fetch a.deb: why", OI_R_DIGEST_MISMATCH },
		{ "echo '{\"event\":\"failed\",\"reason\":\"disk-space\",\"detail\":\"why\"}' >&4",
		  "why", OI_R_DISK_SPACE },
		{ "echo '{\"event\":\"failed\",\"reason\":\"unheard-of\",\"detail\":\"why\"}' >&4",
		  "why", OI_R_FETCH_FAILED },
		{ "echo '{\"event\":\"failed\"}' >&4", "no detail", OI_R_FETCH_FAILED },
		/* whatever comes after it */
		{ "echo '{\"event\":\"failed\",\"reason\":\"fetch-tls\",\"detail\":\"why\"}' >&4\n"
		  "echo '{\"event\":\"done\"}' >&4\n",
		  "why", OI_R_FETCH_TLS },
		{ "echo '{\"event\":\"done\"}' >&4\nexit 1", "exit status 1", OI_R_FETCH_FAILED },
		{ "echo '{\"event\":\"done\"}' >&4\nkill -9 $$", "signal 9", OI_R_FETCH_FAILED },
		{ "exit 0", "without an answer", OI_R_FETCH_FAILED },
		{ "echo 'oops' >&4", "answer of ofed-fetch", OI_R_FETCH_FAILED },
		{ "echo '{\"event\":\"party\"}' >&4", "not understood", OI_R_FETCH_FAILED },
		{ "echo '[]' >&4", "not understood", OI_R_FETCH_FAILED },
		/* an answer that is longer than any may be comes in pieces, which are no JSON */
		{ "printf '{\"event\":\"note\",\"text\":\"%05000d\"}\\n' 1 >&4", "ofed-fetch",
		  OI_R_FETCH_FAILED },
	};
	struct machine *m = *state;

	for (size_t i = 0; i < OI_ARRAY_SIZE(rows); i++) {
		struct oi_err err;

		stand_in(m, rows[i].script);
		assert_int_equal(download(m, &err), -1);
		if (err.code != rows[i].code || !strstr(err.text, rows[i].text))
			fail_msg("row %zu: %d: %s", i, err.code, err.text);
	}
}

static void words_beside_are_logged(void **state)
{
	struct machine *m = *state;
	struct oi_err err;

	stand_in(m, "echo 'ld.so: oh dear' >&2\nexit 127\n");
	assert_int_equal(download(m, &err), -1);
	assert_logged(m, "2 ofed-fetch: ld.so: oh dear\n");
}

static void not_installed(void **state)
{
	struct machine *m = *state;
	struct oi_doc *doc = NULL;
	struct oi_err err;

	m->host.tools.path[OI_TOOL_FETCH] = NULL;
	assert_int_equal(download(m, &err), -1);
	assert_int_equal(err.code, OI_R_TOOL_MISSING);
	assert_int_equal(metadata(m, &doc, &err), -1);
	assert_int_equal(err.code, OI_R_METADATA_UNAVAILABLE);
	assert_null(doc);
}

static void stopped_at_the_deadline(void **state)
{
	struct machine *m = *state;
	struct oi_err err;

	stand_in(m, "exec sleep 1000");
	m->host.deadline_ms = oi_clock_ms() + 200;
	assert_int_equal(download(m, &err), -1);
	assert_int_equal(err.code, OI_R_FETCH_TIMEOUT);
}

static void staging_that_cannot_be(void **state)
{
	struct machine *m = *state;
	struct oi_err err;

	assert_int_equal(oi_root_write(&m->host.change, OI_STAGING_DIR, 0600, "x", 1, &err), 0);
	stand_in(m, "echo '{\"event\":\"done\"}' >&4");
	assert_int_equal(download(m, &err), -1);
	assert_int_equal(err.code, OI_R_WRITE_FAILED);
	assert_false(oi_root_exists(&m->host.change, "/request"));
}

static void metadata_is_put_together(void **state)
{
	struct machine *m = *state;
	OI_DOC_AUTO *request = NULL;
	OI_DOC_AUTO *doc = NULL;
	struct oi_err err;

	stand_in(m, "echo '{\"event\":\"document\",\"text\":\"{\\\"compute\\\": {\\\"vmS\"}' >&4\n"
		    "echo '{\"event\":\"document\",\"text\":\"ize\\\": \\\"HB\\\"}}\"}' >&4\n"
		    "echo '{\"event\":\"done\",\"source\":\"http://h\",\"bytes\":9,\"sha256\":null,"
		    "\"cached\":false}' >&4\n");
	assert_int_equal(metadata(m, &doc, &err), 0);
	assert_string_equal(oi_doc_string(oi_doc_at(doc, "compute.vmSize")), "HB");
	request = asked(m);
	assert_string_equal(oi_doc_string(oi_doc_get(request, "op")), "metadata");
	assert_string_equal(oi_doc_string(oi_doc_get(request, "base")), "http://127.0.0.1:1");
}

static void metadata_has_one_reason(void **state)
{
	static const char *const scripts[] = {
		"echo '{\"event\":\"failed\",\"reason\":\"metadata-unavailable\",\"detail\":\"x\"}' >&4",
		"echo '{\"event\":\"failed\",\"reason\":\"fetch-failed\",\"detail\":\"x\"}' >&4",
		"exit 1",
		/* "done", and no document, or half of one */
		"echo '{\"event\":\"done\"}' >&4",
		"echo '{\"event\":\"document\",\"text\":\"{\"}' >&4; echo '{\"event\":\"done\"}' >&4",
		/* more than any document */
		"i=0; t=$(printf %03000d 1); while [ $i -lt 800 ]; do i=$((i + 1));\n"
		"echo '{\"event\":\"document\",\"text\":\"'$t'\"}'; done >&4\n"
		"echo '{\"event\":\"done\"}' >&4",
	};
	struct machine *m = *state;

	for (size_t i = 0; i < OI_ARRAY_SIZE(scripts); i++) {
		struct oi_doc *doc = NULL;
		struct oi_err err;

		stand_in(m, scripts[i]);
		assert_int_equal(metadata(m, &doc, &err), -1);
		assert_int_equal(err.code, OI_R_METADATA_UNAVAILABLE);
		assert_null(doc);
	}
}

/* The real one, behind a script: it cannot be looked at by a leak checker. */
static void real_one(struct machine *m)
{
	const char *build = getenv("TOP_BUILDDIR");
	OI_FREE char *text = NULL;

	assert_non_null(build); /* tests/unit/run says where the programs are */
	text = oi_mem_printf("#!/bin/sh\nASAN_OPTIONS=detect_leaks=0 exec '%s/ofed-fetch'\n", build);
	put_program(m, text);
}

/*
 * One that was taken over while it listened to the network says what it likes: a stand-in
 * that leaves something and calls it right. The second look is the real program's.
 */
static void who_has_listened_is_not_believed(void **state)
{
	static const char done[] = "echo '{\"event\":\"done\",\"bytes\":3,\"sha256\":\"" DIGEST "\"}' >&4";
	static const struct {
		const char *leaves;
		bool right;
	} rows[] = {
		{ "printf abd >a.deb", false },
		{ "printf abc >b.deb", false },
		{ "printf abc >b.deb; ln -s b.deb a.deb", false },
		{ "mkdir a.deb", false },
		{ "mkfifo a.deb", false },
		{ "printf abc >a.deb", true },
	};
	struct machine *m = *state;
	const char *build = getenv("TOP_BUILDDIR");
	OI_FREE char *real = oi_mem_printf("ASAN_OPTIONS=detect_leaks=0 exec '%s/ofed-fetch'", build);

	assert_non_null(build);
	for (size_t i = 0; i < OI_ARRAY_SIZE(rows); i++) {
		OI_FREE char *script = oi_mem_printf("cd /dev/fd/5 || exit 1\nrm -rf a.deb b.deb\n%s\n%s",
						     rows[i].leaves, done);
		struct oi_err err;

		stand_in_two(m, script, real);
		assert_int_equal(download(m, &err), rows[i].right ? 0 : -1);
		if (!rows[i].right && err.code != OI_R_DIGEST_MISMATCH)
			fail_msg("row %zu: %d: %s", i, err.code, err.text);
	}
}

/* Then nobody listens to a network at all. */
static void what_is_here_and_right_is_not_fetched(void **state)
{
	struct machine *m = *state;
	struct oi_err err;

	assert_int_equal(oi_root_write(&m->host.change, OI_STAGING_DIR "/a.deb", 0600, "abc", 3, &err), 0);
	stand_in(m, "exit 1");
	assert_int_equal(download(m, &err), 0);
	assert_false(oi_root_exists(&m->host.change, "/request"));
	assert_logged(m, "1 fetch: a.deb: already here and verified\n");
	assert_int_equal(m->fetched_bytes, 0);
	/* and what is not right is */
	stand_in_two(m, "exit 1", "echo '{\"event\":\"failed\",\"reason\":\"digest-mismatch\"}' >&4; exit 1");
	assert_int_equal(download(m, &err), -1);
	assert_true(oi_root_exists(&m->host.change, "/request"));
}

/* Nothing else notices when one side changes a word and the other does not. */
static void both_sides_understand_each_other(void **state)
{
	struct machine *m = *state;
	struct oi_strv urls = { 0 };
	struct oi_doc *doc = NULL;
	struct oi_err err;

	real_one(m);
	assert_int_equal(oi_root_write(&m->host.change, "/var/abc", 0644, "abc", 3, &err), 0);
	oi_strv_addf(&urls, "file://%s/var/none", m->path);
	m->job.urls = &urls;
	assert_int_equal(download(m, &err), -1);
	assert_int_equal(err.code, OI_R_FETCH_FILE);
	oi_strv_addf(&urls, "file://%s/var/abc", m->path);
	if (download(m, &err))
		fail_msg("%s", err.text);
	assert_true(oi_root_exists(&m->host.change, OI_STAGING_DIR "/a.deb"));
	assert_logged(m, "1 fetch: a.deb: 3 bytes from file:///");
	m->job.proxy = "http://127.0.0.1:1";
	m->job.ca_bundle = "/ca.pem";
	assert_int_equal(download(m, &err), 0);
	assert_logged(m, "already here");
	assert_int_equal(m->fetched_bytes, 3);
	m->job.sha256 = NULL;
	assert_int_equal(download(m, &err), -1);
	assert_int_equal(err.code, OI_R_DIGEST_MISSING);
	oi_strv_clear(&urls);

	/* Nobody listens there: what counts is that it was the service that failed. The
	 * program has a second more than it knows of to say so, which a build with
	 * sanitizers needs on a busy machine. */
	m->host.deadline_ms = oi_clock_ms() + 5000;
	assert_int_equal(metadata(m, &doc, &err), -1);
	assert_int_equal(err.code, OI_R_METADATA_UNAVAILABLE);
	assert_non_null(strstr(err.text, "http://127.0.0.1:1/metadata/instance"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(download_asks_and_logs),
		TEST(exceptions_and_identity_are_handed_on),
		TEST(folder_of_before_is_closed_to_others),
		TEST(failures_keep_their_reason),
		TEST(words_beside_are_logged),
		TEST(not_installed),
		TEST(stopped_at_the_deadline),
		TEST(staging_that_cannot_be),
		TEST(metadata_is_put_together),
		TEST(metadata_has_one_reason),
		TEST(both_sides_understand_each_other),
		TEST(who_has_listened_is_not_believed),
		TEST(what_is_here_and_right_is_not_fetched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
