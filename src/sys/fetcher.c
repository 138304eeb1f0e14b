/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Speaks to ofed-fetch; what is said, and the limits, are in fetch/protocol.h. */
#include "sys/fetcher.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "model/reasons.h"
#include "sys/clock.h"
#include "sys/activity.h"
#include "sys/progress.h"
#include "sys/run.h"
#include "sys/terminal.h"

/*
 * Policy of a download. Drivers are at most about a GiB (catalog), and a source
 * that is silent for half a minute has been cut off. Connections that take longer
 * than 15 seconds were retransmitted four times already. Six tries last about a quarter of
 * a minute, twice that at most: networks of a first boot take as long to settle.
 */
#define DOWNLOAD_BYTES_MAX (INT64_C(4) << 30)
#define DOWNLOAD_CONNECT_MS 15000
#define DOWNLOAD_STALL_SECONDS 30
#define DOWNLOAD_TRIES 6
#define DOWNLOAD_BACKOFF_MS 1000

/*
 * Policy of the metadata service: it is on the same host and answers in
 * milliseconds, or it is being updated (up to 70 seconds).
 */
#define METADATA_BYTES_MAX (1 << 20)
#define METADATA_CONNECT_MS 2000
#define METADATA_TRY_MS 5000
#define METADATA_BACKOFF_MS 250

/*
 * Policy of unpacking: MLNX_OFED's largest bundles have about a thousand files and
 * 1.5 GiB; a driver with its documentation as single files stays far below too.
 */
#define UNPACK_BYTES_MAX (INT64_C(16) << 30)
#define UNPACK_ENTRIES_MAX 200000
/* Two files of a few kilobytes; a small VM at boot may be slow at libcrypto's own start. */
#define KEY_MS 20000

#define UNPACK_SUFFIX ".part-dir" /* fetch/unpack.h */

/* The last of the time is for the answer: it knows more than "out of time". */
#define ANSWER_MS 1000

struct session {
	const struct oi_host *host;
	const struct oi_log *log; /* the host's */
	const char *what; /* for texts: the file's name, or "metadata" */
	size_t document_max;
	struct oi_buf document;
	bool silent; /* nothing that anybody waits for */
	bool upload; /* not a download */
	bool done;
	bool cached; /* it was there already */
	bool failed; /* then why says so; the first word counts */
	struct oi_err why;
	struct oi_progress progress;
	int64_t *fetched_bytes; /* of a download; NULL: nobody counts */
};

static void fail(struct session *s, int code, const char *text)
{
	if (!s->failed)
		oi_err_set(&s->why, code, "%s", text);
	s->failed = true;
}

static const char *string_or(const struct oi_doc *doc, const char *otherwise)
{
	const char *s = oi_doc_string(doc);

	return s ? s : otherwise;
}

static const char *verb(const struct session *s)
{
	return s->upload ? "upload" : "fetch";
}

static void on_progress(struct session *s, const struct oi_doc *answer)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };

	if (s->silent)
		return;
	oi_progress_at(&s->progress, oi_doc_int(oi_doc_get(answer, "bytes"), 0),
		       oi_doc_int(oi_doc_get(answer, "total"), 0), oi_clock_ms());
	oi_progress_text(&s->progress, &text);
	if (oi_progress_due(&s->progress))
		oi_log_info(s->log, "%s: %s: %s", verb(s), s->what, oi_buf_str(&text));
	oi_activity_tell(s->host, &s->progress, "%sing %s", verb(s), s->what);
	oi_terminal_draw(s->host->terminal, &s->progress, s->what);
}

static void on_note(struct session *s, const struct oi_doc *answer)
{
	const char *text = string_or(oi_doc_get(answer, "text"), "?");

	if (s->silent)
		oi_log_warn(s->log, "%s: %s", s->what, text);
	else
		oi_log_warn(s->log, "%s: %s: %s", verb(s), s->what, text);
}

static void on_debug(struct session *s, const struct oi_doc *answer)
{
	oi_log_debug(s->log, "%s: %s: %s", verb(s), s->what, string_or(oi_doc_get(answer, "text"), "?"));
}

static void on_document(struct session *s, const struct oi_doc *answer)
{
	const char *text = string_or(oi_doc_get(answer, "text"), "");

	if (s->document.len + strlen(text) > s->document_max)
		fail(s, OI_R_FETCH_FAILED, "ofed-fetch answered too much");
	else
		oi_buf_adds(&s->document, text);
}

static void tell_here(const struct oi_log *log, const char *what)
{
	oi_log_info(log, "fetch: %s: already here and verified", what);
}

static void on_done(struct session *s, const struct oi_doc *answer)
{
	const char *source = string_or(oi_doc_get(answer, "source"), "?");
	int64_t bytes = oi_doc_int(oi_doc_get(answer, "bytes"), 0);
	int64_t retries = oi_doc_int(oi_doc_get(answer, "retries"), 0);
	int64_t resumed = oi_doc_int(oi_doc_get(answer, "resumed_bytes"), 0);

	s->cached = oi_doc_is_true(oi_doc_get(answer, "cached"));
	s->done = true;
	if (s->fetched_bytes && !s->cached)
		*s->fetched_bytes += bytes - resumed;
	if (s->silent)
		return;
	if (s->cached && s->upload)
		oi_log_info(s->log, "upload: %s: already there, and not changed", s->what);
	else if (s->cached)
		tell_here(s->log, s->what);
	if (s->cached)
		return;
	oi_log_info(s->log, "%s: %s: %" PRId64 " bytes %s %s", verb(s), s->what, bytes,
		    s->upload ? "to" : "from", source);
	if (!s->upload && (retries > 0 || resumed > 0))
		oi_log_info(s->log,
			    "fetch: %s: %" PRId64 " requests, %" PRId64 " of them again; %" PRId64
			    " bytes were here from an earlier run",
			    s->what, oi_doc_int(oi_doc_get(answer, "requests"), 0), retries, resumed);
}

static void on_failed(struct session *s, const struct oi_doc *answer)
{
	enum oi_reason code = oi_reason_by_id(string_or(oi_doc_get(answer, "reason"), ""));

	fail(s, code ? (int)code : OI_R_FETCH_FAILED,
	     string_or(oi_doc_get(answer, "detail"), "no detail was given"));
}

static const struct {
	const char *event;
	void (*take)(struct session *s, const struct oi_doc *answer);
} events[] = {
	{ "progress", on_progress }, { "note", on_note },     { "document", on_document },
	{ "done", on_done },	     { "failed", on_failed }, { "debug", on_debug },
};

static void on_answer(void *data, const char *line)
{
	struct session *s = data;
	OI_DOC_AUTO *answer = NULL;
	struct oi_err err;
	const char *event;

	if (oi_doc_from_json(line, strlen(line), "answer of ofed-fetch", OI_R_FETCH_FAILED, &answer,
			     &err)) {
		fail(s, err.code, err.text);
		return;
	}
	event = string_or(oi_doc_get(answer, "event"), "");
	for (size_t i = 0; i < OI_ARRAY_SIZE(events); i++) {
		if (!strcmp(event, events[i].event)) {
			events[i].take(s, answer);
			return;
		}
	}
	fail(s, OI_R_FETCH_FAILED, "ofed-fetch answered something that is not understood");
}

/* It has nothing to say there; a sanitizer or the loader may. */
static void on_line(void *data, const char *line)
{
	struct session *s = data;

	oi_log_warn(s->log, "ofed-fetch: %s", line);
}

static int64_t left_for_request(int64_t deadline_ms)
{
	int64_t left_ms = oi_clock_left_ms(deadline_ms);

	return left_ms - (left_ms > 4 * ANSWER_MS ? ANSWER_MS : left_ms / 4);
}

/* Runs ofed-fetch on @request. Return: 0 when it said "done", else -1. */
static int ask_fetcher(const struct oi_host *host, const struct oi_doc *request, int64_t deadline_ms,
	       int dir_fd, struct session *session, struct oi_err *err)
{
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	OI_FREE char *text = oi_doc_to_json(request, false);
	OI_FREE char *path = oi_mem_dup(host->tools.path[OI_TOOL_FETCH]);
	char *argv[] = { path, NULL };
	const struct oi_run_options options = {
		.deadline_ms = deadline_ms,
		.on_line = on_line,
		.data = session,
		.request = text,
		.on_answer = on_answer,
		.dir_fd = dir_fd,
	};
	int ret;

	if (!path)
		return oi_err_set(err, OI_R_TOOL_MISSING, "ofed-fetch is not installed");
	ret = oi_run(argv, &options, &result, err);
	oi_terminal_hide(session->host->terminal);
	/* What it said itself tells more than how it ended, but not when we were stopped. */
	if (session->failed && !(ret && err->code == OI_R_INTERRUPTED)) {
		*err = session->why;
		return -1;
	}
	if (ret && result.end == OI_RUN_TIMED_OUT)
		err->code = OI_R_FETCH_TIMEOUT;
	else if (ret && err->code == OI_R_CHILD_FAILED)
		err->code = OI_R_FETCH_FAILED;
	if (!ret && !session->done)
		return oi_err_set(err, OI_R_FETCH_FAILED, "ofed-fetch ended without an answer");
	return ret;
}

static struct oi_doc *new_request(const char *op, int64_t deadline_ms)
{
	struct oi_doc *request = oi_doc_new(OI_DOC_MAP);

	oi_doc_put_int(request, "schema", 1);
	oi_doc_put_string(request, "op", op);
	oi_doc_put_int(request, "deadline_ms", left_for_request(deadline_ms));
	return request;
}

static struct oi_doc *new_identity(const struct oi_host *host, const struct oi_fetch_job *job)
{
	/* Blob storage of Azure's clouds. Source: learn.microsoft.com, "Compare Azure
	 * Government and global Azure", "Azure China developer guide" */
	static const char *const hosts[] = {
		".blob.core.windows.net",
		".blob.core.usgovcloudapi.net",
		".blob.core.chinacloudapi.cn",
	};
	struct oi_doc *identity = oi_doc_new(OI_DOC_MAP);
	struct oi_doc *list = oi_doc_new(OI_DOC_LIST);

	for (size_t i = 0; i < OI_ARRAY_SIZE(hosts); i++)
		oi_doc_add(list, oi_doc_new_string(hosts[i]));
	oi_doc_put_string(identity, "base", host->imds_url);
	oi_doc_put_string(identity, "client_id", job->identity_client);
	oi_doc_put(identity, "hosts", list);
	return identity;
}

/* How a store is reached and spoken to, there and back. */
static struct oi_doc *store_request(const struct oi_host *host, const char *op,
				    const struct oi_fetch_job *job)
{
	struct oi_doc *request = new_request(op, host->deadline_ms);

	oi_doc_put_string(request, "proxy", job->proxy);
	oi_doc_put(request, "no_proxy", oi_doc_new_strings(job->no_proxy));
	oi_doc_put_string(request, "ca_bundle", job->ca_bundle);
	if (job->identity)
		oi_doc_put(request, "identity", new_identity(host, job));
	else
		oi_doc_put_string(request, "identity", NULL);
	oi_doc_put_int(request, "connect_ms", job->patience_ms ? job->patience_ms : DOWNLOAD_CONNECT_MS);
	oi_doc_put_int(request, "stall_seconds",
		       job->patience_ms ? (job->patience_ms + 999) / 1000 : DOWNLOAD_STALL_SECONDS);
	oi_doc_put_int(request, "tries", job->tries ? job->tries : DOWNLOAD_TRIES);
	oi_doc_put_int(request, "backoff_ms", DOWNLOAD_BACKOFF_MS);
	return request;
}

/* Of both that bring an artefact. */
static struct oi_doc *artefact_request(const struct oi_host *host, const char *op,
				       const struct oi_fetch_job *job)
{
	struct oi_doc *request = store_request(host, op, job);

	oi_doc_put(request, "urls", oi_doc_new_strings(job->urls));
	oi_doc_put_string(request, "sha256", job->sha256);
	oi_doc_put_int(request, "spread_ms", job->spread_ms);
	oi_doc_put_int(request, "max_bytes", DOWNLOAD_BYTES_MAX);
	return request;
}

static struct oi_doc *download_request(const struct oi_host *host, const struct oi_fetch_job *job)
{
	struct oi_doc *request = artefact_request(host, "download", job);

	oi_doc_put_string(request, "name", job->name);
	return request;
}

static struct oi_doc *metadata_request(const struct oi_host *host, int64_t deadline_ms)
{
	struct oi_doc *request = new_request("metadata", deadline_ms);

	oi_doc_put_string(request, "base", host->imds_url);
	oi_doc_put_int(request, "connect_ms", METADATA_CONNECT_MS);
	oi_doc_put_int(request, "try_ms", METADATA_TRY_MS);
	oi_doc_put_int(request, "backoff_ms", METADATA_BACKOFF_MS);
	oi_doc_put_int(request, "max_bytes", METADATA_BYTES_MAX);
	return request;
}

/*
 * Opens the staging folder, made where it is not there. It is ours alone: what
 * has been checked in it must not be exchanged before it is used.
 */
static int open_staging(const struct oi_root *root, int *fd, struct oi_err *err)
{
	struct stat st;

	if (oi_root_mkdirs(root, OI_STATE_DIR, 0755, err) ||
	    oi_root_mkdirs(root, OI_STAGING_DIR, 0700, err))
		return -1;
	*fd = oi_root_openat(root, OI_STAGING_DIR, O_RDONLY | O_DIRECTORY, 0);
	if (*fd < 0)
		return oi_err_set(err, OI_R_WRITE_FAILED, "%s: %s", OI_STAGING_DIR, strerror(errno));
	if (!fstat(*fd, &st) && st.st_uid == geteuid() &&
	    ((st.st_mode & 07777) == 0700 || !fchmod(*fd, 0700)))
		return 0;
	close(*fd);
	return oi_err_set(err, OI_R_WRITE_FAILED, "%s: belongs to somebody else", OI_STAGING_DIR);
}

/*
 * Who has listened to the network is not asked whether what came is right: another one
 * is, that has nothing to do with a network, and the first has ended by then. What is
 * in the folder may be anything, a link too.
 */
static int check_staged(const struct oi_host *host, const struct oi_fetch_job *job, int fd,
			struct oi_err *err)
{
	struct session session = { .host = host, .log = &host->log, .what = job->name, .silent = true };
	OI_DOC_AUTO *request = new_request("check", host->deadline_ms);
	int ret;

	oi_doc_put_string(request, "name", job->name);
	oi_doc_put_string(request, "sha256", job->sha256);
	ret = ask_fetcher(host, request, host->deadline_ms, fd, &session, err);
	oi_buf_clear(&session.document);
	return ret;
}

static int download(const struct oi_host *host, const struct oi_fetch_job *job, int fd,
		    struct oi_err *err)
{
	struct session session = { .host = host, .log = &host->log, .what = job->name,
				   .fetched_bytes = host->fetched_bytes };
	OI_DOC_AUTO *request = download_request(host, job);
	int ret = ask_fetcher(host, request, host->deadline_ms, fd, &session, err);

	oi_buf_clear(&session.document);
	return ret || !job->sha256 ? ret : check_staged(host, job, fd, err);
}

int oi_fetcher_download(const struct oi_host *host, const struct oi_fetch_job *job,
			struct oi_err *err)
{
	OI_FREE char *path = oi_mem_printf(OI_STAGING_DIR "/%s", job->name);
	bool here;
	int fd = -1;
	int ret;

	if (open_staging(&host->change, &fd, err))
		return -1;
	err->code = OI_R_NONE;
	here = job->sha256 && oi_root_exists(&host->change, path) && !check_staged(host, job, fd, err);
	if (here)
		tell_here(&host->log, job->name);
	ret = here ? 0 : err->code == OI_R_INTERRUPTED ? -1 : download(host, job, fd, err);
	close(fd);
	return ret ? oi_err_prefix(err, "fetch %s", job->name) : 0;
}

int oi_fetcher_stream(const struct oi_host *host, const struct oi_fetch_job *job, int dir_fd,
		      const char *into, int room_factor, int64_t room_bytes, struct oi_err *err)
{
	struct session session = { .host = host, .log = &host->log, .what = job->name,
				   .fetched_bytes = host->fetched_bytes };
	OI_DOC_AUTO *request = artefact_request(host, "stream", job);
	int ret;

	oi_doc_put_string(request, "into", into);
	oi_doc_put_int(request, "max_entries", UNPACK_ENTRIES_MAX);
	oi_doc_put_int(request, "max_unpacked_bytes", UNPACK_BYTES_MAX);
	oi_doc_put_int(request, "room_factor", room_factor);
	oi_doc_put_int(request, "room_bytes", room_bytes);
	ret = ask_fetcher(host, request, host->deadline_ms, dir_fd, &session, err);
	oi_buf_clear(&session.document);
	return ret ? oi_err_prefix(err, "fetch and unpack %s", job->name) : 0;
}

int oi_fetcher_upload(const struct oi_host *host, const struct oi_fetch_job *job, int fd,
		      struct oi_err *err)
{
	struct session session = { .host = host, .log = &host->log, .what = job->name, .upload = true };
	OI_DOC_AUTO *request = store_request(host, "upload", job);
	int ret;

	oi_doc_put_string(request, "url", job->urls->v[0]);
	ret = ask_fetcher(host, request, host->deadline_ms, fd, &session, err);
	oi_buf_clear(&session.document);
	if (ret)
		return oi_err_prefix(err, "upload %s", job->name);
	return session.cached ? 1 : 0;
}

int oi_fetcher_post(const struct oi_host *host, const struct oi_fetch_job *job, int fd,
		    struct oi_err *err)
{
	struct session session = { .host = host, .log = &host->log, .what = job->name,
				   .upload = true, .silent = true };
	OI_DOC_AUTO *request = store_request(host, "post", job);
	int ret;

	oi_doc_put_string(request, "url", job->urls->v[0]);
	ret = ask_fetcher(host, request, host->deadline_ms, fd, &session, err);
	oi_buf_clear(&session.document);
	return ret;
}

static int unpack(const struct oi_host *host, const char *name, int dir_fd, const char *into,
		  struct oi_err *err)
{
	struct session session = { .host = host, .log = &host->log, .what = into };
	OI_DOC_AUTO *request = new_request("unpack", host->deadline_ms);
	int ret;

	oi_doc_put_string(request, "name", name);
	oi_doc_put_string(request, "into", into);
	oi_doc_put_int(request, "max_entries", UNPACK_ENTRIES_MAX);
	oi_doc_put_int(request, "max_bytes", UNPACK_BYTES_MAX);
	ret = ask_fetcher(host, request, host->deadline_ms, dir_fd, &session, err);
	oi_buf_clear(&session.document);
	return ret ? oi_err_prefix(err, "unpack %s", name) : 0;
}

int oi_fetcher_unpack_to(const struct oi_host *host, const char *name, int dir_fd,
			 const char *into, struct oi_err *err)
{
	OI_FREE char *staged = oi_mem_printf(OI_STAGING_DIR "/%s", name);
	OI_FREE char *path = oi_root_name(&host->change, staged);

	return unpack(host, path, dir_fd, into, err);
}

static int remove_staged(const struct oi_root *root, const char *name, const char *suffix,
			 struct oi_err *err)
{
	OI_FREE char *path = oi_mem_printf(OI_STAGING_DIR "/%s%s", name, suffix);

	return oi_root_remove(root, path, err);
}

int oi_fetcher_unpack(const struct oi_host *host, const char *name, const char *into,
		      struct oi_err *err)
{
	struct oi_err ignored;
	int fd = -1;
	int ret;

	if (open_staging(&host->change, &fd, err))
		return -1;
	ret = remove_staged(&host->change, into, "", err) ||
			      remove_staged(&host->change, into, UNPACK_SUFFIX, err) ?
		      -1 :
		      unpack(host, name, fd, into, err);
	close(fd);
	if (ret && remove_staged(&host->change, into, UNPACK_SUFFIX, &ignored))
		oi_log_warn(&host->log, "could not clean up: %s", ignored.text);
	return ret;
}

void oi_signer_clear(struct oi_signer *signer)
{
	free(signer->name);
	free(signer->serial);
	memset(signer, 0, sizeof(*signer));
}

static void put_hex(struct oi_doc *request, const char *key, const char *bytes, size_t len)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };

	for (size_t i = 0; i < len; i++)
		oi_buf_addf(&text, "%02x", (unsigned char)bytes[i]);
	oi_doc_put_string(request, key, oi_buf_str(&text));
}

static int64_t key_deadline_ms(const struct oi_host *host)
{
	int64_t deadline_ms = oi_clock_ms() + KEY_MS;

	return deadline_ms < host->deadline_ms ? deadline_ms : host->deadline_ms;
}

/* One question about a key. @answer: owned by the caller; NULL: none is expected */
static int ask_about_key(const struct oi_host *host, const struct oi_doc *request, int key_fd,
			 struct oi_doc **answer, struct oi_err *err)
{
	struct session session = { .host = host,
				   .log = &host->log,
				   .what = "the key",
				   .document_max = 4096,
				   .silent = true };
	int ret = ask_fetcher(host, request, key_deadline_ms(host), key_fd, &session, err);

	if (!ret && answer)
		ret = oi_doc_from_json(oi_buf_str(&session.document), session.document.len,
				       "the key", OI_R_FETCH_FAILED, answer, err);
	oi_buf_clear(&session.document);
	return ret;
}

int oi_fetcher_check_key(const struct oi_host *host, int key_fd, const char *certificate,
			 size_t certificate_len, struct oi_signer *signer, struct oi_err *err)
{
	OI_DOC_AUTO *request = NULL;
	OI_DOC_AUTO *answer = NULL;

	if (!certificate_len || certificate_len > OI_CERTIFICATE_BYTES)
		return oi_err_set(err, OI_R_SIGNING_KEY, "the certificate: %s",
				  certificate_len ? "too long for one" : "the file is empty");
	request = new_request("key", key_deadline_ms(host));
	put_hex(request, "certificate", certificate, certificate_len);
	if (ask_about_key(host, request, key_fd, &answer, err))
		return -1;
	signer->name = oi_mem_dup(string_or(oi_doc_get(answer, "signer"), ""));
	signer->serial = oi_mem_dup(string_or(oi_doc_get(answer, "serial"), ""));
	return 0;
}

int oi_fetcher_sign(const struct oi_host *host, int key_fd, const char *text, char **signature,
		    struct oi_err *err)
{
	OI_DOC_AUTO *request = new_request("sign", key_deadline_ms(host));
	OI_DOC_AUTO *answer = NULL;

	oi_doc_put_string(request, "text", text);
	if (ask_about_key(host, request, key_fd, &answer, err))
		return -1;
	*signature = oi_mem_dup(string_or(oi_doc_get(answer, "signature"), ""));
	return 0;
}

int oi_fetcher_verify(const struct oi_host *host, const char *text, const char *public_key,
		      size_t public_key_len, const char *signature, struct oi_err *err)
{
	OI_DOC_AUTO *request = NULL;

	if (!public_key_len || public_key_len > OI_CERTIFICATE_BYTES)
		return oi_err_set(err, OI_R_BUNDLE_KEY, "the public key: %s",
				  public_key_len ? "too long for one" : "the file is empty");
	request = new_request("verify", key_deadline_ms(host));
	oi_doc_put_string(request, "text", text);
	put_hex(request, "public_key", public_key, public_key_len);
	oi_doc_put_string(request, "signature", signature);
	return ask_about_key(host, request, -1, NULL, err);
}

int oi_fetcher_metadata(const struct oi_host *host, int64_t deadline_ms, struct oi_doc **out,
			struct oi_err *err)
{
	struct session session = { .host = host,
				   .log = &host->log,
				   .what = "metadata",
				   /* written anew it may be somewhat longer than it came */
				   .document_max = 2 * METADATA_BYTES_MAX };
	OI_DOC_AUTO *request = metadata_request(host, deadline_ms);
	int ret = ask_fetcher(host, request, deadline_ms, -1, &session, err);

	if (!ret)
		ret = oi_doc_from_json(oi_buf_str(&session.document), session.document.len,
				       "metadata", OI_R_METADATA_UNAVAILABLE, out, err);
	else if (err->code != OI_R_INTERRUPTED)
		err->code = OI_R_METADATA_UNAVAILABLE;
	oi_buf_clear(&session.document);
	return ret;
}
