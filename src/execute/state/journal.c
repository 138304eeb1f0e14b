/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/state/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/doc.h"
#include "base/mem.h"
#include "model/reasons.h"
#include "sys/boot.h"
#include "sys/clock.h"

/* 1: the first. A field that an older one lacks has to have a meaning when it is missing. */
#define SCHEMA 1
#define JOURNAL_BYTES (1u << 20)

static const struct {
	unsigned int bit;
	const char *name;
} names[] = {
	{ OI_HEAL_LISTS, "lists" },
	{ OI_HEAL_PACKAGES, "packages" },
	{ OI_HEAL_MODULES, "modules" },
	{ OI_HEAL_SCRATCH, "scratch" },
};

#define HEAL_ALL (OI_HEAL_LISTS | OI_HEAL_PACKAGES | OI_HEAL_MODULES | OI_HEAL_SCRATCH)

/*
 * In order of enum oi_action. What is missing needs no healing: a download goes on
 * where it stopped, files are written beside and renamed, a unit is enabled again.
 */
static const unsigned int leaves[] = {
	/* lists are fetched beside a download */
	[OI_ACTION_FETCH] = OI_HEAL_LISTS,
	[OI_ACTION_MODULES_FETCH] = OI_HEAL_LISTS,
	[OI_ACTION_REPOSITORY_STAGE] = OI_HEAL_LISTS,
	[OI_ACTION_PACKAGES_REFRESH] = OI_HEAL_LISTS,
	[OI_ACTION_PACKAGES_SIMULATE] = OI_HEAL_LISTS,
	[OI_ACTION_REPOSITORY_ADD] = OI_HEAL_PACKAGES,
	[OI_ACTION_PACKAGES_INSTALL] = OI_HEAL_LISTS | OI_HEAL_PACKAGES | OI_HEAL_MODULES,
	[OI_ACTION_BUNDLE_OPEN] = OI_HEAL_SCRATCH,
	[OI_ACTION_BUNDLE_INSTALL] = OI_HEAL_PACKAGES | OI_HEAL_MODULES | OI_HEAL_SCRATCH,
	[OI_ACTION_MODULE_CHECK] = OI_HEAL_MODULES, /* it may build */
	[OI_ACTION_VERIFY] = 0,
};

_Static_assert(OI_ARRAY_SIZE(leaves) == OI_ACTION_COUNT, "an unknown action");

void oi_journal_clear(struct oi_journal *journal)
{
	for (size_t i = 0; i < journal->n; i++)
		free(journal->steps[i].id);
	free(journal->steps);
	free(journal->stack);
	free(journal->manager);
	free(journal->kernel);
	free(journal->boot);
	oi_strv_clear(&journal->hurried);
	memset(journal, 0, sizeof(*journal));
}

static struct oi_journal_step *add_step(struct oi_journal *journal, const char *id)
{
	struct oi_journal_step *step;

	journal->steps = oi_mem_grow(journal->steps, journal->n + 1, sizeof(*step));
	step = &journal->steps[journal->n++];
	memset(step, 0, sizeof(*step));
	step->id = oi_mem_dup(id);
	return step;
}

/* --- reading --- */

/* A word of a later program's that this one does not know is no harm: it heals what it can. */
static unsigned int read_heals(const struct oi_doc *list)
{
	unsigned int heals = 0;

	for (size_t i = 0; list && list->kind == OI_DOC_LIST && i < list->n; i++) {
		const char *word = oi_doc_string(list->items[i]);

		for (size_t n = 0; word && n < OI_ARRAY_SIZE(names); n++)
			if (!strcmp(word, names[n].name))
				heals |= names[n].bit;
	}
	return heals;
}

/* Return: whether it makes sense. */
static bool read_steps(const struct oi_doc *list, struct oi_journal *journal)
{
	if (!list || list->kind != OI_DOC_LIST)
		return false;
	for (size_t i = 0; i < list->n; i++) {
		const char *id = oi_doc_string(oi_doc_get(list->items[i], "id"));
		const char *state = oi_doc_string(oi_doc_get(list->items[i], "state"));
		struct oi_journal_step *step;

		if (!id || !state)
			return false;
		step = add_step(journal, id);
		step->done = !strcmp(state, "done");
		step->heals = read_heals(oi_doc_get(list->items[i], "leaves"));
	}
	return true;
}

/* Return: whether it makes sense. */
static bool read_doc(const struct oi_doc *doc, struct oi_journal *journal)
{
	int64_t began_s = oi_doc_int(oi_doc_get(doc, "began_s"), 0);

	if (oi_doc_int(oi_doc_get(doc, "schema"), 0) < 1)
		return false;
	if (began_s > 0)
		journal->began_s = began_s;
	oi_mem_set(&journal->stack, oi_doc_string(oi_doc_get(doc, "stack")));
	oi_mem_set(&journal->manager, oi_doc_string(oi_doc_get(doc, "manager")));
	oi_mem_set(&journal->kernel, oi_doc_string(oi_doc_get(doc, "kernel")));
	oi_mem_set(&journal->boot, oi_doc_string(oi_doc_get(doc, "boot")));
	oi_doc_take_strings(oi_doc_get(doc, "hurried"), &journal->hurried);
	return read_steps(oi_doc_get(doc, "steps"), journal);
}

int oi_journal_read(const struct oi_root *root, struct oi_journal *journal, struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	OI_DOC_AUTO *doc = NULL;
	int64_t schema;
	int got = oi_root_read(root, OI_JOURNAL_PATH, JOURNAL_BYTES, &text, err);

	if (got)
		return got;
	if (oi_doc_from_json(oi_buf_str(&text), text.len, OI_JOURNAL_PATH, OI_R_READ_FAILED, &doc,
			     err)) {
		journal->damaged = true;
		return 0;
	}
	schema = oi_doc_int(oi_doc_get(doc, "schema"), 0);
	if (schema > SCHEMA)
		return oi_err_set(err, OI_R_STATE_NEWER,
				  OI_JOURNAL_PATH ": schema %lld, and this program knows %d",
				  (long long)schema, SCHEMA);
	if (!read_doc(doc, journal)) {
		oi_journal_clear(journal);
		journal->damaged = true;
	}
	return 0;
}

/* --- writing --- */

/* What an earlier run has left stays to be told of until a run comes to its end. */
static void carry_over(const struct oi_root *root, struct oi_journal *journal)
{
	OI_CLEANUP(oi_journal_clear) struct oi_journal before = { 0 };
	const struct oi_journal_step *cut;
	struct oi_journal_step *step;
	struct oi_err err; /* one that is newer has stopped the run long before */

	if (oi_journal_read(root, &before, &err))
		return;
	cut = oi_journal_cut(&before);
	step = add_step(journal, cut ? cut->id : "unknown");
	step->heals = oi_journal_heals(&before);
	journal->carried = true;
	oi_mem_set(&journal->boot, before.boot);
	oi_strv_add_all(&journal->hurried, &before.hurried);
}

void oi_journal_start(const struct oi_root *root, struct oi_journal *journal,
		      const struct oi_verdict *verdict)
{
	const struct oi_verdict *v = verdict;

	oi_journal_clear(journal);
	journal->open = true;
	carry_over(root, journal);
	oi_mem_set(&journal->stack, v->driver.stack);
	oi_mem_set(&journal->manager, v->driver.manager ? v->driver.manager : v->driver.method);
	oi_mem_set(&journal->kernel, v->driver.kernel);
}

static struct oi_doc *step_doc(const struct oi_journal_step *step)
{
	struct oi_doc *doc = oi_doc_new(OI_DOC_MAP);
	struct oi_doc *list = oi_doc_new(OI_DOC_LIST);

	for (size_t n = 0; n < OI_ARRAY_SIZE(names); n++)
		if (step->heals & names[n].bit)
			oi_doc_add(list, oi_doc_new_string(names[n].name));
	oi_doc_put_string(doc, "id", step->id);
	oi_doc_put_string(doc, "state", step->done ? "done" : "begun");
	oi_doc_put(doc, "leaves", list);
	return doc;
}

static int write_down(const struct oi_root *root, const struct oi_journal *journal,
		      struct oi_err *err)
{
	OI_DOC_AUTO *doc = oi_doc_new(OI_DOC_MAP);
	struct oi_doc *list = oi_doc_new(OI_DOC_LIST);
	OI_FREE char *text = NULL;
	char now[OI_CLOCK_TEXT_BYTES];

	oi_clock_utc(now);
	oi_doc_put_int(doc, "schema", SCHEMA);
	oi_doc_put_string(doc, "version", OI_VERSION);
	oi_doc_put_string(doc, "written", now);
	oi_doc_put_int(doc, "began_s", journal->began_s);
	oi_doc_put_string(doc, "stack", journal->stack);
	oi_doc_put_string(doc, "manager", journal->manager);
	oi_doc_put_string(doc, "kernel", journal->kernel);
	oi_doc_put_string(doc, "boot", journal->boot);
	oi_doc_put(doc, "hurried", oi_doc_new_strings(&journal->hurried));
	for (size_t i = 0; i < journal->n; i++)
		oi_doc_add(list, step_doc(&journal->steps[i]));
	oi_doc_put(doc, "steps", list);
	text = oi_doc_to_json(doc, true);
	return oi_root_write(root, OI_JOURNAL_PATH, 0644, text, strlen(text), err);
}

int oi_journal_begin(const struct oi_root *root, struct oi_journal *journal,
		     const struct oi_step *step, struct oi_err *err)
{
	if (journal->n && journal->begun)
		journal->steps[journal->n - 1].done = true;
	journal->begun = true;
	journal->began_s = (int64_t)time(NULL);
	add_step(journal, step->id)->heals = leaves[step->action];
	/* One of an earlier boot stays: what that has lost may not be mended yet. */
	if (!journal->boot && (leaves[step->action] & (OI_HEAL_PACKAGES | OI_HEAL_MODULES)))
		journal->boot = oi_boot_id(root);
	return write_down(root, journal, err);
}

int oi_journal_hurry(const struct oi_root *root, struct oi_journal *journal,
		     const struct oi_strv *packages, struct oi_err *err)
{
	oi_strv_add_all(&journal->hurried, packages);
	return write_down(root, journal, err);
}

void oi_journal_sync(const struct oi_root *root)
{
	/* Any of these may be a file system of its own. */
	static const char *const places[] = { "/", "/usr", "/lib/modules", "/boot", "/etc", "/opt",
					      "/var", OI_STATE_DIR };
	dev_t synced[OI_ARRAY_SIZE(places)] = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < OI_ARRAY_SIZE(places); i++) {
		int fd = oi_root_openat(root, places[i], O_RDONLY | O_DIRECTORY, 0);
		struct stat st = { 0 };
		bool before = false;

		if (fd < 0)
			continue;
		if (!fstat(fd, &st))
			for (size_t d = 0; d < n; d++)
				before |= synced[d] == st.st_dev;
		if (!before)
			(void)!syncfs(fd); /* a disk that fails has said so to those who wrote */
		synced[n++] = st.st_dev;
		close(fd);
	}
}

void oi_journal_settle(const struct oi_root *root, struct oi_journal *journal)
{
	struct oi_err ignored; /* then the next run looks at more than it need */

	if (!journal->boot)
		return;
	oi_journal_sync(root);
	oi_mem_free_p(&journal->boot);
	oi_strv_clear(&journal->hurried);
	(void)!write_down(root, journal, &ignored);
}

int oi_journal_end(const struct oi_root *root, struct oi_err *err)
{
	oi_journal_sync(root);
	return oi_root_remove(root, OI_JOURNAL_PATH, err);
}

/* --- asking --- */

const struct oi_journal_step *oi_journal_cut(const struct oi_journal *journal)
{
	return journal->n ? &journal->steps[journal->n - 1] : NULL;
}

bool oi_journal_lost(const struct oi_root *root, const struct oi_journal *journal)
{
	OI_FREE char *now = journal->boot ? oi_boot_id(root) : NULL;

	return journal->boot && (!now || strcmp(journal->boot, now) != 0);
}

unsigned int oi_journal_heals(const struct oi_journal *journal)
{
	unsigned int heals = journal->damaged ? HEAL_ALL : 0;

	/* Done ones too: a disk that was not synced may have lost what they did. */
	for (size_t i = 0; i < journal->n; i++)
		heals |= journal->steps[i].heals;
	return heals;
}
