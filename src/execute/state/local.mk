# Sources and headers of src/execute/state, in libhost.a: one path a line, sorted.
execute_sources += \
	src/execute/state/journal.c \
	src/execute/state/journal.h \
	src/execute/state/leavings.c \
	src/execute/state/leavings.h \
	src/execute/state/own_file.c \
	src/execute/state/own_file.h \
	src/execute/state/record.c \
	src/execute/state/record.h
