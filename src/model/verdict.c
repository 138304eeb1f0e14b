/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/verdict.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

struct action_text {
	const char *name;
	const char *kind; /* as the verdict's JSON has it */
	const char *doing; /* "installing packages" */
};

static const struct action_text actions[] = {
	[OI_ACTION_FETCH] = { "fetch", "fetch", "fetching" },
	[OI_ACTION_REPOSITORY_STAGE] = { "repository-stage", "repository", "looking at the repository" },
	[OI_ACTION_MODULES_FETCH] = { "modules-fetch", "fetch", "asking the cache for modules" },
	[OI_ACTION_PACKAGES_REFRESH] = { "packages-refresh", "packages", "reading package lists" },
	[OI_ACTION_PACKAGES_SIMULATE] = { "packages-simulate", "packages", "trying the transaction out" },
	[OI_ACTION_REPOSITORY_ADD] = { "repository-add", "repository", "adding the repository" },
	[OI_ACTION_PACKAGES_HOLD] = { "packages-hold", "packages", "settling whose packages are used" },
	[OI_ACTION_FILE_WRITE] = { "file-write", "file", "writing files" },
	[OI_ACTION_FILE_SET] = { "file-set", "file", "writing files" },
	[OI_ACTION_PACKAGES_INSTALL] = { "packages-install", "packages", "installing packages" },
	[OI_ACTION_BUNDLE_OPEN] = { "bundle-open", "packages", "opening the bundle" },
	[OI_ACTION_BUNDLE_INSTALL] = { "bundle-install", "packages", "installing the bundle" },
	[OI_ACTION_MODULES_PUBLISH] = { "modules-publish", "module", "publishing modules" },
	[OI_ACTION_MODULES_CHOOSE] = { "modules-choose", "module", "choosing modules" },
	[OI_ACTION_MODULE_CHECK] = { "module-check", "module", "checking modules" },
	[OI_ACTION_KEY_CHECK] = { "key-check", "module", "checking the signing key" },
	[OI_ACTION_MODULE_SIGN] = { "module-sign", "module", "checking signatures" },
	[OI_ACTION_INITRAMFS_RENEW] = { "initramfs-renew", "module", "renewing the initramfs" },
	[OI_ACTION_MODULE_LOAD] = { "module-load", "module", "loading modules" },
	[OI_ACTION_SERVICE_ENABLE] = { "service-enable", "service", "enabling services" },
	[OI_ACTION_SERVICE_RESTART] = { "service-restart", "service", "starting services" },
	[OI_ACTION_REBOOT] = { "reboot", "service", "restarting the VM" },
	[OI_ACTION_VERIFY] = { "verify", "verify", "verifying" },
};

_Static_assert(OI_ARRAY_SIZE(actions) == OI_ACTION_COUNT, "every action has its text");

const char *oi_action_name(enum oi_action action)
{
	return actions[action].name;
}

const char *oi_action_doing(enum oi_action action)
{
	return actions[action].doing;
}

const char *oi_action_kind(enum oi_action action)
{
	return actions[action].kind;
}

const char *oi_outcome_name(enum oi_outcome outcome)
{
	static const char *const names[] = {
		[OI_OUTCOME_SKIP] = "skip",
		[OI_OUTCOME_READY] = "ready",
		[OI_OUTCOME_REFUSE] = "refuse",
		[OI_OUTCOME_INSTALL] = "install",
	};

	return names[outcome];
}

const char *oi_result_name(enum oi_result result)
{
	static const char *const names[] = {
		[OI_RESULT_PASS] = "pass",
		[OI_RESULT_FAIL] = "fail",
		[OI_RESULT_UNKNOWN] = "unknown",
	};

	return names[result];
}

const char *oi_proof_name(enum oi_proof proof)
{
	static const char *const names[] = {
		[OI_PROOF_PASS] = "pass",
		[OI_PROOF_FAIL] = "fail",
		[OI_PROOF_UNPROVEN] = "unproven",
	};

	return names[proof];
}

const char *oi_result_word(enum oi_result result)
{
	return result == OI_RESULT_FAIL ? "no" : oi_result_name(result);
}

const char *oi_proof_word(enum oi_proof proof)
{
	return proof == OI_PROOF_UNPROVEN ? "not verified" : oi_proof_name(proof);
}

/* --- what the members of a step are --- */

enum member_type { NOTHING, TEXT, LIST };

struct member {
	enum member_type type;
	size_t offset; /* in struct oi_step */
};

#define MEMBERS 5
#define TEXT_OF(name) { TEXT, offsetof(struct oi_step, name) }
#define LIST_OF(name) { LIST, offsetof(struct oi_step, name) }
#define REPOSITORY                                                                               \
	{ TEXT_OF(repository.form), TEXT_OF(repository.name), LIST_OF(repository.urls),           \
	  LIST_OF(repository.accepted), LIST_OF(repository.refused) }
#define CACHE { LIST_OF(cache.urls), TEXT_OF(cache.name), TEXT_OF(cache.key) }
#define PACKAGES { LIST_OF(packages.names), LIST_OF(packages.optional), LIST_OF(packages.build) }
#define BUNDLE                                                                                   \
	{ TEXT_OF(bundle.name), TEXT_OF(bundle.distro), LIST_OF(bundle.arguments),                \
	  LIST_OF(bundle.rebuild) }
#define SIGNING { TEXT_OF(signing.key), TEXT_OF(signing.certificate), LIST_OF(signing.modules) }
#define UNITS { LIST_OF(units.names), LIST_OF(units.modules) }

static const struct member members[OI_ACTION_COUNT][MEMBERS] = {
	[OI_ACTION_FETCH] = { LIST_OF(fetch.urls), TEXT_OF(fetch.name), TEXT_OF(fetch.sha256) },
	[OI_ACTION_REPOSITORY_STAGE] = REPOSITORY,
	[OI_ACTION_REPOSITORY_ADD] = REPOSITORY,
	[OI_ACTION_MODULES_FETCH] = CACHE,
	[OI_ACTION_MODULES_PUBLISH] = CACHE,
	[OI_ACTION_PACKAGES_SIMULATE] = PACKAGES,
	[OI_ACTION_PACKAGES_INSTALL] = PACKAGES,
	[OI_ACTION_PACKAGES_HOLD] = { LIST_OF(hold.names), TEXT_OF(hold.archive) },
	[OI_ACTION_FILE_WRITE] = { TEXT_OF(file.path), TEXT_OF(file.content) },
	[OI_ACTION_FILE_SET] = { TEXT_OF(setting.path), TEXT_OF(setting.key), TEXT_OF(setting.value),
				 LIST_OF(setting.defaults) },
	[OI_ACTION_BUNDLE_OPEN] = BUNDLE,
	[OI_ACTION_BUNDLE_INSTALL] = BUNDLE,
	[OI_ACTION_MODULES_CHOOSE] = { TEXT_OF(choice.folder), TEXT_OF(choice.settings),
				       LIST_OF(choice.left_out), LIST_OF(choice.allowed) },
	[OI_ACTION_MODULE_CHECK] = { LIST_OF(built.dkms), LIST_OF(built.optional), TEXT_OF(built.files) },
	[OI_ACTION_KEY_CHECK] = SIGNING,
	[OI_ACTION_MODULE_SIGN] = SIGNING,
	[OI_ACTION_MODULE_LOAD] = { LIST_OF(modules.names), LIST_OF(modules.optional) },
	[OI_ACTION_SERVICE_ENABLE] = UNITS,
	[OI_ACTION_SERVICE_RESTART] = UNITS,
};

static void clear_step(struct oi_step *step)
{
	free(step->id);
	free(step->detail);
	for (size_t i = 0; i < MEMBERS; i++) {
		const struct member *m = &members[step->action][i];

		if (m->type == TEXT)
			free(*(char **)((char *)step + m->offset));
		else if (m->type == LIST)
			oi_strv_clear((struct oi_strv *)((char *)step + m->offset));
	}
}

const struct oi_strv *oi_step_urls(const struct oi_step *step)
{
	switch (step->action) {
	case OI_ACTION_FETCH:
		return &step->fetch.urls;
	case OI_ACTION_MODULES_FETCH:
		return &step->cache.urls;
	case OI_ACTION_REPOSITORY_STAGE:
	case OI_ACTION_REPOSITORY_ADD:
		return &step->repository.urls;
	default:
		return NULL;
	}
}

void oi_verdict_clear(struct oi_verdict *verdict)
{
	free(verdict->message);
	free(verdict->remedy);
	free(verdict->doubt);
	free(verdict->vm.size);
	free(verdict->vm.nic_generation);
	free(verdict->driver.stack);
	free(verdict->driver.version);
	free(verdict->driver.method);
	free(verdict->driver.url);
	free(verdict->driver.sha256);
	free(verdict->driver.kernel);
	free(verdict->driver.manager);
	for (size_t i = 0; i < verdict->n_rules; i++) {
		free(verdict->rules[i].id);
		free(verdict->rules[i].detail);
	}
	free(verdict->rules);
	for (size_t i = 0; i < verdict->n_steps; i++)
		clear_step(&verdict->steps[i]);
	free(verdict->steps);
	memset(verdict, 0, sizeof(*verdict));
}

void oi_checks_clear(struct oi_checks *checks)
{
	for (size_t i = 0; i < checks->n; i++) {
		free(checks->v[i].id);
		free(checks->v[i].detail);
	}
	free(checks->v);
	memset(checks, 0, sizeof(*checks));
}

void oi_verdict_rule(struct oi_verdict *verdict, const char *id, enum oi_result result,
		     const char *fmt, ...)
{
	struct oi_rule *rule;
	va_list ap;

	verdict->rules = oi_mem_grow(verdict->rules, verdict->n_rules + 1, sizeof(*rule));
	rule = &verdict->rules[verdict->n_rules++];
	rule->id = oi_mem_dup(id);
	rule->result = result;
	va_start(ap, fmt);
	rule->detail = oi_mem_vprintf(fmt, ap);
	va_end(ap);
}

struct oi_step *oi_verdict_step(struct oi_verdict *verdict, enum oi_action action,
				const char *id, const char *fmt, ...)
{
	struct oi_step *step;
	va_list ap;

	verdict->steps = oi_mem_grow(verdict->steps, verdict->n_steps + 1, sizeof(*step));
	step = &verdict->steps[verdict->n_steps++];
	memset(step, 0, sizeof(*step));
	step->action = action;
	step->id = oi_mem_dup(id);
	va_start(ap, fmt);
	step->detail = oi_mem_vprintf(fmt, ap);
	va_end(ap);
	return step;
}

void oi_verdict_keep(struct oi_verdict *verdict, bool (*wanted)(enum oi_action action))
{
	size_t kept = 0;

	for (size_t i = 0; i < verdict->n_steps; i++) {
		if (wanted(verdict->steps[i].action))
			verdict->steps[kept++] = verdict->steps[i];
		else
			clear_step(&verdict->steps[i]);
	}
	verdict->n_steps = kept;
}

void oi_checks_add(struct oi_checks *checks, const char *id, enum oi_proof proof,
		   enum oi_reason reason, const char *fmt, ...)
{
	struct oi_check *check;
	va_list ap;

	checks->v = oi_mem_grow(checks->v, checks->n + 1, sizeof(*check));
	check = &checks->v[checks->n++];
	check->id = oi_mem_dup(id);
	check->proof = proof;
	check->reason = reason;
	va_start(ap, fmt);
	check->detail = oi_mem_vprintf(fmt, ap);
	va_end(ap);
}

void oi_checks_move(struct oi_checks *from, struct oi_checks *to)
{
	for (size_t i = 0; i < from->n; i++) {
		to->v = oi_mem_grow(to->v, to->n + 1, sizeof(*to->v));
		to->v[to->n++] = from->v[i];
	}
	from->n = 0;
	oi_checks_clear(from);
}

static void put_number_or_null(struct oi_doc *map, const char *key, int value)
{
	oi_doc_put(map, key, value > 0 ? oi_doc_new_int(value) : oi_doc_new(OI_DOC_NULL));
}

static struct oi_doc *rules_to_doc(const struct oi_verdict *verdict)
{
	struct oi_doc *list = oi_doc_new(OI_DOC_LIST);

	for (size_t i = 0; i < verdict->n_rules; i++) {
		struct oi_doc *map = oi_doc_new(OI_DOC_MAP);

		oi_doc_put_string(map, "id", verdict->rules[i].id);
		oi_doc_put_string(map, "result", oi_result_name(verdict->rules[i].result));
		oi_doc_put_string(map, "detail", verdict->rules[i].detail);
		oi_doc_add(list, map);
	}
	return list;
}

static struct oi_doc *steps_to_doc(const struct oi_verdict *verdict)
{
	struct oi_doc *list = oi_doc_new(OI_DOC_LIST);

	for (size_t i = 0; i < verdict->n_steps; i++) {
		struct oi_doc *map = oi_doc_new(OI_DOC_MAP);

		oi_doc_put_string(map, "id", verdict->steps[i].id);
		oi_doc_put_string(map, "kind", oi_action_kind(verdict->steps[i].action));
		oi_doc_put_string(map, "detail", verdict->steps[i].detail);
		oi_doc_add(list, map);
	}
	return list;
}

struct oi_doc *oi_verdict_to_doc(const struct oi_verdict *verdict)
{
	struct oi_doc *doc = oi_doc_new(OI_DOC_MAP);
	struct oi_doc *part;

	oi_doc_put_int(doc, "schema", 1);
	oi_doc_put_string(doc, "outcome", oi_outcome_name(verdict->outcome));
	oi_doc_put_int(doc, "exit_code", verdict->exit_code);
	oi_doc_put_string(doc, "reason", oi_reason_text(verdict->reason)->id);
	oi_doc_put_string(doc, "message", verdict->message);
	oi_doc_put_string(doc, "remedy", verdict->remedy);
	part = oi_doc_new(OI_DOC_MAP);
	oi_doc_put_string(part, "size", verdict->vm.size);
	oi_doc_put_string(part, "nic_generation", verdict->vm.nic_generation);
	put_number_or_null(part, "ib_ports", verdict->vm.ib_ports);
	put_number_or_null(part, "link_gbps", verdict->vm.link_gbps);
	oi_doc_put(doc, "vm", part);
	part = oi_doc_new(verdict->driver.stack ? OI_DOC_MAP : OI_DOC_NULL);
	if (verdict->driver.stack) {
		oi_doc_put_string(part, "stack", verdict->driver.stack);
		oi_doc_put_string(part, "version", verdict->driver.version);
		oi_doc_put_string(part, "method", verdict->driver.method);
		oi_doc_put_string(part, "url", verdict->driver.url);
		oi_doc_put_string(part, "sha256", verdict->driver.sha256);
		oi_doc_put_string(part, "kernel", verdict->driver.kernel);
	}
	oi_doc_put(doc, "driver", part);
	oi_doc_put(doc, "rules", rules_to_doc(verdict));
	oi_doc_put(doc, "steps", steps_to_doc(verdict));
	return doc;
}

struct oi_doc *oi_checks_to_doc(const struct oi_checks *checks)
{
	struct oi_doc *list = oi_doc_new(OI_DOC_LIST);

	for (size_t i = 0; i < checks->n; i++) {
		struct oi_doc *map = oi_doc_new(OI_DOC_MAP);

		oi_doc_put_string(map, "id", checks->v[i].id);
		oi_doc_put_string(map, "result", oi_proof_name(checks->v[i].proof));
		oi_doc_put_string(map, "detail", checks->v[i].detail);
		oi_doc_add(list, map);
	}
	return list;
}
