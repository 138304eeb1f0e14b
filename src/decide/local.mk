# Sources and headers of src/decide, in libpure.a: one path a line, sorted.
decide_sources = \
	src/decide/artefact.c \
	src/decide/artefact.h \
	src/decide/compiled.c \
	src/decide/compiled.h \
	src/decide/decide.c \
	src/decide/decide.h \
	src/decide/decision.c \
	src/decide/decision.h \
	src/decide/driver.c \
	src/decide/driver.h \
	src/decide/gates.c \
	src/decide/gates.h \
	src/decide/holders.c \
	src/decide/holders.h \
	src/decide/image.c \
	src/decide/installed.c \
	src/decide/installed.h \
	src/decide/machine.c \
	src/decide/machine.h \
	src/decide/modules.c \
	src/decide/modules.h \
	src/decide/names.c \
	src/decide/names.h \
	src/decide/plan.c \
	src/decide/plan.h \
	src/decide/repositories.c \
	src/decide/repositories.h
