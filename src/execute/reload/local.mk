# Sources and headers of src/execute/reload, in libhost.a: one path a line, sorted.
execute_sources += \
	src/execute/reload/fallback.c \
	src/execute/reload/fallback.h \
	src/execute/reload/network.c \
	src/execute/reload/network.h \
	src/execute/reload/note.c \
	src/execute/reload/note.h \
	src/execute/reload/udev.c \
	src/execute/reload/udev.h
