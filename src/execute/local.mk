# Sources and headers of src/execute, in libhost.a. One path a line, from the top folder.
execute_sources = \
	src/execute/execute.h \
	src/execute/methods.c
