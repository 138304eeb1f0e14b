# Sources and headers of src/report, in libhost.a. One path a line, from the top folder.
report_sources = \
	src/report/agent.c \
	src/report/collect.c src/report/collect.h \
	src/report/clean.c src/report/clean.h \
	src/report/journal_entry.c \
	src/report/keylines.c src/report/keylines.h \
	src/report/kvp.c \
	src/report/process.c src/report/process.h \
	src/report/prometheus.c \
	src/report/record.c src/report/record.h \
	src/report/redact.c \
	src/report/report.h \
	src/report/result.c \
	src/report/status.c \
	src/report/statuslog.c \
	src/report/tell.c src/report/tell.h \
	src/report/webhook.c
