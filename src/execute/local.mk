# Sources and headers of src/execute, in libhost.a. One path a line, from the top folder.
execute_sources = \
	src/execute/apt.c \
	src/execute/apt.h \
	src/execute/apt_local.c \
	src/execute/apt_local.h \
	src/execute/apt_source.c \
	src/execute/apt_source.h \
	src/execute/apt_state.c \
	src/execute/apt_state.h \
	src/execute/apt_text.c \
	src/execute/apt_text.h \
	src/execute/bundle.c \
	src/execute/bundle.h \
	src/execute/bundle_modules.c \
	src/execute/bundle_record.c \
	src/execute/bundle_scratch.c \
	src/execute/bundle_words.c \
	src/execute/child.c \
	src/execute/child.h \
	src/execute/dkms.c \
	src/execute/dkms.h \
	src/execute/execute.c \
	src/execute/execute.h \
	src/execute/keyring.c \
	src/execute/keyring.h \
	src/execute/heal.c \
	src/execute/heal.h \
	src/execute/journal.c \
	src/execute/journal.h \
	src/execute/apt_heal.c \
	src/execute/apt_heal.h \
	src/execute/methods.c \
	src/execute/modset.c \
	src/execute/modset.h \
	src/execute/modset_create.c \
	src/execute/modset_publish.c \
	src/execute/modset_text.c \
	src/execute/modset_text.h \
	src/execute/packages.c \
	src/execute/packages.h \
	src/execute/packages_lock.c \
	src/execute/record.c \
	src/execute/record.h \
	src/execute/step_bundle.c \
	src/execute/rpm.c \
	src/execute/rpm.h \
	src/execute/rpm_call.c \
	src/execute/rpm_call.h \
	src/execute/rpm_check.c \
	src/execute/rpm_conf.c \
	src/execute/rpm_repo.c \
	src/execute/rpm_repo.h \
	src/execute/rpm_stage.c \
	src/execute/rpm_text.c \
	src/execute/rpm_text.h \
	src/execute/removal.h \
	src/execute/removal_apt.c \
	src/execute/removal_bundle.c \
	src/execute/removal_rpm.c \
	src/execute/step_modset.c \
	src/execute/selinux.c \
	src/execute/selinux.h \
	src/execute/step_fetch.c \
	src/execute/step_file.c \
	src/execute/step_module.c \
	src/execute/step_packages.c \
	src/execute/step_repository.c \
	src/execute/step_service.c \
	src/execute/steps.h \
	src/execute/uninstall.c \
	src/execute/uninstall.h
execute_sources += src/execute/fallback.c src/execute/fallback.h \
	src/execute/network.c src/execute/network.h \
	src/execute/service.h \
	src/execute/signing.c src/execute/signing.h \
	src/execute/step_restart.c
