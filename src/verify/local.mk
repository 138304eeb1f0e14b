# Sources and headers of src/verify, in libhost.a. One path a line, from the top folder.
verify_sources = \
	src/verify/checks.h \
	src/verify/fabric.c \
	src/verify/vantage.c src/verify/vantage.h \
	src/verify/modules.c \
	src/verify/quick.c \
	src/verify/verify.c src/verify/verify.h
