# Sources and headers of src/report, in libhost.a. One path a line, from the top folder.
report_sources = \
	src/report/agent.c \
	src/report/clean.c src/report/clean.h \
	src/report/process.c src/report/process.h \
	src/report/record.c src/report/record.h \
	src/report/redact.c \
	src/report/report.h \
	src/report/result.c \
	src/report/status.c \
	src/report/statuslog.c
