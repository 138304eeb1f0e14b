/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Status log, result.json, agent.status: what people and programs read afterwards. */
#ifndef OI_REPORT_REPORT_H
#define OI_REPORT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/doc.h"
#include "base/err.h"
#include "base/log.h"
#include "model/facts.h"
#include "model/verdict.h"
#include "report/keylines.h"
#include "report/textpage.h"
#include "sys/host.h"

#define OI_STATUS_LOG "/var/log/azure/ib-vmext-status"
#define OI_AGENT_LOG_DIR "/var/log/azure/ofed-init" /* with a link to it, for Azure's agent */
/* What went on after the run's end. */
#define OI_PUBLISH_LOG "/var/lib/ofed-init/publish.log"
/* An installation writes about 100 KiB. At this size the file becomes ".1", in the place of
 * an older one: twice as much is kept at the most, and always the newest. */
#define OI_STATUS_LOG_BYTES (4 << 20)

/* What a finished (or cut) run was about: all four equal means nothing changed. */
struct oi_run_key {
	char *instance_id; /* NULL: unknown */
	char *vm_size; /* NULL: unknown */
	char *kernel; /* NULL: unknown */
	char *stanza_hash;
};

struct oi_phase {
	char *name; /* "facts", "decide", "fetch-repository", ..., "verify" */
	int64_t took_ms;
};

/* Downloads that began before the run, and what they spared it. */
struct oi_prefetch_record {
	const char *state; /* "fetched", "failed" or "cut-off"; NULL: there was none */
	int64_t took_ms; /* 0: cut off */
	int64_t bytes;
	int64_t waited_ms; /* what the run did until it was over */
};

struct oi_run_record {
	const char *state; /* "running", "finished", or "reboot-pending" between the two */
	enum oi_reason reason;
	char *message; /* the reason's sentence with what it was about */
	char started[21], ended[21]; /* UTC; "" while running */
	struct oi_run_key key;
	struct oi_phase *phases;
	size_t n_phases;
	struct oi_prefetch_record prefetch;
	const struct oi_verdict *verdict; /* borrowed; NULL: none was reached */
	const struct oi_checks *checks; /* borrowed; NULL: none made */
	const struct oi_strv *stanza_sources; /* borrowed; NULL: none */
	const struct oi_facts *facts; /* borrowed; NULL: none were gathered; as last looked at */
	int64_t started_ms; /* as @started, since 1970; 0: unknown */
	int64_t started_uptime_ms; /* the same moment, since the machine started */
	struct oi_strv removed; /* "name version" of packages that the installation took away */
	int exit_code;
};

void oi_run_key_clear(struct oi_run_key *key);
void oi_run_record_clear(struct oi_run_record *record);
void oi_run_record_phase(struct oi_run_record *record, const char *name, int64_t took_ms);

/* --- the status log --- */
enum oi_console_form {
	OI_CONSOLE_UNKNOWN, /* found out with the first line */
	OI_CONSOLE_PLAIN, /* a file or a pipe: lines as in the status log */
	OI_CONSOLE_PEOPLE, /* a terminal: "info: text" */
	OI_CONSOLE_JOURNAL, /* which keeps the time and the level itself */
};

struct oi_statuslog {
	int fd; /* -1: not open */
	bool console; /* also to stderr, for the journal and for people */
	enum oi_log_level console_least;
	struct oi_terminal *terminal; /* whose bar gives way to lines; NULL: none */
	bool brief; /* info shows in the terminal's last line only, until the next */
	enum oi_console_form form; /* of stderr */
	bool lost; /* a line could not be written; said once */
	struct oi_key_lines key;
	const struct oi_root *root; /* borrowed; where it is open */
};

/**
 * oi_statuslog_open() - open for appending (made 0644, with its folder; no link is followed)
 * @root: borrowed until it is closed
 * @log: console, console_least, terminal and brief are the caller's; the rest is set, also on failure,
 *       after which lines still reach the console
 * Return: 0, or -1 with OI_R_WRITE_FAILED; also when something that is not a
 *         regular file has the name.
 * Fails softly: a full or read-only disk must not keep drivers away; the caller warns.
 */
OI_MUST_CHECK
int oi_statuslog_open(const struct oi_root *root, struct oi_statuslog *log, struct oi_err *err);
/**
 * oi_statuslog_open_beside() - a log for what goes on after the run's last word, which stays the last
 * OI_PUBLISH_LOG, emptied; also to the journal where standard error leads there. As oi_statuslog_open().
 */
OI_MUST_CHECK
int oi_statuslog_open_beside(const struct oi_root *root, struct oi_statuslog *log,
			     struct oi_err *err);
void oi_statuslog_close(struct oi_statuslog *log);
/**
 * oi_statuslog_sync() - have what was written on the disk
 * For the end of a run that changed something: after a power cut right behind it the lines would be
 * gone, or zeros, and the log is what people look at. A disk that fails is left to the next line to tell of.
 */
void oi_statuslog_sync(const struct oi_statuslog *log);
/**
 * oi_statuslog_write() - the sink for struct oi_log; @data is the struct oi_statuslog
 *
 * One write(2) a line: "2026-11-22T10:31:02Z ofed-init[PID] info: text". Secrets
 * are taken out, control characters too, and a very long line is cut. A file of
 * OI_STATUS_LOG_BYTES is put aside, by whichever process comes to it first.
 */
void oi_statuslog_write(void *data, enum oi_log_level level, const char *line);

/**
 * oi_redact() - @line without secrets
 *
 * Key material (PEM), values of Authorization and Cookie headers and of "Bearer",
 * user:password@ with and without a scheme, values of a signed query (sig=, se=,
 * token=, ..., encoded too), and what belongs to a name that says that it is a secret:
 * name=value, "name": "value", --name value, the words of .netrc; curl's -u user:password.
 * And what oi_redact_know() was given, wherever it stands.
 * Doing it twice changes nothing more.
 * Return: owned by the caller.
 */
char *oi_redact(const char *line);

/** oi_redact_know() - a secret to the letter, from now on; too short a one is left alone */
void oi_redact_know(const char *secret);
/**
 * oi_redact_know_doc() - the secrets of a configuration: values of keys that say so, credentials and
 * signatures of addresses, and the whole of a web hook's address, which is all that protects it
 * @doc: NULL is fine
 */
void oi_redact_know_doc(const struct oi_doc *doc);
/** oi_redact_forget() - those that oi_redact_know() was given; for tests */
void oi_redact_forget(void);

/* --- the records --- */
/**
 * oi_report_write() - result.json, its copy under instances/<id>/, agent.status
 *
 * No copy for an instance id that is no plain file name. Secrets are taken out.
 * Return: 0, or -1 with OI_R_WRITE_FAILED (all that could be written was).
 * Source: agent.status is what the agent reads as a VM extension's N.status
 */
OI_MUST_CHECK
int oi_report_write(const struct oi_root *root, const struct oi_run_record *record,
		    struct oi_err *err);

/**
 * oi_report_read() - last result.json as a tree
 * @out: owned by the caller when 0 is returned
 *
 * A record in state "running" whose process is gone comes as state "interrupted",
 * with that reason's texts and exit code.
 * Return: 0 read, 1 there is none, -1 error (OI_R_READ_FAILED; also not JSON).
 */
OI_MUST_CHECK
int oi_report_read(const struct oi_root *root, struct oi_doc **out, struct oi_err *err);

/**
 * oi_report_final_line() - the last line of a run
 * @message: NULL: the reason's sentence
 * @remedy: NULL: none
 * Return: "exit 11 (Mellanox InfiniBand not found on this VM size): device-missing:
 *         ... Remedy: ..."; owned by the caller.
 */
char *oi_report_final_line(int exit_code, enum oi_reason reason, const char *message,
			   const char *remedy);

/**
 * oi_report_status_page() - `ofed-init status` for people
 * @result: as oi_report_read() gives it; NULL: there was no run
 */
void oi_report_status_page(const struct oi_doc *result, struct oi_textpage *paper);

/**
 * oi_report_timings_page() - `ofed-init status --timings`: where the time of a run went
 * @result: as oi_report_read() gives it; NULL: there was no run
 *
 * A line a phase in the order of the run, with seconds and per cent, then their sum. Phases
 * of a run under way are those so far.
 */
void oi_report_timings_page(const struct oi_doc *result, struct oi_textpage *paper);

/** oi_report_outcome_page() - the part of it that somebody wants who has watched the run */
void oi_report_outcome_page(const struct oi_doc *result, struct oi_textpage *paper);

/**
 * oi_report_plan_page() - what was seen, which rules decided, what would be done, what to change
 * @facts: what was decided from
 */
void oi_report_plan_page(const struct oi_verdict *verdict, const struct oi_facts *facts,
			 struct oi_textpage *paper);

#endif
