# Sources and headers of src/execute/apt, in libhost.a: one path a line, sorted.
execute_sources += \
	src/execute/apt/address.c \
	src/execute/apt/call.c \
	src/execute/apt/call.h \
	src/execute/apt/heal.c \
	src/execute/apt/heal.h \
	src/execute/apt/held.c \
	src/execute/apt/held.h \
	src/execute/apt/install.c \
	src/execute/apt/install.h \
	src/execute/apt/lists.c \
	src/execute/apt/local.c \
	src/execute/apt/local.h \
	src/execute/apt/lost.c \
	src/execute/apt/lost.h \
	src/execute/apt/ops.c \
	src/execute/apt/ops.h \
	src/execute/apt/pin.c \
	src/execute/apt/pin.h \
	src/execute/apt/remove.c \
	src/execute/apt/remove.h \
	src/execute/apt/session.c \
	src/execute/apt/session.h \
	src/execute/apt/simulate.c \
	src/execute/apt/source.c \
	src/execute/apt/source.h \
	src/execute/apt/state.c \
	src/execute/apt/state.h \
	src/execute/apt/text.c \
	src/execute/apt/text.h
