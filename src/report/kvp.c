/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pool 1 of Hyper-V's key-value pairs: what the guest tells the host, which may ask for it
 * when nothing else of the VM answers. Records of a fixed size, one after the other.
 */
#include "report/sinks.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "report/clean.h"
#include "report/record.h"
#include "report/view.h"
#include "sys/clock.h"

#define POOL "/var/lib/hyperv/.kvp_pool_1"
#define KEY "OFED_INIT|status"

/* Source: Linux' include/uapi/linux/hyperv.h, HV_KVP_EXCHANGE_MAX_KEY_SIZE and _VALUE_SIZE */
#define KEY_BYTES 512
#define VALUE_BYTES 2048
#define RECORD_BYTES (KEY_BYTES + VALUE_BYTES)

/* Source: Linux' drivers/hv/hv_kvp.c hands the host so many UTF-16 units of a value */
#define VALUE_LIMIT_BYTES (VALUE_BYTES / 2 - 2)

/* All but the message; an id, a size or a version is shorter. */
#define FIELD_LIMIT_BYTES 64
#define MESSAGE_LIMIT_BYTES 512

/* cloud-init and the daemon hold it for one write. */
#define LOCK_MS 2000
#define LOOK_AGAIN_MS 20

/* --- the value --- */

static void put_text(struct oi_doc *value, const char *key, const struct oi_doc *result,
		     const char *path, size_t limit_bytes)
{
	const char *text = oi_doc_string(oi_doc_at(result, path));
	OI_FREE char *clean = text ? oi_report_clean(text) : NULL;

	if (!clean)
		return;
	oi_report_cut(clean, limit_bytes);
	oi_doc_put_string(value, key, clean);
}

static char *compose(const struct oi_doc *result, size_t message_bytes)
{
	OI_DOC_AUTO *value = oi_doc_new(OI_DOC_MAP);
	const struct oi_doc *exit_code = oi_doc_get(result, "exit_code");
	const struct oi_doc *phases = oi_doc_get(result, "phases");
	char now[OI_CLOCK_TEXT_BYTES];

	oi_clock_utc(now);
	oi_doc_put_string(value, "ts", now);
	put_text(value, "state", result, "state", FIELD_LIMIT_BYTES);
	oi_doc_put_string(value, "outcome", oi_view_outcome(result));
	if (exit_code && exit_code->kind == OI_DOC_INT)
		oi_doc_put_int(value, "exit_code", exit_code->integer);
	put_text(value, "reason", result, "reason", FIELD_LIMIT_BYTES);
	if (phases && phases->n)
		put_text(value, "last", phases->items[phases->n - 1], "name", FIELD_LIMIT_BYTES);
	put_text(value, "vm_size", result, "key.vm_size", FIELD_LIMIT_BYTES);
	put_text(value, "driver", result, "versions.stack", FIELD_LIMIT_BYTES);
	put_text(value, "version", result, "versions.driver", FIELD_LIMIT_BYTES);
	put_text(value, "started", result, "started", FIELD_LIMIT_BYTES);
	if (message_bytes >= FIELD_LIMIT_BYTES)
		put_text(value, "msg", result, "message", message_bytes);
	return oi_doc_to_json(value, false);
}

/* Escapes make a text longer: what does not fit gets a shorter message. */
static char *value_of(const struct oi_doc *result)
{
	size_t message_bytes = MESSAGE_LIMIT_BYTES;
	char *text = compose(result, message_bytes);

	while (strlen(text) > VALUE_LIMIT_BYTES && message_bytes) {
		message_bytes /= 2;
		oi_mem_free_p(&text);
		text = compose(result, message_bytes);
	}
	return text;
}

/* --- the pool --- */

/* cloud-init takes flock(2), the daemon a lock of fcntl(2); neither sees the other's. */
static int lock(int fd, struct oi_err *err)
{
	const struct timespec again = { .tv_nsec = LOOK_AGAIN_MS * 1000000L };
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int64_t deadline_ms = oi_clock_ms() + LOCK_MS;

	while (flock(fd, LOCK_EX | LOCK_NB) || fcntl(fd, F_SETLK, &whole)) {
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return oi_err_set(err, OI_R_WRITE_FAILED, POOL ": lock: %m");
		if (!oi_clock_left_ms(deadline_ms))
			return oi_err_set(err, OI_R_WRITE_FAILED,
					  POOL ": another process has kept it locked for %d ms",
					  LOCK_MS);
		nanosleep(&again, NULL);
	}
	return 0;
}

/* Where our record is, or the end; a record that was cut short there is written over. */
static off_t place(int fd)
{
	char key[KEY_BYTES];
	off_t at = 0;
	struct stat st;

	if (fstat(fd, &st))
		return 0;
	for (; at + RECORD_BYTES <= st.st_size; at += RECORD_BYTES)
		if (pread(fd, key, sizeof(key), at) == sizeof(key) && !strncmp(key, KEY, sizeof(key)))
			break;
	return at;
}

static int write_record(int fd, const char *text, struct oi_err *err)
{
	char record[RECORD_BYTES] = KEY;
	size_t len = strlen(text);

	if (lock(fd, err))
		return -1;
	memcpy(record + KEY_BYTES, text, len < VALUE_BYTES ? len : VALUE_BYTES - 1);
	if (pwrite(fd, record, sizeof(record), place(fd)) != sizeof(record))
		return oi_err_set(err, OI_R_WRITE_FAILED, POOL ": write: %m");
	return 0;
}

/* The last record comes into the place of ours. */
static int drop_record(int fd, struct oi_err *err)
{
	char last[RECORD_BYTES];
	struct stat st;
	off_t at;

	if (lock(fd, err))
		return -1;
	at = place(fd);
	if (fstat(fd, &st))
		return oi_err_set(err, OI_R_WRITE_FAILED, POOL ": fstat: %m");
	if (at + RECORD_BYTES > st.st_size)
		return 0; /* there is none of ours */
	st.st_size -= st.st_size % RECORD_BYTES + RECORD_BYTES;
	if (pread(fd, last, sizeof(last), st.st_size) != sizeof(last) ||
	    (at < st.st_size && pwrite(fd, last, sizeof(last), at) != sizeof(last)) || ftruncate(fd, st.st_size))
		return oi_err_set(err, OI_R_WRITE_FAILED, POOL ": write: %m");
	return 0;
}

/* Return: the pool; -1: there is none, *@rc then says whether that is an error. */
static int open_pool(const struct oi_root *root, int *rc, struct oi_err *err)
{
	struct stat st;
	int fd;

	*rc = 0;
	/* O_NONBLOCK: a FIFO by that name must not hold us up */
	fd = oi_root_openat(root, POOL, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
	if (fd < 0)
		*rc = errno == ENOENT || errno == ENOTDIR ?
			       0 : oi_err_set(err, OI_R_WRITE_FAILED, POOL ": open: %m");
	if (fd >= 0 && (fstat(fd, &st) || !S_ISREG(st.st_mode))) {
		close(fd);
		fd = -1;
		*rc = oi_err_set(err, OI_R_WRITE_FAILED, POOL ": it is not a regular file");
	}
	return fd;
}

int oi_sink_kvp(const struct oi_root *root, const struct oi_doc *result, struct oi_err *err)
{
	OI_FREE char *text = NULL;
	int rc, fd = open_pool(root, &rc, err);

	if (fd < 0)
		return rc;
	text = value_of(result);
	rc = write_record(fd, text, err);
	close(fd); /* which gives both locks back */
	return rc;
}

int oi_sink_kvp_forget(const struct oi_root *root, struct oi_err *err)
{
	int rc, fd = open_pool(root, &rc, err);

	if (fd < 0)
		return rc;
	rc = drop_record(fd, err);
	close(fd);
	return rc;
}
