# Sources and headers of src/execute/rpm, in libhost.a: one path a line, sorted.
execute_sources += \
	src/execute/rpm/address.c \
	src/execute/rpm/call.c \
	src/execute/rpm/call.h \
	src/execute/rpm/check.c \
	src/execute/rpm/conf.c \
	src/execute/rpm/heal.c \
	src/execute/rpm/heal.h \
	src/execute/rpm/install.c \
	src/execute/rpm/install.h \
	src/execute/rpm/kernel.c \
	src/execute/rpm/locks.c \
	src/execute/rpm/ops.c \
	src/execute/rpm/ops.h \
	src/execute/rpm/outcome.c \
	src/execute/rpm/paths.h \
	src/execute/rpm/remove.c \
	src/execute/rpm/remove.h \
	src/execute/rpm/repo.c \
	src/execute/rpm/repo.h \
	src/execute/rpm/session.c \
	src/execute/rpm/session.h \
	src/execute/rpm/stage.c \
	src/execute/rpm/text.c \
	src/execute/rpm/text.h
