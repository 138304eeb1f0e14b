/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The status log, the two records, and what people are told of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "report/clean.h"
#include "report/record.h"

#define LOG_LIMIT_BYTES (1u << 20)
#define STATUS_FILE OI_STATE_DIR "/agent.status"
#define RESULT_FILE OI_STATE_DIR "/result.json"

static char top[64];
static struct oi_root root;

static int set_up(void **state OI_UNUSED)
{
	struct oi_err err;

	snprintf(top, sizeof(top), "/tmp/oi-test-report.XXXXXX");
	return mkdtemp(top) ? oi_root_open(top, &root, &err) : -1;
}

static int tear_down(void **state OI_UNUSED)
{
	struct oi_root slash;
	struct oi_err err;
	int got;

	oi_root_close(&root);
	if (oi_root_open("/", &slash, &err))
		return -1;
	got = oi_root_remove(&slash, top, &err);
	oi_root_close(&slash);
	return got;
}

static char *content(const char *path)
{
	struct oi_buf text = { 0 };
	struct oi_err err;

	assert_int_equal(oi_root_read(&root, path, LOG_LIMIT_BYTES, &text, &err), 0);
	return oi_buf_take(&text);
}

static void put(const char *path, const char *text)
{
	struct oi_err err;

	assert_int_equal(oi_root_write(&root, path, 0644, text, strlen(text), &err), 0);
}

static char *at(const char *path)
{
	return oi_mem_printf("%s%s", top, path);
}

static mode_t mode_of(const char *path)
{
	OI_FREE char *file = at(path);
	struct stat st;

	assert_int_equal(lstat(file, &st), 0);
	return st.st_mode;
}

static void assert_matches(const char *text, const char *pattern)
{
	regex_t regex;

	assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
	if (regexec(&regex, text, 0, NULL, 0))
		fail_msg("\"%s\" does not match %s", text, pattern);
	regfree(&regex);
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" has no \"%s\"", text, part);
}

static void assert_has_not(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("\"%s\" has \"%s\"", text, part);
}

/* --- the status log --- */

static void open_log(struct oi_statuslog *log)
{
	struct oi_err err;

	memset(log, 0, sizeof(*log));
	assert_int_equal(oi_statuslog_open(&root, log, &err), 0);
}

static void test_log_line(void **state OI_UNUSED)
{
	OI_FREE char *text = NULL;
	OI_FREE char *pattern = oi_mem_printf(
		"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z ofed-init\\[%d\\] info: one\n"
		"[^\n]* error: two\n$", (int)getpid());
	mode_t mask = umask(0077);
	struct oi_statuslog log;

	open_log(&log);
	oi_statuslog_write(&log, OI_LOG_INFO, "one");
	oi_statuslog_close(&log);
	open_log(&log); /* appended, not begun anew */
	oi_statuslog_write(&log, OI_LOG_ERROR, "two");
	oi_statuslog_close(&log);
	umask(mask);
	text = content(OI_STATUS_LOG);
	assert_matches(text, pattern);
	assert_int_equal(mode_of(OI_STATUS_LOG), S_IFREG | 0644);
}

static off_t log_size(const char *path)
{
	OI_FREE char *name = at(path);
	struct stat st;

	assert_int_equal(stat(name, &st), 0);
	return st.st_size;
}

static void fill_log(off_t bytes)
{
	OI_FREE char *name = at(OI_STATUS_LOG);
	OI_FREE char *old = at(OI_STATUS_LOG ".1");

	unlink(old); /* there may be none */
	assert_int_equal(truncate(name, bytes), 0);
}

static void test_log_does_not_grow_for_ever(void **state OI_UNUSED)
{
	OI_FREE char *old = at(OI_STATUS_LOG ".1");
	OI_FREE char *text = NULL;
	struct oi_statuslog log;

	open_log(&log);
	oi_statuslog_write(&log, OI_LOG_INFO, "one");
	fill_log(OI_STATUS_LOG_BYTES - 1); /* not yet */
	oi_statuslog_write(&log, OI_LOG_INFO, "two");
	assert_int_equal(access(old, F_OK), -1);
	oi_statuslog_write(&log, OI_LOG_INFO, "three"); /* put aside in the middle of a run */
	oi_statuslog_close(&log);
	assert_in_range(log_size(OI_STATUS_LOG ".1"), OI_STATUS_LOG_BYTES, OI_STATUS_LOG_BYTES + 100);
	text = content(OI_STATUS_LOG);
	assert_has(text, " info: three\n");
	assert_has_not(text, "two");
	assert_int_equal(mode_of(OI_STATUS_LOG), S_IFREG | 0644);
}

/* Two processes write to it: the one that comes second must not put the new one aside. */
static void test_log_of_two_is_turned_over_once(void **state OI_UNUSED)
{
	OI_FREE char *text = NULL;
	struct oi_statuslog one, two;

	open_log(&one);
	open_log(&two);
	fill_log(OI_STATUS_LOG_BYTES);
	oi_statuslog_write(&one, OI_LOG_INFO, "first");
	oi_statuslog_write(&two, OI_LOG_INFO, "second");
	oi_statuslog_write(&one, OI_LOG_INFO, "third");
	oi_statuslog_close(&one);
	oi_statuslog_close(&two);
	text = content(OI_STATUS_LOG);
	assert_has(text, "first");
	assert_has(text, "second");
	assert_has(text, "third");
	assert_int_equal(log_size(OI_STATUS_LOG ".1"), OI_STATUS_LOG_BYTES);
}

/* A folder has the name: it goes on in the full one. */
static void test_log_that_cannot_be_turned_over(void **state OI_UNUSED)
{
	OI_FREE char *old = at(OI_STATUS_LOG ".1");
	struct oi_statuslog log;

	open_log(&log);
	fill_log(OI_STATUS_LOG_BYTES);
	assert_int_equal(mkdir(old, 0700), 0);
	oi_statuslog_write(&log, OI_LOG_INFO, "one");
	oi_statuslog_close(&log);
	assert_in_range(log_size(OI_STATUS_LOG), OI_STATUS_LOG_BYTES + 20, OI_STATUS_LOG_BYTES + 100);
	assert_int_equal(rmdir(old), 0);
}

static void test_log_is_clean(void **state OI_UNUSED)
{
	OI_FREE char *text = NULL;
	struct oi_statuslog log;

	open_log(&log);
	oi_statuslog_write(&log, OI_LOG_INFO,
			   "\033[1;31mred\033[0m\ttab\rback\007 \xff\xc0\xaf \xc2\x9b gr\303\274\303\237e "
			   "https://u:p@h/?sig=x");
	oi_statuslog_close(&log);
	text = content(OI_STATUS_LOG);
	assert_has(text, ": red tab back? ??? ? gr\303\274\303\237e https://REDACTED@h/?sig=REDACTED\n");
}

static void test_log_cuts_long_lines(void **state OI_UNUSED)
{
	OI_FREE char *text = NULL;
	OI_FREE char *line = oi_mem_zalloc(100001, 1);
	struct oi_statuslog log;

	memset(line, 'x', 100000);
	open_log(&log);
	oi_statuslog_write(&log, OI_LOG_INFO, line);
	oi_statuslog_write(&log, OI_LOG_INFO, "after");
	oi_statuslog_close(&log);
	text = content(OI_STATUS_LOG);
	assert_in_range(strlen(text), 8192, 8192 + 200);
	assert_has(text, "xxx...\n");
	assert_has(text, "info: after\n");
}

static void test_log_drops_key_lines(void **state OI_UNUSED)
{
	static const char *const lines[] = {
		"apt: -----BEGIN RSA PRIVATE KEY-----",
		"apt: Proc-Type: 4,ENCRYPTED",
		"apt: ",
		"apt: MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj",
		"apt: ab==",
		"apt: -----END RSA PRIVATE KEY-----",
		"apt: next",
		/* never ended: the log goes on with the first line that is no key */
		"-----BEGIN PRIVATE KEY-----",
		"MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKk",
		"Setting up rdma-core (44.0-2) ...",
		"done",
	};
	OI_FREE char *text = NULL;
	struct oi_statuslog log;

	open_log(&log);
	for (size_t i = 0; i < OI_ARRAY_SIZE(lines); i++)
		oi_statuslog_write(&log, OI_LOG_INFO, lines[i]);
	oi_statuslog_close(&log);
	text = content(OI_STATUS_LOG);
	assert_has(text, "info: apt: [REDACTED RSA PRIVATE KEY]\n");
	assert_has(text, "info: [REDACTED PRIVATE KEY]\n");
	assert_has_not(text, "MIIE");
	assert_has_not(text, "ab==");
	assert_has_not(text, "Proc-Type");
	assert_has(text, "info: apt: next\n");
	assert_has(text, "info: Setting up rdma-core (44.0-2) ...\n");
	assert_has(text, "info: done\n");
}

static void refuse_log(const char *what)
{
	struct oi_statuslog log = { .fd = 3 };
	struct oi_err err;

	assert_int_equal(oi_statuslog_open(&root, &log, &err), -1);
	assert_int_equal(err.code, OI_R_WRITE_FAILED);
	assert_has(err.text, what);
	assert_int_equal(log.fd, -1);
	oi_statuslog_write(&log, OI_LOG_INFO, "goes nowhere, and does not crash");
	oi_statuslog_close(&log);
}

static void test_log_refuses_what_is_no_file(void **state OI_UNUSED)
{
	OI_FREE char *log = at(OI_STATUS_LOG);
	struct oi_err err;
	int reader;

	assert_int_equal(oi_root_mkdirs(&root, "/var/log/azure", 0755, &err), 0);
	put("/target", "");
	assert_int_equal(symlink("/target", log), 0);
	refuse_log("symbolic link");
	assert_int_equal(unlink(log), 0);
	assert_int_equal(mkdir(log, 0755), 0);
	refuse_log(OI_STATUS_LOG);
	assert_int_equal(rmdir(log), 0);
	assert_int_equal(mkfifo(log, 0644), 0);
	refuse_log(OI_STATUS_LOG);
	reader = open(log, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* now it could be opened */
	assert_true(reader >= 0);
	refuse_log("not a regular file");
	close(reader);
	assert_int_equal(unlink(log), 0);
}

/* Azure's agent looks one folder deeper. */
static void test_log_is_linked_for_the_agent(void **state OI_UNUSED)
{
	OI_FREE char *link = at(OI_AGENT_LOG_DIR "/ib-vmext-status");
	struct oi_statuslog log = { .fd = -1 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	struct oi_err err;

	for (int i = 0; i < 2; i++) {
		assert_int_equal(oi_statuslog_open(&root, &log, &err), 0);
		oi_statuslog_write(&log, OI_LOG_INFO, "seen by both names");
		oi_statuslog_close(&log);
	}
	assert_int_equal(oi_root_read(&root, OI_AGENT_LOG_DIR "/ib-vmext-status", 4096, &text, &err), 0);
	assert_has(oi_buf_str(&text), "seen by both names");

	/* what is there instead is its owner's, and no reason to fail */
	assert_int_equal(unlink(link), 0);
	put(OI_AGENT_LOG_DIR "/ib-vmext-status", "mine");
	assert_int_equal(oi_statuslog_open(&root, &log, &err), 0);
	oi_statuslog_close(&log);
	oi_buf_reset(&text);
	assert_int_equal(oi_root_read(&root, OI_AGENT_LOG_DIR "/ib-vmext-status", 4096, &text, &err), 0);
	assert_string_equal(oi_buf_str(&text), "mine");
}

static void test_log_refuses_a_folder_that_is_a_file(void **state OI_UNUSED)
{
	put("/var/log/azure", "a file");
	refuse_log("/var/log/azure");
}

static void test_log_survives_a_full_disk(void **state OI_UNUSED)
{
	struct oi_statuslog log = { .fd = open("/dev/full", O_WRONLY | O_CLOEXEC) };

	assert_true(log.fd >= 0);
	oi_statuslog_write(&log, OI_LOG_INFO, "one");
	assert_true(log.lost);
	oi_statuslog_write(&log, OI_LOG_INFO, "two");
	oi_statuslog_close(&log);
}

/* What a child of ours with stderr at @fd writes there. */
static void write_with_stderr(int fd, const char *journal_stream, enum oi_log_level least)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid) {
		struct oi_statuslog log = { .console = true, .console_least = least };
		struct oi_err err;

		dup2(fd, STDERR_FILENO);
		if (journal_stream)
			setenv("JOURNAL_STREAM", journal_stream, 1);
		else
			unsetenv("JOURNAL_STREAM");
		if (oi_statuslog_open(&root, &log, &err))
			_exit(1);
		oi_statuslog_write(&log, OI_LOG_DEBUG, "quiet");
		oi_statuslog_write(&log, OI_LOG_WARN, "loud https://u:p@h/");
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void test_console(void **state OI_UNUSED)
{
	OI_FREE char *file = at("/stderr");
	OI_FREE char *plain = NULL;
	OI_FREE char *journal = NULL;
	OI_FREE char *log = NULL;
	OI_FREE char *stream = NULL;
	OI_FREE char *other = NULL;
	struct stat st;
	int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_APPEND, 0600);

	assert_true(fd >= 0);
	write_with_stderr(fd, NULL, OI_LOG_INFO);
	plain = content("/stderr");
	assert_matches(plain, "^[0-9T:-]+Z ofed-init\\[[0-9]+\\] warn: loud https://REDACTED@h/\n$");

	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(fstat(fd, &st), 0);
	stream = oi_mem_printf("%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	write_with_stderr(fd, stream, OI_LOG_DEBUG);
	journal = content("/stderr");
	assert_string_equal(journal, "<7>debug: quiet\n<4>warn: loud https://REDACTED@h/\n");

	/* JOURNAL_STREAM is inherited by those whose stderr goes elsewhere */
	assert_int_equal(ftruncate(fd, 0), 0);
	write_with_stderr(fd, "1:2", OI_LOG_INFO);
	other = content("/stderr");
	assert_matches(other, "^[0-9T:-]+Z ofed-init");
	close(fd);
	log = content(OI_STATUS_LOG); /* all of it went there too */
	assert_has(log, "debug: quiet\n");
}

static void test_cut_keeps_characters_whole(void **state OI_UNUSED)
{
	char text[] = "ab\xc3\xbc\xc3\xbc\xc3\xbc";

	oi_report_cut(text, 8);
	assert_string_equal(text, "ab\xc3\xbc\xc3\xbc\xc3\xbc");
	oi_report_cut(text, 6);
	assert_string_equal(text, "ab...");
}

/* --- the records --- */

static void make_verdict(struct oi_verdict *verdict)
{
	memset(verdict, 0, sizeof(*verdict));
	verdict->outcome = OI_OUTCOME_INSTALL;
	verdict->reason = OI_R_DRIVER_NEEDED;
	verdict->message = oi_mem_dup("doca-ofed 3.2.3 is to be installed.");
	verdict->vm.size = oi_mem_dup("Standard_HB120rs_v3");
	verdict->vm.nic_generation = oi_mem_dup("cx6");
	verdict->vm.ib_ports = 1;
	verdict->vm.link_gbps = 200;
	verdict->driver.stack = oi_mem_dup("doca-ofed");
	verdict->driver.version = oi_mem_dup("3.2.3");
	verdict->driver.method = oi_mem_dup("apt");
	verdict->driver.url = oi_mem_dup("https://u:p@h/doca.deb?sig=S3CR3T");
	verdict->driver.kernel = oi_mem_dup("6.11.0-1015-azure");
}

static void make_record(struct oi_run_record *record, const struct oi_verdict *verdict,
			const struct oi_checks *checks)
{
	memset(record, 0, sizeof(*record));
	record->state = "finished";
	record->reason = OI_R_PORT_DOWN;
	record->exit_code = 14;
	record->message = oi_mem_dup("mlx5_ib0/1 is INIT, see https://h/?sig=S3CR3T");
	strcpy(record->started, "2026-11-22T10:31:02Z");
	strcpy(record->ended, "2026-11-22T10:33:12Z");
	record->key.instance_id = oi_mem_dup("5f2f3c7e-0001-4a2b.x_y");
	record->key.vm_size = oi_mem_dup("Standard_HB120rs_v3");
	record->key.kernel = oi_mem_dup("6.11.0-1015-azure");
	record->key.stanza_hash = oi_mem_dup("0123456789abcdef");
	oi_run_record_phase(record, "facts", 3);
	oi_run_record_phase(record, "verify", 120004);
	record->verdict = verdict;
	record->checks = checks;
}

static struct oi_doc *read_json(const char *path)
{
	OI_FREE char *text = content(path);
	struct oi_doc *doc = NULL;
	struct oi_err err;

	assert_int_equal(oi_doc_from_json(text, strlen(text), "test", OI_R_READ_FAILED, &doc, &err), 0);
	return doc;
}

static void assert_text_at(const struct oi_doc *doc, const char *path, const char *wanted)
{
	const char *value = oi_doc_string(oi_doc_at(doc, path));

	if (!value || strcmp(value, wanted))
		fail_msg("%s: \"%s\" instead of \"%s\"", path, value ? value : "(none)", wanted);
}

static void assert_number_at(const struct oi_doc *doc, const char *path, int64_t wanted)
{
	const struct oi_doc *node = oi_doc_at(doc, path);

	assert_non_null(node);
	assert_int_equal(node->kind, OI_DOC_INT);
	assert_int_equal(node->integer, wanted);
}

static void assert_null_at(const struct oi_doc *doc, const char *path)
{
	const struct oi_doc *node = oi_doc_at(doc, path);

	assert_non_null(node);
	assert_int_equal(node->kind, OI_DOC_NULL);
}

static const struct oi_doc *item(const struct oi_doc *list, size_t i)
{
	assert_non_null(list);
	assert_int_equal(list->kind, OI_DOC_LIST);
	assert_true(i < list->n);
	return list->items[i];
}

static void test_result(void **state OI_UNUSED)
{
	OI_CLEANUP(oi_verdict_clear) struct oi_verdict verdict;
	OI_CLEANUP(oi_checks_clear) struct oi_checks checks = { 0 };
	OI_CLEANUP(oi_run_record_clear) struct oi_run_record record;
	OI_CLEANUP(oi_strv_clear) struct oi_strv sources = { 0 };
	OI_FREE char *whole = NULL;
	OI_FREE char *copy = NULL;
	OI_DOC_AUTO *doc = NULL;
	struct oi_err err;

	make_verdict(&verdict);
	oi_checks_add(&checks, "port-state", OI_PROOF_FAIL, OI_R_PORT_DOWN, "mlx5_ib0/1 INIT");
	make_record(&record, &verdict, &checks);
	oi_strv_add(&sources, "/run/cloud-init/combined-cloud-config.json");
	record.stanza_sources = &sources;
	assert_int_equal(oi_report_write(&root, &record, &err), 0);

	doc = read_json(RESULT_FILE);
	assert_number_at(doc, "schema", 1);
	assert_text_at(doc, "state", "finished");
	assert_text_at(doc, "started", "2026-11-22T10:31:02Z");
	assert_text_at(doc, "ended", "2026-11-22T10:33:12Z");
	assert_text_at(doc, "reason", "port-down");
	assert_text_at(doc, "message", "mlx5_ib0/1 is INIT, see https://h/?sig=REDACTED");
	assert_text_at(doc, "remedy", oi_reason_text(OI_R_PORT_DOWN)->remedy);
	assert_number_at(doc, "exit_code", 14);
	assert_text_at(doc, "exit_meaning", oi_exit_meaning(14));
	assert_number_at(doc, "pid", getpid());
	assert_text_at(doc, "key.instance_id", "5f2f3c7e-0001-4a2b.x_y");
	assert_text_at(doc, "key.vm_size", "Standard_HB120rs_v3");
	assert_text_at(doc, "key.kernel", "6.11.0-1015-azure");
	assert_text_at(doc, "key.stanza_hash", "0123456789abcdef");
	assert_text_at(item(oi_doc_get(doc, "phases"), 1), "name", "verify");
	assert_number_at(item(oi_doc_get(doc, "phases"), 1), "ms", 120004);
	assert_string_equal(oi_doc_string(item(oi_doc_get(doc, "stanza_sources"), 0)),
			    "/run/cloud-init/combined-cloud-config.json");
	assert_text_at(doc, "verdict.outcome", "install");
	assert_text_at(doc, "verdict.driver.url", "https://REDACTED@h/doca.deb?sig=REDACTED");
	assert_text_at(item(oi_doc_get(doc, "checks"), 0), "id", "port-state");
	assert_text_at(doc, "versions.ofed_init", OI_VERSION);
	assert_text_at(doc, "versions.driver", "3.2.3");

	whole = content(RESULT_FILE);
	copy = content(OI_STATE_DIR "/instances/5f2f3c7e-0001-4a2b.x_y/result.json");
	assert_string_equal(whole, copy);
	assert_int_equal(whole[strlen(whole) - 1], '\n');
	assert_int_equal(mode_of(RESULT_FILE), S_IFREG | 0644);
}

static void test_result_of_little(void **state OI_UNUSED)
{
	struct oi_run_record record = { .state = "running" };
	OI_DOC_AUTO *doc = NULL;
	struct oi_err err;

	assert_int_equal(oi_report_write(&root, &record, &err), 0);
	doc = read_json(RESULT_FILE);
	assert_text_at(doc, "state", "running");
	assert_null_at(doc, "started");
	assert_null_at(doc, "ended");
	assert_null_at(doc, "reason");
	assert_null_at(doc, "remedy");
	assert_null_at(doc, "exit_code"); /* not 0: nobody may take that for success */
	assert_null_at(doc, "exit_meaning");
	assert_null_at(doc, "key.instance_id");
	assert_null_at(doc, "verdict");
	assert_int_equal(oi_doc_get(doc, "checks")->n, 0);
	assert_false(oi_root_exists(&root, OI_STATE_DIR "/instances"));
}

static void test_odd_instance_ids(void **state OI_UNUSED)
{
	static const char *const ids[] = { "..", ".hidden", "a/b", "../x", "", "a b", "a\nb" };

	for (size_t i = 0; i < OI_ARRAY_SIZE(ids); i++) {
		struct oi_run_record record = { .state = "running" };
		struct oi_err err;

		record.key.instance_id = oi_mem_dup(ids[i]);
		assert_int_equal(oi_report_write(&root, &record, &err), 0);
		assert_false(oi_root_exists(&root, OI_STATE_DIR "/instances"));
		oi_run_record_clear(&record);
	}
}

static void test_write_goes_on_after_a_failure(void **state OI_UNUSED)
{
	struct oi_run_record record = { .state = "running" };
	struct oi_err err;

	assert_int_equal(oi_root_mkdirs(&root, RESULT_FILE "/full", 0755, &err), 0);
	record.key.instance_id = oi_mem_dup("one");
	assert_int_equal(oi_report_write(&root, &record, &err), -1);
	assert_int_equal(err.code, OI_R_WRITE_FAILED);
	assert_has(err.text, "result.json");
	assert_true(oi_root_exists(&root, STATUS_FILE));
	assert_true(oi_root_exists(&root, OI_STATE_DIR "/instances/one/result.json"));
	oi_run_record_clear(&record);
}

static struct oi_doc *read_result(void)
{
	struct oi_doc *doc = NULL;
	struct oi_err err;

	assert_int_equal(oi_report_read(&root, &doc, &err), 0);
	return doc;
}

/* Change one value of the record on disk. */
static void alter_result(const char *from, const char *to)
{
	OI_FREE char *text = content(RESULT_FILE);
	char *place = strstr(text, from);
	OI_FREE char *changed = NULL;

	assert_non_null(place);
	*place = '\0';
	changed = oi_mem_printf("%s%s%s", text, to, place + strlen(from));
	put(RESULT_FILE, changed);
}

/* Owned by the caller. */
static char *status_page(const struct oi_doc *result)
{
	struct oi_textpage paper = OI_PAPER_PLAIN;

	oi_report_status_page(result, &paper);
	return oi_buf_take(&paper.text);
}

static void test_interrupted(void **state OI_UNUSED)
{
	struct oi_run_record record = { .state = "running", .started = "2026-11-22T10:31:02Z" };
	OI_DOC_AUTO *alive = NULL;
	OI_DOC_AUTO *dead = NULL;
	OI_FREE char *page = NULL;
	struct oi_err err;
	int status;
	pid_t pid;

	assert_int_equal(oi_report_write(&root, &record, &err), 0);
	alive = read_result();
	assert_text_at(alive, "state", "running");

	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		_exit(oi_report_write(&root, &record, &err) ? 1 : 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	dead = read_result();
	assert_text_at(dead, "state", "interrupted");
	assert_text_at(dead, "reason", "interrupted");
	assert_text_at(dead, "remedy", oi_reason_text(OI_R_INTERRUPTED)->remedy);
	assert_number_at(dead, "exit_code", 14);
	assert_text_at(dead, "exit_meaning", oi_exit_meaning(14));
	page = status_page(dead);
	assert_matches(page, "outcome +interrupted\n");
	assert_has(page, oi_reason_text(OI_R_INTERRUPTED)->remedy);
}

static void test_interrupted_by_a_reboot(void **state OI_UNUSED)
{
	struct oi_run_record record = { .state = "running" };
	OI_DOC_AUTO *before = NULL;
	OI_DOC_AUTO *after = NULL;
	struct oi_err err;

	assert_int_equal(oi_report_write(&root, &record, &err), 0);
	before = read_result();
	assert_text_at(before, "state", "running");
	alter_result("\"boot_id\"", "\"boot_id\":\"another\",\"was\"");
	after = read_result();
	assert_text_at(after, "state", "interrupted");
}

/* The number went to another process since. */
static void test_interrupted_and_pid_taken(void **state OI_UNUSED)
{
	struct oi_run_record record = { .state = "running" };
	OI_DOC_AUTO *after = NULL;
	struct oi_err err;

	assert_int_equal(oi_report_write(&root, &record, &err), 0);
	alter_result("\"pid_started_ticks\"", "\"pid_started_ticks\":1,\"was\"");
	after = read_result();
	assert_text_at(after, "state", "interrupted");
}

static void test_finished_is_not_interrupted(void **state OI_UNUSED)
{
	OI_CLEANUP(oi_run_record_clear) struct oi_run_record record;
	OI_DOC_AUTO *doc = NULL;
	struct oi_err err;

	make_record(&record, NULL, NULL);
	assert_int_equal(oi_report_write(&root, &record, &err), 0);
	alter_result("\"boot_id\"", "\"boot_id\":\"another\",\"was\"");
	doc = read_result();
	assert_text_at(doc, "state", "finished");
	assert_text_at(doc, "reason", "port-down");
}

static void test_read_what_is_no_record(void **state OI_UNUSED)
{
	static const char *const texts[] = { "", "{", "[1]", "7", "null", "{\"state\":" };
	struct oi_doc *doc = NULL;
	struct oi_err err;

	assert_int_equal(oi_report_read(&root, &doc, &err), 1);
	assert_null(doc);
	for (size_t i = 0; i < OI_ARRAY_SIZE(texts); i++) {
		put(RESULT_FILE, texts[i]);
		assert_int_equal(oi_report_read(&root, &doc, &err), -1);
		assert_int_equal(err.code, OI_R_READ_FAILED);
		assert_has(err.text, "result.json");
		assert_null(doc);
	}
}

/* --- agent.status --- */

/* As Azure's agent does: exthandlers.py, parse_ext_status and parse_ext_substatus. */
static void assert_agent_accepts(const struct oi_doc *status)
{
	static const char *const states[] = { "transitioning", "warning", "error", "success" };
	const char *state = oi_doc_string(oi_doc_get(status, "status"));
	const struct oi_doc *message = oi_doc_get(status, "formattedMessage");
	const struct oi_doc *list = oi_doc_get(status, "substatus");
	bool known = false;

	assert_non_null(state);
	for (size_t i = 0; i < OI_ARRAY_SIZE(states); i++)
		known |= !strcmp(state, states[i]);
	assert_true(known);
	assert_non_null(oi_doc_get(status, "code"));
	assert_text_at(message, "lang", "en-US");
	assert_non_null(oi_doc_string(oi_doc_get(message, "message")));
	assert_in_range(strlen(oi_doc_string(oi_doc_get(message, "message"))), 1, 1024);
	for (size_t i = 0; list && i < list->n; i++)
		assert_agent_accepts(list->items[i]);
}

static const struct oi_doc *agent_status(struct oi_doc **doc)
{
	const struct oi_doc *status;

	*doc = read_json(STATUS_FILE);
	assert_int_equal((*doc)->n, 1);
	assert_non_null(oi_doc_get(item(*doc, 0), "version"));
	assert_matches(oi_doc_string(oi_doc_get(item(*doc, 0), "timestampUTC")),
		       "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$");
	status = oi_doc_get(item(*doc, 0), "status");
	assert_agent_accepts(status);
	assert_non_null(oi_doc_string(oi_doc_get(status, "name")));
	assert_non_null(oi_doc_string(oi_doc_get(status, "operation")));
	return status;
}

static void test_agent_running(void **state OI_UNUSED)
{
	struct oi_run_record record = { .state = "running" };
	OI_DOC_AUTO *doc = NULL;
	const struct oi_doc *status;
	struct oi_err err;

	assert_int_equal(oi_report_write(&root, &record, &err), 0);
	status = agent_status(&doc);
	assert_text_at(status, "status", "transitioning");
	assert_int_equal(oi_doc_get(status, "substatus")->n, 0);
}

static void test_agent_error(void **state OI_UNUSED)
{
	OI_CLEANUP(oi_verdict_clear) struct oi_verdict verdict;
	OI_CLEANUP(oi_checks_clear) struct oi_checks checks = { 0 };
	OI_CLEANUP(oi_run_record_clear) struct oi_run_record record;
	OI_DOC_AUTO *doc = NULL;
	OI_FREE char *json = NULL;
	const struct oi_doc *status, *list;
	struct oi_err err;

	make_verdict(&verdict);
	oi_checks_add(&checks, "module-files", OI_PROOF_PASS, OI_R_NONE, "there");
	oi_checks_add(&checks, "module-source", OI_PROOF_UNPROVEN, OI_R_NONE, "a container");
	oi_checks_add(&checks, "port-count", OI_PROOF_PASS, OI_R_NONE, "1");
	oi_checks_add(&checks, "port-state", OI_PROOF_FAIL, OI_R_PORT_DOWN, "INIT");
	oi_checks_add(&checks, "port-rate", OI_PROOF_UNPROVEN, OI_R_NONE, "not ACTIVE");
	make_record(&record, &verdict, &checks);
	assert_int_equal(oi_report_write(&root, &record, &err), 0);
	status = agent_status(&doc);
	assert_text_at(status, "status", "error");
	assert_number_at(status, "code", 14);
	assert_has(oi_doc_string(oi_doc_at(status, "formattedMessage.message")), "port-down");
	assert_has(oi_doc_string(oi_doc_at(status, "formattedMessage.message")), "Remedy: ");
	list = oi_doc_get(status, "substatus");
	assert_int_equal(list->n, 3);
	assert_text_at(item(list, 0), "name", "decision");
	assert_text_at(item(list, 0), "status", "success");
	assert_text_at(item(list, 1), "name", "driver");
	assert_text_at(item(list, 1), "status", "warning");
	assert_text_at(item(list, 2), "name", "fabric");
	assert_text_at(item(list, 2), "status", "error");
	assert_number_at(item(list, 2), "code", 14);
	json = content(STATUS_FILE);
	assert_has_not(json, "S3CR3T");
}

static void test_agent_success(void **state OI_UNUSED)
{
	OI_CLEANUP(oi_run_record_clear) struct oi_run_record record;
	OI_DOC_AUTO *doc = NULL;
	const struct oi_doc *status;
	struct oi_err err;

	make_record(&record, NULL, NULL);
	record.reason = OI_R_INSTALLED;
	record.exit_code = 0;
	assert_int_equal(oi_report_write(&root, &record, &err), 0);
	status = agent_status(&doc);
	assert_text_at(status, "status", "success");
	assert_number_at(status, "code", 0);
}

/* The agent cuts or refuses what is beyond its limits: we do not get there. */
static void test_agent_limits(void **state OI_UNUSED)
{
	OI_CLEANUP(oi_verdict_clear) struct oi_verdict verdict;
	OI_CLEANUP(oi_checks_clear) struct oi_checks checks = { 0 };
	OI_CLEANUP(oi_run_record_clear) struct oi_run_record record;
	OI_FREE char *quotes = oi_mem_zalloc(20001, 1);
	OI_FREE char *substatus = NULL;
	OI_DOC_AUTO *doc = NULL;
	const struct oi_doc *status;
	struct oi_err err;

	memset(quotes, '"', 20000);
	make_verdict(&verdict);
	oi_mem_set(&verdict.message, quotes);
	oi_checks_add(&checks, "module-files", OI_PROOF_FAIL, OI_R_MODULES_MISSING, "%s", quotes);
	for (int i = 0; i < 200; i++)
		oi_checks_add(&checks, "port-state", OI_PROOF_PASS, OI_R_NONE, "%s", quotes);
	make_record(&record, &verdict, &checks);
	oi_mem_set(&record.message, quotes);
	assert_int_equal(oi_report_write(&root, &record, &err), 0);
	status = agent_status(&doc);
	substatus = oi_doc_to_json(oi_doc_get(status, "substatus"), true);
	assert_in_range(strlen(substatus), 3000, 10 * 1024);
}

/* --- for people --- */

static void test_final_line(void **state OI_UNUSED)
{
	OI_FREE char *whole = oi_report_final_line(11, OI_R_DEVICE_MISSING, "nothing on the bus", "Redeploy.");
	OI_FREE char *bare = oi_report_final_line(0, OI_R_NO_STANZA, NULL, NULL);
	OI_FREE char *empty = oi_report_final_line(0, OI_R_DISABLED, "", "Why not?");

	assert_string_equal(whole, "exit 11 (Mellanox InfiniBand not found on this VM size): "
				   "device-missing: nothing on the bus. Remedy: Redeploy.");
	assert_string_equal(bare, "exit 0 (operation successful): no-stanza: No infiniband stanza "
				  "was found, so nothing was done.");
	assert_has(empty, ": disabled: The stanza says enabled: false. Remedy: Why not?");
}

static void test_status_page(void **state OI_UNUSED)
{
	OI_CLEANUP(oi_verdict_clear) struct oi_verdict verdict;
	OI_CLEANUP(oi_checks_clear) struct oi_checks checks = { 0 };
	OI_CLEANUP(oi_run_record_clear) struct oi_run_record record;
	OI_DOC_AUTO *doc = NULL;
	OI_FREE char *page = NULL;
	struct oi_textpage paper = OI_PAPER_PLAIN;
	OI_FREE char *timings = NULL;
	struct oi_err err;

	make_verdict(&verdict);
	oi_checks_add(&checks, "port-state", OI_PROOF_FAIL, OI_R_PORT_DOWN, "mlx5_ib0/1 INIT");
	oi_checks_add(&checks, "port-rate", OI_PROOF_UNPROVEN, OI_R_NONE, "not ACTIVE");
	make_record(&record, &verdict, &checks);
	assert_int_equal(oi_report_write(&root, &record, &err), 0);
	doc = read_result();
	page = status_page(doc);
	assert_matches(page, "^outcome +failed\n");
	assert_matches(page, "\nreason +port-down\n");
	assert_matches(page, "\nremedy +Check that");
	assert_matches(page, "\nexit code +14 \\(operation unsuccessful\\)\n");
	assert_matches(page, "\nVM size +Standard_HB120rs_v3, cx6, 1 x 200 Gb/s\n");
	assert_matches(page, "\ndriver +doca-ofed 3.2.3 for kernel 6.11.0-1015-azure\n");
	assert_matches(page, "\nended +2026-11-22T10:33:12Z, after 130 s\n");
	assert_matches(page, "\n  fail +port-state: mlx5_ib0/1 INIT\n");
	assert_matches(page, "\n  not verified +port-rate: not ACTIVE\n");
	assert_matches(page, "\n +120.004 s +#+ +verify\n");
	oi_report_timings_page(doc, &paper);
	timings = oi_buf_take(&paper.text);
	assert_matches(timings, "^ +[0-9.]+ s +[0-9]+ % [a-z-]+\n +120.004 s +[0-9]+ % verify\n +[0-9.]+ s 100 % in all\n$");
}

static void assert_outcome(const char *json, const char *wanted)
{
	OI_DOC_AUTO *doc = NULL;
	OI_FREE char *page = NULL;
	OI_FREE char *pattern = oi_mem_printf("^outcome +%s\n", wanted);
	struct oi_err err;

	assert_int_equal(oi_doc_from_json(json, strlen(json), "test", OI_R_READ_FAILED, &doc, &err), 0);
	page = status_page(doc);
	assert_matches(page, pattern);
}

static void test_status_outcomes(void **state OI_UNUSED)
{
	OI_FREE char *none = status_page(NULL);
	struct oi_textpage paper = OI_PAPER_PLAIN;
	OI_FREE char *no_timings = NULL;

	oi_report_timings_page(NULL, &paper);
	no_timings = oi_buf_take(&paper.text);
	assert_has(none, "has not run");
	assert_has(no_timings, "has not run");
	assert_outcome("{\"state\":\"running\",\"exit_code\":null}", "running");
	assert_outcome("{\"state\":\"finished\",\"exit_code\":0,\"verdict\":null}", "done");
	assert_outcome("{\"state\":\"finished\",\"exit_code\":0,\"verdict\":{\"outcome\":\"install\"}}", "installed");
	assert_outcome("{\"state\":\"finished\",\"exit_code\":0,\"verdict\":{\"outcome\":\"ready\"}}", "ready");
	assert_outcome("{\"state\":\"finished\",\"exit_code\":0,\"verdict\":{\"outcome\":\"skip\"}}", "skipped");
	assert_outcome("{\"state\":\"finished\",\"exit_code\":0,\"verdict\":{\"outcome\":\"refuse\"}}", "skipped");
	assert_outcome("{\"state\":\"finished\",\"exit_code\":13,\"verdict\":{\"outcome\":\"refuse\"}}", "refused");
	assert_outcome("{\"state\":\"finished\",\"exit_code\":14,\"verdict\":{\"outcome\":\"install\"}}", "failed");
	/* whatever a file may hold, it is not called a success */
	assert_outcome("{\"state\":\"finished\"}", "failed");
	assert_outcome("{}", "unknown");
	assert_outcome("{\"state\":7,\"phases\":7,\"checks\":[7,{}],\"verdict\":[]}", "unknown");
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		EACH(test_log_line),
		EACH(test_log_does_not_grow_for_ever),
		EACH(test_log_of_two_is_turned_over_once),
		EACH(test_log_that_cannot_be_turned_over),
		EACH(test_log_is_clean),
		EACH(test_log_cuts_long_lines),
		EACH(test_log_drops_key_lines),
		EACH(test_log_refuses_what_is_no_file),
		EACH(test_log_is_linked_for_the_agent),
		EACH(test_log_refuses_a_folder_that_is_a_file),
		EACH(test_log_survives_a_full_disk),
		EACH(test_console),
		EACH(test_cut_keeps_characters_whole),
		EACH(test_result),
		EACH(test_result_of_little),
		EACH(test_odd_instance_ids),
		EACH(test_write_goes_on_after_a_failure),
		EACH(test_interrupted),
		EACH(test_interrupted_by_a_reboot),
		EACH(test_interrupted_and_pid_taken),
		EACH(test_finished_is_not_interrupted),
		EACH(test_read_what_is_no_record),
		EACH(test_agent_running),
		EACH(test_agent_error),
		EACH(test_agent_success),
		EACH(test_agent_limits),
		EACH(test_final_line),
		EACH(test_status_page),
		EACH(test_status_outcomes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
