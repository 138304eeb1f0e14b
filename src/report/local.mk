# Sources and headers of src/report, in libhost.a. One path a line, from the top folder.
report_sources = \
	src/report/vmext_status.c \
	src/report/collect.c src/report/collect.h \
	src/report/clean.c src/report/clean.h \
	src/report/html.c src/report/html.h \
	src/report/html_links.c \
	src/report/html_style.c src/report/html_style.h \
	src/report/html_text.c src/report/html_text.h \
	src/report/journal_entry.c \
	src/report/keylines.c src/report/keylines.h \
	src/report/kvp.c \
	src/report/textpage.c src/report/textpage.h \
	src/report/plan.c \
	src/report/writer.c src/report/writer.h \
	src/report/prometheus.c \
	src/report/record.c src/report/record.h \
	src/report/redact.c \
	src/report/report.h \
	src/report/result.c \
	src/report/status.c \
	src/report/statuslog.c \
	src/report/story_text.c \
	src/report/sinks.c src/report/sinks.h \
	src/report/timeline.c src/report/timeline.h \
	src/report/timeline_svg.c \
	src/report/view.c src/report/view.h \
	src/report/waiting.c src/report/waiting.h \
	src/report/webhook.c src/report/webhook.h
