# Sources and headers of src/execute/packages, in libhost.a: one path a line, sorted.
execute_sources += \
	src/execute/packages/address.c \
	src/execute/packages/address.h \
	src/execute/packages/lock.c \
	src/execute/packages/packages.c \
	src/execute/packages/packages.h \
	src/execute/packages/replaced.c
