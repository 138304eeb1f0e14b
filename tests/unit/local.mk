# The unit tests: one name a line, tests/unit/test_x; its source is tests/unit/test_x.c,
# and it is linked with libhost.a, libfetch.a, libpure.a, cmocka and every library those need.
# A test with more sources than its own says so: tests_unit_test_x_SOURCES = ...
unit_tests =
unit_tests += tests/unit/test_catalog
unit_tests += tests/unit/test_root tests/unit/test_pcibus tests/unit/test_facts \
	tests/unit/test_stanza tests/unit/test_uevent
unit_tests += tests/unit/test_run
unit_tests += tests/unit/test_redact
unit_tests += tests/unit/test_reporting
unit_tests += tests/unit/test_report tests/unit/test_tell
unit_tests += tests/unit/test_base tests/unit/test_config tests/unit/test_doc tests/unit/test_model
unit_tests += tests/unit/test_fetch tests/unit/test_staged
unit_tests += tests/unit/test_fetcher
unit_tests += tests/unit/test_sandbox tests/unit/test_guard
unit_tests += tests/unit/test_progress tests/unit/test_pages
unit_tests += tests/unit/test_unpack
unit_tests += tests/unit/test_gunzip
unit_tests += tests/unit/test_verify
unit_tests += tests/unit/test_apt tests/unit/test_dkms tests/unit/test_execute
tests_unit_test_apt_SOURCES = tests/unit/test_apt.c tests/unit/fakehost.c tests/unit/fakehost.h
tests_unit_test_dkms_SOURCES = tests/unit/test_dkms.c tests/unit/fakehost.c tests/unit/fakehost.h
tests_unit_test_execute_SOURCES = tests/unit/test_execute.c tests/unit/fakehost.c \
	tests/unit/fakehost.h
unit_tests += tests/unit/test_plan tests/unit/test_network tests/unit/test_signing
tests_unit_test_signing_SOURCES = tests/unit/test_signing.c tests/unit/fakehost.c \
	tests/unit/fakehost.h
tests_unit_test_network_SOURCES = tests/unit/test_network.c tests/unit/fakehost.c \
	tests/unit/fakehost.h
unit_tests += tests/unit/test_journal
tests_unit_test_journal_SOURCES = tests/unit/test_journal.c tests/unit/fakehost.c \
	tests/unit/fakehost.h
unit_tests += tests/unit/test_rows tests/unit/test_bundle_record
tests_unit_test_bundle_record_SOURCES = tests/unit/test_bundle_record.c tests/unit/fakehost.c \
	tests/unit/fakehost.h
unit_tests += tests/unit/test_uninstall
tests_unit_test_uninstall_SOURCES = tests/unit/test_uninstall.c tests/unit/fakehost.c \
	tests/unit/fakehost.h
unit_tests += tests/unit/test_rpm
tests_unit_test_rpm_SOURCES = tests/unit/test_rpm.c tests/unit/fakehost.c tests/unit/fakehost.h
unit_tests += tests/unit/test_mnt tests/unit/test_bundle
tests_unit_test_bundle_SOURCES = tests/unit/test_bundle.c tests/unit/fakehost.c tests/unit/fakehost.h
unit_tests += tests/unit/test_modset tests/unit/test_modset_look tests/unit/test_modset_publish
tests_unit_test_modset_publish_SOURCES = tests/unit/test_modset_publish.c tests/unit/fakehost.c \
	tests/unit/fakehost.h
tests_unit_test_modset_look_SOURCES = tests/unit/test_modset_look.c tests/unit/fakehost.c \
	tests/unit/fakehost.h
unit_tests += tests/unit/test_publisher
tests_unit_test_publisher_SOURCES = tests/unit/test_publisher.c tests/unit/fakehost.c \
	tests/unit/fakehost.h
unit_tests += tests/unit/test_initramfs
tests_unit_test_initramfs_SOURCES = tests/unit/test_initramfs.c tests/unit/fakehost.c \
	tests/unit/fakehost.h
unit_tests += tests/unit/test_choose
tests_unit_test_choose_SOURCES = tests/unit/test_choose.c tests/unit/fakehost.c \
	tests/unit/fakehost.h
unit_tests += tests/unit/test_exchange
tests_unit_test_exchange_SOURCES = tests/unit/test_exchange.c tests/unit/fakehost.c \
	tests/unit/fakehost.h
