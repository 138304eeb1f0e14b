/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts as JSON and back, the list of reasons, the verdict's form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "model/facts.h"
#include "model/reasons.h"
#include "model/verdict.h"
#include "steps.h"

#define FACTS OI_CLEANUP(oi_facts_clear) struct oi_facts

static int read_facts(const char *text, struct oi_facts *facts, struct oi_err *err)
{
	OI_DOC_AUTO *doc = NULL;

	if (oi_doc_from_json(text, strlen(text), "f", OI_R_FACTS_MALFORMED, &doc, err))
		fail_msg("%s", err->text);
	return oi_facts_from_doc(doc, facts, err);
}

static const char whole[] =
	"{\"schema\":1,\"dmi\":{\"sys_vendor\":\"Microsoft Corporation\",\"product_name\":null},"
	"\"hyperv\":{\"vmbus\":true,\"pci_hyperv\":false,\"network_direct\":null},"
	"\"vm\":{\"size\":\"Standard_HB120rs_v3\",\"image\":{\"offer\":\"o\"}},"
	"\"os\":{\"id\":\"ubuntu\",\"version_id\":\"24.04\",\"id_like\":[\"debian\"]},"
	"\"kernel\":{\"release\":\"6.11\",\"headers\":true},\"security\":{\"secure_boot\":false},"
	"\"installed\":{\"stack\":null},"
	"\"pci\":[{\"address\":\"0101:00:00.0\",\"vendor\":\"15b3\",\"device\":\"101c\",\"class\":\"0207\",\"driver\":null}],"
	"\"rdma\":[{\"device\":\"mlx5_ib0\",\"port\":1,\"link_layer\":\"InfiniBand\",\"state\":\"ACTIVE\",\"phys_state\":\"LinkUp\",\"rate_gbps\":200}],"
	"\"modules\":{\"loaded\":[{\"name\":\"ib_core\",\"refs\":0,\"holders\":[\"mana_ib\"]},{\"name\":\"mana_ib\"}]},"
	"\"disk\":{\"work_free_bytes\":53687091200}}";

static void unknown_absent_and_zero_stay_apart(void **state)
{
	FACTS f = { 0 };
	struct oi_err err = { 0 };

	(void)state;
	assert_int_equal(read_facts(whole, &f, &err), 0);
	assert_int_equal(f.dmi.sys_vendor.known, OI_KNOWN);
	assert_int_equal(f.dmi.product_name.known, OI_ABSENT);
	assert_int_equal(f.dmi.chassis_asset_tag.known, OI_UNKNOWN);
	assert_int_equal(f.hyperv.vmbus, OI_FLAG_YES);
	assert_int_equal(f.hyperv.pci_hyperv, OI_FLAG_NO);
	assert_int_equal(f.hyperv.network_direct, OI_FLAG_ABSENT);
	assert_int_equal(f.kernel.compiler, OI_FLAG_UNKNOWN);
	assert_int_equal(f.installed.stack.known, OI_ABSENT);
	assert_string_equal(f.vm.image_offer.value, "o");
	assert_string_equal(f.os.id_like.v[0], "debian");
	assert_int_equal(f.pci.v[0].device, 0x101c);
	assert_null(f.pci.v[0].driver);
	assert_true(f.rdma.v[0].rate_gbps == 200);
	assert_int_equal(f.modules.known, OI_KNOWN);
	assert_int_equal(f.modules.v[0].refs, 0);
	assert_string_equal(f.modules.v[0].holders.v[0], "mana_ib");
	assert_true(f.modules.v[1].refs < 0);
	assert_true(f.disk.work_free_bytes == INT64_C(53687091200));
	assert_true(oi_text_is(&f.vm.size, "standard_hb120RS_V3"));
	assert_string_equal(oi_text_or(&f.vm.id, "none"), "none");
}

static void a_snapshot_survives_the_round_trip(void **state)
{
	FACTS a = { 0 };
	FACTS b = { 0 };
	OI_DOC_AUTO *first = NULL;
	OI_DOC_AUTO *second = NULL;
	OI_FREE char *x = NULL;
	OI_FREE char *y = NULL;
	struct oi_err err = { 0 };

	(void)state;
	assert_int_equal(read_facts(whole, &a, &err), 0);
	first = oi_facts_to_doc(&a);
	x = oi_doc_to_json(first, false);
	assert_int_equal(read_facts(x, &b, &err), 0);
	second = oi_facts_to_doc(&b);
	y = oi_doc_to_json(second, false);
	assert_string_equal(x, y);
	assert_null(strstr(x, "chassis_asset_tag")); /* unknown stays away */
	assert_non_null(strstr(x, "\"product_name\":null"));
}

static void nothing_known_is_a_snapshot_too(void **state)
{
	FACTS f = { 0 };
	OI_DOC_AUTO *doc = oi_facts_to_doc(&f);
	OI_FREE char *text = oi_doc_to_json(doc, false);

	(void)state;
	assert_string_equal(text, "{\"schema\":1}");
}

static void malformed_snapshots_are_refused(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{ "[]", "a map" },
		{ "{}", "expected schema: 1" },
		{ "{\"schema\":2}", "expected schema: 1" },
		{ "{\"schema\":1,\"vm\":{\"size\":5}}", "vm.size: expected a string or null" },
		{ "{\"schema\":1,\"hyperv\":{\"vmbus\":\"yes\"}}", "hyperv.vmbus: expected true, false or null" },
		{ "{\"schema\":1,\"pci\":{}}", "pci: expected a list or null" },
		{ "{\"schema\":1,\"pci\":[1]}", "pci: expected a list of maps" },
		{ "{\"schema\":1,\"pci\":[{\"vendor\":\"15b3\",\"device\":\"zz\",\"class\":\"0207\"}]}",
		  "pci.device: expected four hexadecimal" },
		{ "{\"schema\":1,\"rdma\":[{}]}", "rdma: expected a list of maps with a device" },
		{ "{\"schema\":1,\"os\":{\"id_like\":\"debian\"}}", "os.id_like" },
		{ "{\"schema\":1,\"modules\":{\"loaded\":{}}}", "modules.loaded: expected a list or null" },
		{ "{\"schema\":1,\"modules\":{\"loaded\":[\"ib_core\"]}}", "a list of maps with a name" },
		{ "{\"schema\":1,\"modules\":{\"loaded\":[{\"name\":\"x\",\"holders\":[1]}]}}",
		  "modules.loaded.holders" },
		{ "{\"schema\":1,\"disk\":{\"work_free_bytes\":\"1\"}}", "disk.work_free_bytes" },
		{ "{\"schema\":1,\"disk\":{\"file_systems\":{}}}", "disk.file_systems: expected a list" },
		{ "{\"schema\":1,\"disk\":{\"file_systems\":[{\"mount\":\"/\"}]}}",
		  "a list of maps with mount and free_bytes" },
		{ "{\"schema\":1,\"disk\":{\"file_systems\":[{\"mount\":\"/\",\"free_bytes\":1,\"holds\":\"/\"}]}}",
		  "holds: expected a list of strings" },
	};

	(void)state;
	for (size_t i = 0; i < OI_ARRAY_SIZE(cases); i++) {
		FACTS f = { 0 };
		struct oi_err err = { 0 };

		assert_int_equal(read_facts(cases[i].text, &f, &err), -1);
		assert_int_equal(err.code, OI_R_FACTS_MALFORMED);
		if (!strstr(err.text, cases[i].expected))
			fail_msg("%s: %s", cases[i].text, err.text);
	}
}

static void infiniband_is_told_by_vendor_and_class(void **state)
{
	static const struct {
		unsigned int vendor, device, class_code;
		bool infiniband;
	} cases[] = {
		{ 0x15b3, 0x101c, 0x0207, true }, { 0x15b3, 0x1018, 0x0200, false },
		{ 0x15b3, 0x1004, 0x0280, true }, { 0x15b3, 0x101c, 0x0280, false },
		{ 0x15b3, 0x1004, 0x0200, false }, { 0x8086, 0x101c, 0x0207, false },
		{ 0x15b3, 0xffff, 0x0207, true },
	};

	(void)state;
	for (size_t i = 0; i < OI_ARRAY_SIZE(cases); i++) {
		struct oi_pci_function f = { .vendor = cases[i].vendor,
					     .device = cases[i].device,
					     .class_code = cases[i].class_code };

		assert_int_equal(oi_pci_is_infiniband(&f), cases[i].infiniband);
	}
}

static void reasons_are_whole(void **state)
{
	(void)state;
	for (int i = OI_R_NONE + 1; i < OI_R_COUNT; i++) {
		const struct oi_reason_text *text = oi_reason_text((enum oi_reason)i);

		assert_true(text->exit_code == 0 || text->exit_code == 1 ||
			    (text->exit_code >= 10 && text->exit_code <= 14));
		assert_int_equal(oi_reason_by_id(text->id), i); /* and so each id is its own */
		assert_int_equal(strspn(text->id, "abcdefghijklmnopqrstuvwxyz-"), strlen(text->id));
		assert_int_equal(text->sentence[strlen(text->sentence) - 1], '.');
		if (text->exit_code) {
			assert_non_null(text->remedy);
			assert_int_equal(text->remedy[strlen(text->remedy) - 1], '.');
		}
	}
	assert_int_equal(oi_reason_by_id("nobody"), OI_R_NONE);
	assert_int_equal(oi_reason_text((enum oi_reason)9999)->exit_code, 14);
}

static void a_verdict_has_the_designs_form(void **state)
{
	OI_CLEANUP(oi_verdict_clear) struct oi_verdict v = { 0 };
	OI_DOC_AUTO *doc = NULL;
	OI_FREE char *text = NULL;
	struct oi_step *step;

	(void)state;
	v.outcome = OI_OUTCOME_INSTALL;
	v.reason = OI_R_DRIVER_NEEDED;
	v.message = oi_mem_dup("m");
	v.driver.stack = oi_mem_dup("inbox");
	oi_verdict_rule(&v, "platform-hyperv", OI_RESULT_UNKNOWN, "%d", 5);
	step = oi_verdict_step(&v, OI_ACTION_PACKAGES_INSTALL, "install-packages", "d");
	oi_strv_add(step_names(step), "rdma-core");
	doc = oi_verdict_to_doc(&v);
	text = oi_doc_to_json(doc, false);
	assert_string_equal(
		text,
		"{\"schema\":1,\"outcome\":\"install\",\"exit_code\":0,\"reason\":\"driver-needed\","
		"\"message\":\"m\",\"remedy\":null,"
		"\"vm\":{\"size\":null,\"nic_generation\":null,\"ib_ports\":null,\"link_gbps\":null},"
		"\"driver\":{\"stack\":\"inbox\",\"version\":null,\"method\":null,\"url\":null,\"sha256\":null,\"kernel\":null},"
		"\"rules\":[{\"id\":\"platform-hyperv\",\"result\":\"unknown\",\"detail\":\"5\"}],"
		"\"steps\":[{\"id\":\"install-packages\",\"kind\":\"packages\",\"detail\":\"d\"}]}");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(unknown_absent_and_zero_stay_apart),
		cmocka_unit_test(a_snapshot_survives_the_round_trip),
		cmocka_unit_test(nothing_known_is_a_snapshot_too),
		cmocka_unit_test(malformed_snapshots_are_refused),
		cmocka_unit_test(infiniband_is_told_by_vendor_and_class),
		cmocka_unit_test(reasons_are_whole),
		cmocka_unit_test(a_verdict_has_the_designs_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
