/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cloud-init's `reporting:`, where it is found and what of it is meant; and who brings events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "facts/stanza.h"
#include "model/reasons.h"
#include "model/reporting.h"
#include "sys/clock.h"
#include "sys/outbox.h"
#include "tree.h"

/* --- the section --- */

static struct oi_reporting reporting;

static void take(const char *yaml)
{
	OI_DOC_AUTO *doc = NULL;
	struct oi_err err;

	oi_reporting_clear(&reporting);
	if (oi_doc_from_yaml(yaml, strlen(yaml), "f", OI_R_STANZA_SYNTAX, &doc, &err))
		fail_msg("%s", err.text);
	oi_reporting_from_doc(oi_doc_get(doc, "reporting"), &reporting);
}

static void web_hooks_are_taken(void **state OI_UNUSED)
{
	take("reporting:\n  log: {type: log, level: DEBUG}\n  kvp: {type: hyperv}\n  gone: null\n  odd: 5\n"
	     "  a: {type: webhook, endpoint: 'https://h/a?code=x', timeout: 1.5, retries: 2}\n"
	     "  b: {type: webhook, endpoint: 'http://h/b', consumer_key: '', token_key: null}\n"
	     "  b: {type: webhook, endpoint: 'http://h/last', timeout: -1, retries: 4000000000000}\n");
	assert_int_equal(reporting.n, 2);
	assert_string_equal(reporting.v[0].name, "a");
	assert_string_equal(reporting.v[0].endpoint, "https://h/a?code=x");
	assert_int_equal(reporting.v[0].timeout_ms, 1500);
	assert_int_equal(reporting.v[0].retries, 2);
	assert_string_equal(reporting.v[1].endpoint, "http://h/last");
	assert_int_equal(reporting.v[1].timeout_ms, 0);
	assert_int_equal(reporting.v[1].retries, 10);
	assert_int_equal(reporting.left_out.n, 0);
	oi_reporting_clear(&reporting);
}

static void what_cannot_be_served_is_named(void **state OI_UNUSED)
{
	take("reporting:\n  maas: {type: webhook, endpoint: 'http://h/', consumer_key: k, token_secret: s3cret}\n"
	     "  ftp: {type: webhook, endpoint: 'ftp://me:s3cret@h/'}\n  none: {type: webhook}\n");
	assert_int_equal(reporting.n, 0);
	assert_int_equal(reporting.left_out.n, 3);
	assert_non_null(strstr(reporting.left_out.v[0], "reporting.maas: "));
	assert_non_null(strstr(reporting.left_out.v[0], "OAuth"));
	assert_non_null(strstr(reporting.left_out.v[1], "reporting.ftp: "));
	for (size_t i = 0; i < 3; i++)
		assert_null(strstr(reporting.left_out.v[i], "s3cret"));
	oi_reporting_clear(&reporting);
}

static void nothing_and_nonsense_is_nobody(void **state OI_UNUSED)
{
	static const char *const texts[] = { "a: b\n", "reporting: null\n", "reporting: yes\n",
					     "reporting: [{type: webhook, endpoint: 'http://h/'}]\n" };

	for (size_t i = 0; i < OI_ARRAY_SIZE(texts); i++) {
		take(texts[i]);
		assert_int_equal(reporting.n + reporting.left_out.n, 0);
	}
}

/* --- where it is --- */

static struct tree tree;
static struct oi_host host;

static void found(const char *wanted)
{
	OI_CLEANUP(oi_stanza_clear) struct oi_stanza section = { 0 };
	OI_FREE char *json = NULL;
	struct oi_err err;

	if (oi_stanza_find_reporting(&host, &section, &err))
		fail_msg("%s", err.text);
	json = section.doc ? oi_doc_to_json(section.doc, false) : oi_mem_dup("none");
	assert_string_equal(json, wanted);
}

static void it_is_where_cloud_init_has_it(void **state OI_UNUSED)
{
	tree_make(&tree);
	memset(&host, 0, sizeof(host));
	host.look = tree.root;
	host.change = tree.root;
	found("none");
	tree_put(&tree, "/etc/cloud/cloud.cfg.d/10-kvp.cfg", "reporting: {kvp: {type: hyperv}, a: {type: webhook}}\n");
	found("{\"kvp\":{\"type\":\"hyperv\"},\"a\":{\"type\":\"webhook\"}}");
	tree_put(&tree, "/var/lib/cloud/instance/cloud-config.txt", "#cloud-config\nreporting: {a: null}\n");
	found("{\"kvp\":{\"type\":\"hyperv\"},\"a\":null}");
	/* what cloud-init has merged itself is the whole truth */
	tree_put(&tree, "/run/cloud-init/combined-cloud-config.json", "{\"reporting\": {\"b\": {\"type\": \"log\"}}}");
	found("{\"b\":{\"type\":\"log\"}}");
	tree_put(&tree, "/run/cloud-init/combined-cloud-config.json", "{\"runcmd\": []}");
	found("none");
	tree_drop(&tree);
}

/* --- the messenger --- */

/* What both processes see. */
struct seen {
	char letters[64];
	int64_t deadlines_ms[16];
	int n;
	int refuse; /* so many are not taken */
	volatile int wait; /* until somebody else sets it to 0 */
};

static struct seen *seen;

static bool bring(void *data OI_UNUSED, const char *letter, int64_t deadline_ms)
{
	size_t len = strlen(seen->letters);

	while (seen->wait)
		usleep(1000);
	if (seen->n < (int)OI_ARRAY_SIZE(seen->deadlines_ms))
		seen->deadlines_ms[seen->n++] = deadline_ms;
	snprintf(seen->letters + len, sizeof(seen->letters) - len, "%s", letter);
	return seen->refuse-- <= 0;
}

static void messenger_begin(struct oi_outbox *messenger, int held)
{
	*messenger = (struct oi_outbox){ .fd = -1 };
	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(seen != MAP_FAILED);
	seen->wait = 1;
	oi_outbox_start(messenger, &held, 1, bring, NULL);
	assert_true(messenger->aside.pid > 0);
}

static void messenger_end(struct oi_outbox *messenger, const char *wanted)
{
	oi_outbox_dismiss(messenger);
	seen->wait = 0;
	assert_true(oi_outbox_wait(messenger));
	assert_string_equal(seen->letters, wanted);
	assert_int_equal(messenger->aside.pid, 0);
	assert_false(oi_outbox_give(messenger, "late"));
	assert_true(oi_outbox_wait(messenger));
}

static void letters_come_in_order_and_giving_never_waits(void **state OI_UNUSED)
{
	struct oi_outbox messenger;
	OI_FREE char *large = oi_mem_zalloc(OI_MESSENGER_BYTES + 1, 1);
	int64_t now_ms;

	messenger_begin(&messenger, -1);
	for (const char *letter = "abcdef"; *letter; letter++)
		assert_true(oi_outbox_give(&messenger, (const char[]){ *letter, '\0' }));
	memset(large, 'x', OI_MESSENGER_BYTES);
	assert_false(oi_outbox_give(&messenger, large));
	now_ms = oi_clock_ms();
	messenger_end(&messenger, "abcdef");
	/* before the last one, all together have the time of one */
	for (int i = 1; i < 5; i++)
		assert_true(seen->deadlines_ms[i] <= now_ms + OI_MESSENGER_MS);
	munmap(seen, sizeof(*seen));
}

static void a_full_bag_is_no_reason_to_wait(void **state OI_UNUSED)
{
	OI_FREE char *large = oi_mem_zalloc(OI_MESSENGER_BYTES, 1);
	struct oi_outbox messenger;
	int given = 0;

	memset(large, 'x', OI_MESSENGER_BYTES - 1);
	messenger_begin(&messenger, -1);
	while (given < 10000 && oi_outbox_give(&messenger, large))
		given++;
	assert_in_range(given, 2, 9999);
	kill(messenger.aside.pid, SIGKILL);
	oi_outbox_dismiss(&messenger);
	assert_true(oi_outbox_wait(&messenger));
	munmap(seen, sizeof(*seen));
}

static void after_a_failure_only_the_result_counts(void **state OI_UNUSED)
{
	struct oi_outbox messenger;

	messenger_begin(&messenger, -1);
	seen->refuse = 1;
	for (const char *letter = "abcd"; *letter; letter++)
		assert_true(oi_outbox_give(&messenger, (const char[]){ *letter, '\0' }));
	messenger_end(&messenger, "ad");
	munmap(seen, sizeof(*seen));
}

static void it_keeps_no_lock(void **state OI_UNUSED)
{
	struct oi_outbox messenger;
	char path[] = "/tmp/ofed-init-lock.XXXXXX";
	int lock = mkstemp(path);
	int other = open(path, O_RDWR | O_CLOEXEC);

	assert_true(lock >= 0 && other >= 0);
	assert_int_equal(flock(lock, LOCK_EX), 0);
	messenger_begin(&messenger, lock);
	assert_true(oi_outbox_give(&messenger, "a"));
	seen->wait = 0;
	while (!seen->n)
		usleep(1000);
	close(lock);
	assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
	messenger_end(&messenger, "a");
	close(other);
	unlink(path);
	munmap(seen, sizeof(*seen));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(web_hooks_are_taken),
		cmocka_unit_test(what_cannot_be_served_is_named),
		cmocka_unit_test(nothing_and_nonsense_is_nobody),
		cmocka_unit_test(it_is_where_cloud_init_has_it),
		cmocka_unit_test(letters_come_in_order_and_giving_never_waits),
		cmocka_unit_test(a_full_bag_is_no_reason_to_wait),
		cmocka_unit_test(after_a_failure_only_the_result_counts),
		cmocka_unit_test(it_keeps_no_lock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
