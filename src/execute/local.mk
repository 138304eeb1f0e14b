# Sources and headers of src/execute, in libhost.a: one path a line, sorted.
execute_sources = \
	src/execute/context.h \
	src/execute/execute.c \
	src/execute/execute.h \
	src/execute/heal.c \
	src/execute/heal.h \
	src/execute/hold.c \
	src/execute/hold.h \
	src/execute/managers.c \
	src/execute/managers.h \
	src/execute/methods.c \
	src/execute/uninstall.c \
	src/execute/uninstall.h
