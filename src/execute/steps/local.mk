# Sources and headers of src/execute/steps, in libhost.a: one path a line, sorted.
execute_sources += \
	src/execute/steps/bundle.c \
	src/execute/steps/cache.c \
	src/execute/steps/choose.c \
	src/execute/steps/fetch.c \
	src/execute/steps/file.c \
	src/execute/steps/initramfs.c \
	src/execute/steps/module.c \
	src/execute/steps/packages.c \
	src/execute/steps/repository.c \
	src/execute/steps/restart.c \
	src/execute/steps/service.c \
	src/execute/steps/steps.h
