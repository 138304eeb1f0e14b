# Sources and headers of src/decide, in libpure.a. One path a line, from the top folder.
decide_sources = \
	src/decide/compiled.c \
	src/decide/decide.c src/decide/decide.h \
	src/decide/decision.h \
	src/decide/driver.c \
	src/decide/gates.c \
	src/decide/holders.c \
	src/decide/image.c \
	src/decide/modules.c \
	src/decide/names.c \
	src/decide/plan.c \
	src/decide/repositories.c
