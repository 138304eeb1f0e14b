/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Publishing beside the workloads: when it is due, that nobody waits for it, and that it can be given up. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "execute/cache/publisher.h"
#include "fakehost.h"
#include "model/reasons.h"
#include "sys/lock.h"

#define NOTE "{\"schema\": 1, \"key\": \"the_key\", \"kernel\": \"6.1.0-50-amd64\", \"version\": \"3.2.3\"}"

static void want_it(struct fakehost *f)
{
	oi_mem_set(&f->config.modules_cache.url, "/srv/modules");
	f->config.modules_cache.publish = true;
}

static void it_is_noted_by_the_plans_step(void **state)
{
	struct fakehost *f = *state;
	const struct oi_context ctx = { .host = &f->host, .config = &f->config, .verdict = &f->verdict };
	OI_FREE char *text = NULL;
	struct oi_step *step;
	struct oi_err err;

	want_it(f);
	assert_int_equal(oi_publisher_note(&ctx, &err), 0);
	assert_false(oi_publisher_is_due(&f->host, &f->config));
	step = oi_verdict_step(&f->verdict, OI_ACTION_MODULES_PUBLISH, "publish-modules", "x");
	oi_mem_set(&step->cache.key, "the_key");
	assert_int_equal(oi_publisher_note(&ctx, &err), 0);
	assert_true(oi_publisher_is_due(&f->host, &f->config));
	text = fakehost_read(f, OI_PUBLISH_NOTE);
	assert_non_null(strstr(text, "\"the_key\""));
	assert_non_null(strstr(text, "\"6.1.0-50-amd64\""));
	/* the stanza has changed its mind */
	f->config.modules_cache.publish = false;
	assert_false(oi_publisher_is_due(&f->host, &f->config));
	oi_publisher_forget(&f->host);
	assert_false(fakehost_exists(f, OI_PUBLISH_NOTE));
}

static void a_note_that_makes_no_sense_publishes_nothing(void **state)
{
	static const char *const notes[] = {
		"", "{}", "[]", "{\"schema\": 2, \"key\": \"k\", \"kernel\": \"6\"}",
		"{\"schema\": 1, \"key\": \"../../etc/x\", \"kernel\": \"6\"}",
		"{\"schema\": 1, \"key\": \"k\", \"kernel\": \"../..\"}", "{\"schema\": 1, \"key\": \"k\"}",
	};
	struct fakehost *f = *state;

	want_it(f);
	for (size_t i = 0; i < OI_ARRAY_SIZE(notes); i++) {
		fakehost_write(f, OI_PUBLISH_NOTE, notes[i]);
		oi_publisher_run(&f->host, &f->config);
		oi_publisher_start(&f->host, &f->config, true, NULL, 0);
	}
	fakehost_check_calls(f);
	assert_false(fakehost_exists(f, "/srv/modules"));
}

/* What cannot be packed is told once, and not tried at every boot. */
static void a_refusal_ends_it(void **state)
{
	struct fakehost *f = *state;

	want_it(f);
	fakehost_write(f, OI_PUBLISH_NOTE, NOTE);
	fakehost_expect_text(f, "dkms", 0, "", "status");
	oi_publisher_run(&f->host, &f->config);
	assert_true(fakehost_logged(f, 'W', "not published (modules-missing)"));
	assert_false(fakehost_exists(f, OI_PUBLISH_NOTE));
	fakehost_check_calls(f);
}

static bool is_at_it(struct fakehost *f)
{
	return oi_lock_alive(&f->host.change, OI_PUBLISH_LOCK);
}

/* The run is over; the publisher waits for its place in the fleet, or packs; a next run takes over. */
static void it_goes_on_beside_us_and_can_be_given_up(void **state)
{
	struct fakehost *f = *state;
	OI_CLEANUP(oi_lock_drop) struct oi_lock ours = { .fd = -1 };
	struct oi_lock next = { .fd = -1 };
	struct oi_err err;

	want_it(f);
	fakehost_write(f, OI_PUBLISH_NOTE, NOTE);
	fakehost_expect_run(f, "dkms", 0, "#!/bin/sh\nexec sleep 300\n", "status");
	assert_int_equal(oi_lock_take(&f->host.change, OI_LOCK_PATH, &ours, &err), 0);
	oi_publisher_start(&f->host, &f->config, true, &ours.fd, 1);
	assert_true(is_at_it(f));
	/* a second one has nothing to do */
	oi_publisher_start(&f->host, &f->config, true, &ours.fd, 1);
	/* our own lock is not the publisher's */
	oi_lock_drop(&ours);
	assert_int_equal(oi_lock_take(&f->host.change, OI_LOCK_PATH, &next, &err), 0);
	oi_publisher_stop(&f->host);
	oi_lock_drop(&next);
	assert_false(is_at_it(f));
	assert_true(fakehost_exists(f, OI_PUBLISH_NOTE)); /* for the next run that ends well */
	oi_publisher_stop(&f->host); /* nobody */
	while (waitpid(-1, NULL, 0) > 0)
		continue;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fakehost_set_up, fakehost_tear_down)
		TEST(it_is_noted_by_the_plans_step),
		TEST(a_note_that_makes_no_sense_publishes_nothing),
		TEST(a_refusal_ends_it),
		TEST(it_goes_on_beside_us_and_can_be_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
