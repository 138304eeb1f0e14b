# Sources and headers of src/execute/cache, in libhost.a: one path a line, sorted.
execute_sources += \
	src/execute/cache/create.c \
	src/execute/cache/look.c \
	src/execute/cache/modset.c \
	src/execute/cache/modset.h \
	src/execute/cache/prune.c \
	src/execute/cache/publish.c \
	src/execute/cache/publisher.c \
	src/execute/cache/publisher.h \
	src/execute/cache/refused.c \
	src/execute/cache/refused.h \
	src/execute/cache/symbols.c \
	src/execute/cache/symbols.h \
	src/execute/cache/text.c \
	src/execute/cache/text.h \
	src/execute/cache/upload.c
