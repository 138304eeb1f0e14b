/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every row of the catalog that may be chosen, for every adapter that it drives: there
 * is a complete plan for it, and code that can carry it out; or it is refused with its
 * own reason before anything is changed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "decide/decide.h"
#include "execute/execute.h"
#include "steps.h"

static struct oi_catalog catalog;

static const struct {
	const char *generation;
	const char *size;
	const char *device;
	const char *class_code;
} adapters[] = {
	{ "cx3-pro", "Standard_NC24rs_v3", "1004", "0280" },
	{ "cx5", "Standard_HC44rs", "1018", "0207" },
	{ "cx6", "Standard_HB120rs_v3", "101c", "0207" },
	{ "cx7", "Standard_HB176rs_v4", "101e", "0207" },
	{ "cx8", "Standard_ND128isr_GB300_v6", "101e", "0207" },
};

/* Below 5.6 all of them: for ConnectX-3 nothing is built above. */
static const struct {
	const char *distro;
	const char *kernel;
} kernels[] = {
	{ "ubuntu", "5.4.0-1109-azure" },	{ "debian", "5.10.0-33-cloud-amd64" },
	{ "sles", "4.12.14-16.185-azure" },	{ "sle_hpc", "4.12.14-16.185-azure" },
	{ "azurelinux", "6.6.92.2-2.azl3" },	{ "", "4.18.0-193.el8.x86_64" },
};

static int read_catalog(void **state)
{
	struct oi_err err;

	(void)state;
	return oi_catalog_add_builtin(&catalog, &err);
}

static int drop_catalog(void **state)
{
	(void)state;
	oi_catalog_clear(&catalog);
	return 0;
}

static const char *kernel_of(const char *distro)
{
	size_t i = 0;

	while (*kernels[i].distro && strcmp(kernels[i].distro, distro) != 0)
		i++;
	return kernels[i].kernel;
}

static void decide(const char *distro, const char *version, const char *arch, size_t adapter,
		   const char *stanza, struct oi_verdict *verdict)
{
	OI_CLEANUP(oi_facts_clear) struct oi_facts facts = { 0 };
	OI_CLEANUP(oi_config_clear) struct oi_config config = { 0 };
	OI_FREE char *machine = oi_mem_printf(
		"{\"schema\":1,\"dmi\":{\"sys_vendor\":\"Microsoft Corporation\"},"
		"\"hyperv\":{\"vmbus\":true,\"pci_hyperv\":true},\"vm\":{\"size\":\"%s\"},"
		"\"os\":{\"id\":\"%s\",\"version_id\":\"%s\"},"
		"\"kernel\":{\"release\":\"%s\",\"arch\":\"%s\",\"headers\":true,\"compiler\":true},"
		"\"security\":{\"secure_boot\":false},\"installed\":{\"stack\":null},"
		"\"pci\":[{\"address\":\"0101:00:00.0\",\"vendor\":\"15b3\",\"device\":\"%s\",\"class\":\"%s\"}]}",
		adapters[adapter].size, distro, version, kernel_of(distro), arch,
		adapters[adapter].device, adapters[adapter].class_code);
	OI_DOC_AUTO *snapshot = NULL;
	OI_DOC_AUTO *doc = NULL;
	struct oi_err err = { 0 };

	oi_config_init(&config);
	if (oi_doc_from_json(machine, strlen(machine), "m", 1, &snapshot, &err) ||
	    oi_facts_from_doc(snapshot, &facts, &err) ||
	    oi_doc_from_yaml(stanza, strlen(stanza), "s", 1, &doc, &err) ||
	    oi_config_from_doc(doc, &config, NULL, &err))
		fail_msg("%s", err.text);
	oi_verdict_clear(verdict);
	oi_decide(&facts, &config, &catalog, verdict);
}

static void check_names(const char *what, const struct oi_strv *names)
{
	for (size_t i = 0; i < names->n; i++)
		if (!*names->v[i] || strchr(names->v[i], '{'))
			fail_msg("%s: \"%s\" is left", what, names->v[i]);
}

/* Nothing in it is still to be found out. */
static void check_steps(const char *what, const struct oi_verdict *verdict)
{
	assert_true(verdict->n_steps > 0);
	for (size_t i = 0; i < verdict->n_steps; i++) {
		struct oi_step *step = &verdict->steps[i];

		if (step_names(step))
			check_names(what, step_names(step));
		if (step_optional(step))
			check_names(what, step_optional(step));
		if (step->action == OI_ACTION_FETCH &&
		    (!step->fetch.urls.n || !step->fetch.name || !*step->fetch.name))
			fail_msg("%s: %s fetches nothing", what, step->id);
		if (step->action == OI_ACTION_PACKAGES_INSTALL && !step->packages.names.n)
			fail_msg("%s: %s installs nothing", what, step->id);
	}
	assert_int_equal(verdict->steps[verdict->n_steps - 1].action, OI_ACTION_VERIFY);
}

static void check_row(const char *what, const struct oi_verdict *verdict, bool address)
{
	struct oi_err err = { 0 };

	if (verdict->outcome != OI_OUTCOME_INSTALL)
		fail_msg("%s: %s", what, verdict->message);
	check_steps(what, verdict);
	if (!oi_execute_can(verdict, &err))
		return;
	if (err.code != OI_R_METHOD_UNAVAILABLE || !address)
		fail_msg("%s: %s", what, err.text);
}

static void every_release_can_be_carried_out(void **state)
{
	OI_CLEANUP(oi_verdict_clear) struct oi_verdict verdict = { 0 };
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < catalog.n_releases; i++) {
		const struct oi_release *row = &catalog.releases[i];
		OI_FREE char *stanza =
			oi_mem_printf("{driver: %s, version: '%s'}", row->stack, row->version);

		if (row->status != OI_RELEASE_CURRENT && row->status != OI_RELEASE_OLDER)
			continue;
		for (size_t a = 0; a < OI_ARRAY_SIZE(adapters); a++) {
			OI_FREE char *what = oi_mem_printf("%s %s on %s %s %s, %s", row->stack,
							   row->version, row->distro_id,
							   row->distro_version, row->arch,
							   adapters[a].generation);
			bool old_cx3 = !a && strncmp(row->version, "4.9-", 4) != 0;

			if (!oi_strv_has(&row->nic_generations, adapters[a].generation))
				continue;
			decide(row->distro_id, row->distro_version, row->arch, a, stanza, &verdict);
			n++;
			/* on paper only: nobody ever recommended another than 4.9 for it */
			if (old_cx3)
				assert_true(verdict.reason == OI_R_VERSION_UNAVAILABLE ||
					    verdict.reason == OI_R_DRIVER_UNAVAILABLE ||
					    verdict.reason == OI_R_DISTRO_NO_GENERATION);
			else
				check_row(what, &verdict, !strcmp(row->kind, "apt-repo"));
		}
	}
	assert_true(n > 300);
}

/* "9*" is stood for by 9.4, "12" by itself. */
static char *version_of(const char *glob)
{
	size_t len = strcspn(glob, "*");
	bool dot = len && glob[len - 1] == '.';

	return glob[len] ? oi_mem_printf("%.*s%s", (int)len, glob, dot ? "4" : ".4") :
			   oi_mem_dup(glob);
}

static void every_distribution_can_be_served(void **state)
{
	static const char *const stanzas[] = { "{driver: inbox}", "{}" };
	OI_CLEANUP(oi_verdict_clear) struct oi_verdict verdict = { 0 };
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < catalog.n_inbox; i++) {
		const struct oi_inbox *row = &catalog.inbox[i];
		OI_FREE char *version = version_of(row->distro_version);

		for (size_t k = 0; k < row->arch.n * OI_ARRAY_SIZE(adapters) * 2; k++) {
			const char *arch = row->arch.v[k / 2 / OI_ARRAY_SIZE(adapters)];
			size_t a = k / 2 % OI_ARRAY_SIZE(adapters);
			OI_FREE char *what = oi_mem_printf("%s on %s %s %s, %s", stanzas[k % 2],
							   row->distro_id, version, arch,
							   adapters[a].generation);

			if (!oi_strv_has(&row->nic_generations, adapters[a].generation))
				continue;
			decide(row->distro_id, version, arch, a, stanzas[k % 2], &verdict);
			check_row(what, &verdict, false);
			n++;
		}
	}
	assert_true(n > 300);
}

static const struct oi_step *step(const struct oi_verdict *verdict, const char *id)
{
	for (size_t i = 0; i < verdict->n_steps; i++)
		if (!strcmp(verdict->steps[i].id, id))
			return &verdict->steps[i];
	fail_msg("no step %s: %s", id, verdict->message);
	return NULL;
}

static void a_source_archive_is_refused_first(void **state)
{
	OI_CLEANUP(oi_verdict_clear) struct oi_verdict verdict = { 0 };

	(void)state;
	decide("mariner", "2.0", "x86_64", 2, "{}", &verdict);
	assert_int_equal(verdict.reason, OI_R_SOURCE_ONLY);
	assert_int_equal(verdict.n_steps, 0);
	decide("ubuntu", "22.04", "x86_64", 2,
	       "{source: {url: 'https://s/MLNX_OFED_SRC-23.10-1.1.9.0.tgz?x=/y', sha256: "
	       "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef}}", &verdict);
	assert_int_equal(verdict.reason, OI_R_SOURCE_ONLY);
	decide("mariner", "3.0", "x86_64", 2, "{}", &verdict);
	assert_int_equal(verdict.reason, OI_R_DISTRO_UNSUPPORTED);
}

static void azure_linux_has_modules_by_architecture(void **state)
{
	OI_CLEANUP(oi_verdict_clear) struct oi_verdict verdict = { 0 };

	(void)state;
	decide("azurelinux", "3.0", "x86_64", 2, "{}", &verdict);
	assert_true(oi_strv_has(&step(&verdict, "install-packages")->packages.names, "mlnx-ofa_kernel"));
	assert_true(oi_strv_has(&step(&verdict, "install-packages")->packages.names, "mlnx-ofa_kernel-modules"));
	assert_null(verdict.driver.url);
	decide("azurelinux", "3.0", "aarch64", 3, "{}", &verdict);
	assert_true(oi_strv_has(&step(&verdict, "install-packages")->packages.names,
				"mlnx-ofa_kernel-hwe-modules"));
	assert_false(oi_strv_has(&step(&verdict, "install-packages")->packages.names,
				 "mlnx-ofa_kernel-modules"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_release_can_be_carried_out),
		cmocka_unit_test(every_distribution_can_be_served),
		cmocka_unit_test(a_source_archive_is_refused_first),
		cmocka_unit_test(azure_linux_has_modules_by_architecture),
	};

	return cmocka_run_group_tests(tests, read_catalog, drop_catalog);
}
