/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is inside the steps of a plan: addresses, files, packages. The cases look at the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "decide/decide.h"
#include "model/reasons.h"

static const char machine[] =
	"{\"schema\":1,\"dmi\":{\"sys_vendor\":\"Microsoft Corporation\",\"product_name\":\"Virtual Machine\"},"
	"\"hyperv\":{\"vmbus\":true,\"pci_hyperv\":true},\"vm\":{\"size\":\"Standard_HB120rs_v3\"},"
	"\"os\":{\"id\":\"ubuntu\",\"version_id\":\"24.04\"},"
	"\"kernel\":{\"release\":\"6.11.0-1015-azure\",\"arch\":\"x86_64\"},"
	"\"security\":{\"secure_boot\":false},\"installed\":{\"stack\":null},"
	"\"pci\":[{\"address\":\"0101:00:00.0\",\"vendor\":\"15b3\",\"device\":\"101c\",\"class\":\"0207\"}]}";

static struct oi_catalog catalog;
static struct oi_verdict verdict;

static int read_catalog(void **state)
{
	struct oi_err err;

	(void)state;
	return oi_catalog_add_builtin(&catalog, &err);
}

static int drop_catalog(void **state)
{
	(void)state;
	oi_verdict_clear(&verdict);
	oi_catalog_clear(&catalog);
	return 0;
}

static void read_machine(struct oi_facts *facts)
{
	OI_DOC_AUTO *snapshot = NULL;
	struct oi_err err = { 0 };

	if (oi_doc_from_json(machine, strlen(machine), "m", 1, &snapshot, &err) ||
	    oi_facts_from_doc(snapshot, facts, &err))
		fail_msg("%s", err.text);
}

static void plan(const char *stanza)
{
	OI_CLEANUP(oi_facts_clear) struct oi_facts facts = { 0 };
	OI_CLEANUP(oi_config_clear) struct oi_config config = { 0 };
	OI_DOC_AUTO *doc = NULL;
	struct oi_err err = { 0 };

	read_machine(&facts);
	oi_config_init(&config);
	if (oi_doc_from_yaml(stanza, strlen(stanza), "s", 1, &doc, &err) ||
	    oi_config_from_doc(doc, &config, NULL, &err))
		fail_msg("%s", err.text);
	oi_verdict_clear(&verdict);
	oi_decide(&facts, &config, &catalog, &verdict);
	if (verdict.outcome != OI_OUTCOME_INSTALL)
		fail_msg("%s", verdict.message);
}

static const struct oi_step *step(const char *id)
{
	for (size_t i = 0; i < verdict.n_steps; i++)
		if (!strcmp(verdict.steps[i].id, id))
			return &verdict.steps[i];
	fail_msg("no step %s", id);
	return NULL;
}

static bool has_step(const char *id)
{
	for (size_t i = 0; i < verdict.n_steps; i++)
		if (!strcmp(verdict.steps[i].id, id))
			return true;
	return false;
}

#define NAME "doca-host_3.2.3-019000-25.10-ubuntu2404_amd64.deb"

static void a_mirrors_signature_stays_behind_the_name(void **state)
{
	const struct oi_step *fetch;

	(void)state;
	plan("source: {mirrors: ['https://s/c/?sv=1&sig=SECRET', 'https://m/x//', 'file:///srv']}");
	fetch = step("fetch-repository");
	assert_int_equal(fetch->fetch.urls.n, 3);
	assert_string_equal(fetch->fetch.urls.v[0], "https://s/c/" NAME "?sv=1&sig=SECRET");
	assert_string_equal(fetch->fetch.urls.v[1], "https://m/x/" NAME);
	assert_string_equal(fetch->fetch.urls.v[2], "file:///srv/" NAME);
	assert_string_equal(fetch->fetch.name, NAME);
	assert_string_equal(verdict.driver.url, "https://s/c/" NAME); /* shown: without it */
	assert_null(strstr(fetch->detail, "SECRET"));
}

static void an_artefacts_query_is_no_part_of_its_name(void **state)
{
	(void)state;
	plan("source: {url: 'https://s/c/own.deb?sig=SECRET', sha256: "
	     "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef}");
	assert_string_equal(step("fetch-repository")->fetch.name, "own.deb");
	assert_string_equal(step("fetch-repository")->fetch.urls.v[0], "https://s/c/own.deb?sig=SECRET");
	assert_string_equal(step("add-repository")->repository.name, "own.deb");
	assert_string_equal(verdict.driver.url, "https://s/c/own.deb");
}

static void plan_url(const char *name)
{
	OI_FREE char *stanza = oi_mem_printf(
		"source: {url: 'https://s/%s', sha256: "
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef}", name);

	plan(stanza);
}

static void archives_are_unpacked_on_the_way(void **state)
{
	static const char *const archives[] = { "b.tgz?sig=x", "b.tar.gz" };
	static const char *const files[] = { "b.iso", "b.tgz.iso", "own.deb" };

	(void)state;
	for (size_t i = 0; i < OI_ARRAY_SIZE(archives); i++) {
		plan_url(archives[i]);
		assert_true(step("fetch-bundle")->fetch.unpack);
		assert_non_null(strstr(step("fetch-bundle")->detail, "unpacked while it downloads"));
	}
	for (size_t i = 0; i < OI_ARRAY_SIZE(files); i++) {
		plan_url(files[i]);
		assert_int_equal(verdict.steps[0].action, OI_ACTION_FETCH);
		assert_false(verdict.steps[0].fetch.unpack);
	}
}

static void a_folder_becomes_a_url(void **state)
{
	(void)state;
	plan("source: {directory: '/srv/100% a#b?'}");
	assert_int_equal(step("fetch-repository")->fetch.urls.n, 1);
	assert_string_equal(step("fetch-repository")->fetch.urls.v[0],
			    "file:///srv/100%25 a%23b%3F/" NAME);
}

static void packages_are_for_the_running_kernel(void **state)
{
	const struct oi_step *install;

	(void)state;
	plan("{}");
	install = step("install-packages");
	assert_true(oi_strv_has(&install->packages.names, "doca-ofed"));
	assert_true(oi_strv_has(&install->packages.names, "linux-headers-6.11.0-1015-azure"));
	assert_int_equal(install->packages.names.n, step("simulate-packages")->packages.names.n);
	plan("{driver: inbox}");
	install = step("install-packages");
	assert_true(oi_strv_has(&install->packages.names, "rdma-core"));
	assert_true(oi_strv_has(&install->packages.optional, "linux-modules-extra-6.11.0-1015-azure"));
}

static void the_stanza_chooses_files(void **state)
{
	(void)state;
	plan("{driver: inbox, ipoib: true, hold_units: [slurmd.service]}");
	assert_non_null(strstr(step("write-modules-load")->file.content, "\nib_ipoib\n"));
	assert_true(oi_strv_has(&step("load-modules")->modules.names, "ib_ipoib"));
	assert_string_equal(step("hold-slurmd.service")->file.path,
			    "/etc/systemd/system/slurmd.service.d/50-ofed-init-hold.conf");
	assert_non_null(strstr(step("hold-slurmd.service")->file.content, "LimitMEMLOCK=infinity"));
	plan("{driver: inbox, hold_units: [slurmd.service], tuning: {memlock: false}}");
	assert_null(strstr(step("hold-slurmd.service")->file.content, "LimitMEMLOCK"));
	plan("{driver: inbox}");
	assert_null(strstr(step("write-modules-load")->file.content, "ib_ipoib"));
	assert_true(oi_strv_has(&step("load-modules")->modules.optional, "ib_ipoib"));
	plan("{driver: inbox, ipoib: false, tuning: {memlock: false}, persistent_names: false}");
	assert_non_null(strstr(step("write-no-ipoib")->file.content, "blacklist ib_ipoib"));
	assert_false(oi_strv_has(&step("load-modules")->modules.optional, "ib_ipoib"));
	assert_false(has_step("write-limits"));
	assert_false(has_step("write-rdma-names"));
	plan("{ipoib: false, secure_boot: {key: /k.priv, certificate: /k.der}}");
	assert_string_equal(step("set-ipoib")->setting.key, "IPOIB_LOAD");
	assert_string_equal(step("set-ipoib")->setting.value, "no");
	assert_false(oi_strv_has(&step("set-ipoib")->setting.defaults, "IPOIB_LOAD=yes"));
	assert_true(oi_strv_has(&step("restart-openibd")->units.modules, "mlx5_core"));
	assert_non_null(strstr(step("sign-modules")->file.content, "mok_signing_key=\"/k.priv\""));
	assert_string_equal(verdict.steps[0].id, "check-signing-key"); /* before anything else */
	assert_string_equal(step("check-signing-key")->signing.key, "/k.priv");
	assert_string_equal(step("check-signatures")->signing.certificate, "/k.der");
	assert_true(oi_strv_has(&step("check-signatures")->signing.modules, "mlx5_core"));
	assert_string_equal(step("pin-packages")->hold.archive, "Ubuntu");
	assert_string_equal(step("pin-packages")->hold.names.v[0], "dkms");
}

/* Compiled here, from a cache, as a bundle or as packages of the distribution's. */
static void openibd_is_told_what_to_load(void **state)
{
	static const char *const six[] = { "UMAD_LOAD=yes", "UVERBS_LOAD=yes", "RDMA_CM_LOAD=yes",
					   "RDMA_UCM_LOAD=yes", "MLX5_LOAD=yes", "IPOIB_LOAD=yes" };
	static const char *const stanzas[] = {
		"{}", "{modules_cache: {url: /srv/sets}}",
		("{source: {url: https://x.example/MLNX_OFED.tgz, sha256: "
		 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef}}"),
	};

	(void)state;
	for (size_t i = 0; i < OI_ARRAY_SIZE(stanzas); i++) {
		plan(stanzas[i]);
		assert_int_equal(verdict.outcome, OI_OUTCOME_INSTALL);
		assert_string_equal(step("set-ipoib")->setting.path, "/etc/infiniband/openib.conf");
		assert_null(step("set-ipoib")->setting.key); /* nothing but what the file does not say */
		for (size_t k = 0; k < OI_ARRAY_SIZE(six); k++)
			assert_true(oi_strv_has(&step("set-ipoib")->setting.defaults, six[k]));
	}
	plan("{ipoib: true}");
	assert_string_equal(step("set-ipoib")->setting.value, "yes");
	plan("{driver: inbox}");
	assert_false(has_step("set-ipoib"));
}

/* What systemd before 244 refuses a unit of type oneshot for, and with it the driver's service. */
static void units_are_for_every_systemd(void **state)
{
	static const char *const refused[] = { "\nRestart=", "\nRestartForceExitStatus=" };
	size_t units = 0;

	(void)state;
	plan("{hold_units: [slurmd.service]}");
	for (size_t i = 0; i < verdict.n_steps; i++) {
		const struct oi_step *s = &verdict.steps[i];

		if (s->action != OI_ACTION_FILE_WRITE ||
		    strncmp(s->file.path, "/etc/systemd/system/", 20) != 0)
			continue;
		units++;
		for (size_t k = 0; k < OI_ARRAY_SIZE(refused); k++)
			assert_null(strstr(s->file.content, refused[k]));
	}
	assert_int_equal(units, 2);
}

static void sizes_of_an_image_take_one_driver(void **state)
{
	static const struct { const char *second; int ret; } of[] = {
		{ "Standard_HB176rs_v4", 0 }, /* CX7 beside CX6 */
		{ "Standard_NC24rs_v3", -1 }, /* CX3-Pro: the distribution's own */
	};

	(void)state;
	for (size_t i = 0; i < OI_ARRAY_SIZE(of); i++) {
		OI_CLEANUP(oi_facts_clear) struct oi_facts builder = { 0 };
		OI_CLEANUP(oi_config_clear) struct oi_config config = { 0 };
		OI_CLEANUP(oi_strv_clear) struct oi_strv sizes = { 0 };
		struct oi_err err = { 0 };

		read_machine(&builder);
		oi_config_init(&config);
		oi_strv_add(&sizes, "Standard_HB120rs_v3");
		oi_strv_add(&sizes, of[i].second);
		oi_verdict_clear(&verdict);
		assert_int_equal(oi_decide_image(&builder, &sizes, &config, &catalog, &verdict, &err),
				 of[i].ret);
		if (!of[i].ret)
			continue;
		assert_int_equal(err.code, OI_R_BAKE_SIZES);
		assert_non_null(strstr(err.text, "Standard_HB120rs_v3 takes doca-ofed"));
		assert_non_null(strstr(err.text, "Standard_NC24rs_v3 takes inbox"));
	}
}

/* @installed: in JSON; the verdict on an image of that */
static void image(const char *installed, const char *driver)
{
	OI_FREE char *text = oi_mem_printf("%.*s,\"installed\":%s}",
					   (int)(strstr(machine, ",\"installed\"") - machine), machine,
					   installed);
	OI_CLEANUP(oi_facts_clear) struct oi_facts builder = { 0 };
	OI_CLEANUP(oi_config_clear) struct oi_config config = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv sizes = { 0 };
	OI_DOC_AUTO *snapshot = NULL;
	OI_DOC_AUTO *stanza = NULL;
	struct oi_err err = { 0 };

	oi_config_init(&config);
	oi_strv_add(&sizes, "Standard_HB120rs_v3");
	oi_verdict_clear(&verdict);
	if (oi_doc_from_json(text, strlen(text), "m", 1, &snapshot, &err) ||
	    oi_facts_from_doc(snapshot, &builder, &err) ||
	    oi_doc_from_yaml(driver, strlen(driver), "s", 1, &stanza, &err) ||
	    oi_config_from_doc(stanza, &config, NULL, &err) ||
	    oi_decide_image(&builder, &sizes, &config, &catalog, &verdict, &err))
		fail_msg("%s", err.text);
}

static void an_image_boots_with_its_own_driver(void **state)
{
	static const char there[] =
		"{\"stack\":\"doca-ofed\",\"version\":\"3.2.3\",\"kernel\":\"6.11.0-1015-azure\"}";
	const struct oi_step *renew;

	(void)state;
	image("{\"stack\":null}", "{}");
	assert_int_equal(verdict.outcome, OI_OUTCOME_INSTALL);
	renew = step("renew-initramfs");
	assert_ptr_equal(renew, &verdict.steps[verdict.n_steps - 1]); /* all else is in place */
	assert_non_null(strstr(renew->detail, "6.11.0-1015-azure, with the modules of doca-ofed"));
	image(there, "{}");
	assert_int_equal(verdict.outcome, OI_OUTCOME_READY);
	assert_int_equal(verdict.n_steps, 3); /* the stanza's set-up of a driver that is there, and this */
	assert_string_equal(verdict.steps[0].id, "write-limits");
	assert_string_equal(verdict.steps[1].id, "write-rdma-names");
	assert_string_equal(verdict.steps[2].id, "renew-initramfs");
	image("{\"stack\":null}", "{driver: inbox}");
	assert_int_equal(verdict.outcome, OI_OUTCOME_INSTALL);
	assert_false(has_step("renew-initramfs"));
	image("{\"stack\":null}", "{version: '0.0'}");
	assert_int_equal(verdict.outcome, OI_OUTCOME_REFUSE);
	assert_int_equal(verdict.n_steps, 0);
	/* Workloads wait for a first boot, which makes none. */
	plan("{}");
	assert_false(has_step("renew-initramfs"));
}

/* @modules: as facts have them; @more: of the stanza, in JSON */
static void exchange(const char *modules, const char *security, const char *more)
{
	OI_FREE char *text = oi_mem_printf(
		"{\"schema\":1,\"installed\":{\"stack\":\"doca-ofed\",\"version\":\"3.2.0\"},\"security\":%s,\"modules\":{\"loaded\":%s}}",
		security, modules);
	OI_CLEANUP(oi_facts_clear) struct oi_facts facts = { 0 };
	OI_CLEANUP(oi_config_clear) struct oi_config config = { 0 };
	OI_DOC_AUTO *snapshot = NULL;
	OI_DOC_AUTO *stanza = NULL;
	struct oi_err err = { 0 };

	oi_config_init(&config);
	if (oi_doc_from_json(text, strlen(text), "m", 1, &snapshot, &err) ||
	    oi_facts_from_doc(snapshot, &facts, &err) ||
	    oi_doc_from_json(more, strlen(more), "s", 1, &stanza, &err) ||
	    oi_config_from_doc(stanza, &config, NULL, &err))
		fail_msg("%s", err.text);
	oi_verdict_clear(&verdict);
	verdict.outcome = OI_OUTCOME_READY;
	verdict.reason = OI_R_DRIVER_PRESENT;
	oi_mem_set(&verdict.driver.stack, "doca-ofed");
	oi_decide_exchange(&facts, &config, &verdict);
}

static void a_driver_that_was_overtaken_takes_its_place(void **state)
{
	static const char in_use[] = "[{\"name\":\"nvme_rdma\",\"refs\":1,\"holders\":[]}]";
	static const char open[] = "{\"secure_boot\":false}", signed_only[] = "{\"secure_boot\":true}";

	(void)state;
	exchange("[]", open, "{}");
	assert_int_equal(verdict.outcome, OI_OUTCOME_READY);
	assert_int_equal(verdict.n_steps, 2);
	assert_string_equal(verdict.steps[0].id, "set-ipoib"); /* it loads what it is told to */
	assert_true(oi_strv_has(&step("set-ipoib")->setting.defaults, "MLX5_LOAD=yes"));
	assert_string_equal(step("restart-openibd")->units.names.v[0], "openibd.service");
	assert_string_equal(step("restart-openibd")->units.modules.v[0], "mlx5_core");
	exchange(in_use, open, "{}");
	assert_int_equal(verdict.outcome, OI_OUTCOME_REFUSE);
	assert_int_equal(verdict.reason, OI_R_MODULES_IN_USE);
	assert_int_equal(verdict.n_steps, 0);
	exchange(in_use, open, "{\"reboot\":\"if_needed\"}");
	assert_int_equal(verdict.outcome, OI_OUTCOME_READY);
	assert_int_equal(verdict.n_steps, 2);
	assert_non_null(step("reboot"));
	exchange("[]", signed_only, "{}");
	assert_int_equal(verdict.outcome, OI_OUTCOME_READY);
	assert_int_equal(verdict.n_steps, 0);
	exchange("[]", signed_only, "{\"secure_boot\":{\"key\":\"/k\",\"certificate\":\"/c\"}}");
	assert_int_equal(verdict.n_steps, 2);
}

/* The name of the set that @kernel's machine looks for; owned by the caller, NULL: none. */
static char *key_of(const char *build)
{
	OI_CLEANUP(oi_facts_clear) struct oi_facts facts = { 0 };
	OI_CLEANUP(oi_config_clear) struct oi_config config = { 0 };

	read_machine(&facts);
	oi_config_init(&config);
	if (build)
		oi_text_set(&facts.kernel.build, build);
	return oi_decide_modules_key(&facts, &config, &catalog);
}

/* Of one release there may be many builds, whose modules the kernel does not load. */
static void each_build_of_a_kernel_has_its_own_modules(void **state)
{
	static const char *const builds[] = {
		"#15-Ubuntu SMP Fri Feb 20 2026, config 0011223344556677",
		"#16-Ubuntu SMP Fri Feb 20 2026, config 0011223344556677",
		"#15-Ubuntu SMP Fri Feb 20 2026, config 0011223344556678",
		"#15-Ubuntu SMP Fri Feb 20 2026",
	};
	OI_CLEANUP(oi_strv_clear) struct oi_strv keys = { 0 };

	(void)state;
	for (size_t i = 0; i < OI_ARRAY_SIZE(builds); i++) {
		OI_FREE char *key = key_of(builds[i]);
		OI_FREE char *again = key_of(builds[i]);

		assert_non_null(key);
		assert_string_equal(key, again);
		assert_false(oi_strv_has(&keys, key));
		oi_strv_add(&keys, key);
	}
	assert_null(key_of(NULL));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mirrors_signature_stays_behind_the_name),
		cmocka_unit_test(an_artefacts_query_is_no_part_of_its_name),
		cmocka_unit_test(a_folder_becomes_a_url),
		cmocka_unit_test(archives_are_unpacked_on_the_way),
		cmocka_unit_test(packages_are_for_the_running_kernel),
		cmocka_unit_test(the_stanza_chooses_files),
		cmocka_unit_test(openibd_is_told_what_to_load),
		cmocka_unit_test(units_are_for_every_systemd),
		cmocka_unit_test(sizes_of_an_image_take_one_driver),
		cmocka_unit_test(an_image_boots_with_its_own_driver),
		cmocka_unit_test(a_driver_that_was_overtaken_takes_its_place),
		cmocka_unit_test(each_build_of_a_kernel_has_its_own_modules),
	};

	return cmocka_run_group_tests(tests, read_catalog, drop_catalog);
}
