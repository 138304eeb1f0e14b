# Sources and headers of src/execute/reload, in libhost.a: one path a line, sorted.
execute_sources += \
	src/execute/reload/before.c \
	src/execute/reload/before.h \
	src/execute/reload/fallback.c \
	src/execute/reload/fallback.h \
	src/execute/reload/interfaces.c \
	src/execute/reload/interfaces.h \
	src/execute/reload/network.c \
	src/execute/reload/network.h \
	src/execute/reload/note.c \
	src/execute/reload/note.h \
	src/execute/reload/udev.c \
	src/execute/reload/udev.h \
	src/execute/reload/users.c \
	src/execute/reload/users.h
