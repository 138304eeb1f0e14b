# Sources and headers of src/execute/modules, in libhost.a: one path a line, sorted.
execute_sources += \
	src/execute/modules/background.c \
	src/execute/modules/background.h \
	src/execute/modules/baked.c \
	src/execute/modules/baked.h \
	src/execute/modules/compile.c \
	src/execute/modules/compile.h \
	src/execute/modules/depmod.c \
	src/execute/modules/depmod.h \
	src/execute/modules/dkms.c \
	src/execute/modules/dkms.h \
	src/execute/modules/dkms_heal.c \
	src/execute/modules/dkms_heal.h \
	src/execute/modules/initramfs.c \
	src/execute/modules/initramfs.h \
	src/execute/modules/load.c \
	src/execute/modules/load.h \
	src/execute/modules/make_log.c \
	src/execute/modules/make_log.h \
	src/execute/modules/own_driver.c \
	src/execute/modules/own_driver.h \
	src/execute/modules/signing.c \
	src/execute/modules/signing.h
