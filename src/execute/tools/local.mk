# Sources and headers of src/execute/tools, in libhost.a: one path a line, sorted.
execute_sources += \
	src/execute/tools/child.c \
	src/execute/tools/child.h \
	src/execute/tools/fetch_job.c \
	src/execute/tools/fetch_job.h \
	src/execute/tools/keyring.c \
	src/execute/tools/keyring.h \
	src/execute/tools/mandb.c \
	src/execute/tools/mandb.h \
	src/execute/tools/selinux.c \
	src/execute/tools/selinux.h \
	src/execute/tools/service.c \
	src/execute/tools/service.h
