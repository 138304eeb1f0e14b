# Sources and headers of src/execute/bundle, in libhost.a: one path a line, sorted.
execute_sources += \
	src/execute/bundle/bundle.c \
	src/execute/bundle/bundle.h \
	src/execute/bundle/fetch.c \
	src/execute/bundle/modules.c \
	src/execute/bundle/record.c \
	src/execute/bundle/scratch.c \
	src/execute/bundle/uninstall.c \
	src/execute/bundle/words.c
