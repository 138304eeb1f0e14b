/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "model/reasons.h"
#include "sys/owner.h"

#ifndef SYS_openat2
#define SYS_openat2 437 /* the same on every architecture; since Linux 5.6 */
#endif
#define IN_ROOT 0x10 /* RESOLVE_IN_ROOT of linux/openat2.h, which came with it */
#define NO_SYMLINKS 0x04 /* RESOLVE_NO_SYMLINKS */

/* As many as the kernel follows; Source: path_resolution(7) */
#define MAX_LINKS 40
/* Deeper trees than this are nobody's staging folder. */
#define MAX_DEPTH 64
/* sysfs attributes are at most a page; Source: kernel, Documentation/filesystems/sysfs.rst */
#define LINE_LIMIT_BYTES 4096
/* efivarfs slows readers who are not root down by EINTR: try again, but not for ever. */
#define MAX_EINTR 100

int oi_root_open(const char *path, struct oi_root *root, struct oi_err *err)
{
	char *real = realpath(path, NULL);

	memset(root, 0, sizeof(*root));
	root->fd = -1;
	if (!real)
		return oi_err_set(err, OI_R_USAGE, "%s: %m", path);
	root->fd = open(real, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root->fd < 0) {
		oi_err_set(err, OI_R_USAGE, "%s: %m", path);
		free(real);
		return -1;
	}
	root->path = real;
	return 0;
}

void oi_root_close(struct oi_root *root)
{
	/* A path is there only when open() succeeded: a zeroed one does not close stdin. */
	if (root->path && root->fd >= 0)
		close(root->fd);
	free(root->path);
	root->path = NULL;
	root->fd = -1;
}

bool oi_root_is_real(const struct oi_root *root)
{
	return !strcmp(root->path, "/");
}

/* "DIR/etc/x" for messages, "/etc/x" where the root is "/" */
char *oi_root_name(const struct oi_root *root, const char *path)
{
	return oi_mem_printf("%s%s%s", oi_root_is_real(root) ? "" : root->path,
			     *path == '/' ? "" : "/", path);
}

/* --- resolving links as if the root were "/" --- */

/* What a link at @name in @dir says, owned by the caller; NULL with errno: no link. */
static char *link_target(int dir, const char *name)
{
	char target[4096];
	ssize_t len = readlinkat(dir, name, target, sizeof(target));

	if (len < 0)
		return NULL;
	if ((size_t)len == sizeof(target)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	return oi_mem_ndup(target, (size_t)len);
}

/* What others than root could have put there is... */
enum caution {
	NONE, /* ... followed: to be looked at */
	LINKS, /* ... not followed where it is a link, and else their folder: to be written to */
	ALL, /* ... not gone through at all: to be obeyed */
};

struct walk {
	enum caution caution;
	const char *doubt; /* what is wrong with the last that was opened; static */
	char *rest; /* of the path, to be gone from the innermost open folder */
	int above[MAX_DEPTH]; /* folders open; the first is the root's own, not ours to close */
	size_t depth;
	unsigned int links;
};

static void go_up(struct walk *w, bool to_the_root)
{
	while (w->depth) {
		close(w->above[w->depth--]);
		if (!to_the_root)
			break;
	}
}

static void go_on(struct walk *w, const char *before, const char *tail)
{
	char *rest = oi_mem_printf("%s%s", before, tail);

	free(w->rest);
	w->rest = rest;
}

/* Who may write a folder chooses where a link in it leads; in a sticky one that is the link's owner. */
static bool link_is_others(int dir, const char *name)
{
	struct stat st, link;

	return !geteuid() && (fstat(dir, &st) || oi_owner_doubt(&st) ||
			      fstatat(dir, name, &link, AT_SYMLINK_NOFOLLOW) || link.st_uid);
}

/* Return: with caution ALL, whether others than root could have written it. */
static bool is_doubtful(struct walk *w, int fd)
{
	struct stat st;

	w->doubt = w->caution != ALL || fstat(fd, &st) ? NULL : oi_owner_doubt(&st);
	return w->doubt;
}

/* One part of the path; Return: 0 go on, 1 arrived with *@fd, -1 errno. */
static int step(struct walk *w, int flags, mode_t mode, int *fd)
{
	const char *part = w->rest + strspn(w->rest, "/");
	size_t len = strcspn(part, "/");
	const char *tail = part + len;
	bool last = !tail[strspn(tail, "/")];
	OI_FREE char *name = oi_mem_ndup(part, len);
	OI_FREE char *target = NULL;

	if (!len || !strcmp(name, ".") || !strcmp(name, "..")) {
		if (len == 2)
			go_up(w, false);
		if (last) {
			*fd = openat(w->above[w->depth], ".", flags | O_CLOEXEC, mode);
			return *fd < 0 ? -1 : 1;
		}
		go_on(w, "", tail);
		return 0;
	}
	if (!last || *tail || !(flags & O_NOFOLLOW))
		target = link_target(w->above[w->depth], name);
	if (target && w->caution != NONE && link_is_others(w->above[w->depth], name)) {
		w->doubt = "a folder in which others may put a symbolic link";
		errno = ELOOP;
		return -1;
	}
	if (target) {
		if (++w->links > MAX_LINKS) {
			errno = ELOOP;
			return -1;
		}
		if (*target == '/')
			go_up(w, true);
		go_on(w, target, tail);
		return 0;
	}
	/* NOFOLLOW: what has become a link since we looked is not followed. */
	if (last) {
		*fd = openat(w->above[w->depth], name,
			     flags | O_CLOEXEC | O_NOFOLLOW | (*tail ? O_DIRECTORY : 0), mode);
		return *fd < 0 ? -1 : 1;
	}
	if (w->depth + 1 == MAX_DEPTH) {
		errno = ENAMETOOLONG;
		return -1;
	}
	*fd = openat(w->above[w->depth], name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*fd < 0)
		return -1;
	w->above[++w->depth] = *fd;
	if (is_doubtful(w, *fd)) {
		errno = EPERM;
		return -1;
	}
	go_on(w, "", tail);
	return 0;
}

/*
 * The kernel's RESOLVE_IN_ROOT for kernels that have none. The folders above
 * stay open, so that ".." means what it meant on the way in.
 */
static int walk(const struct oi_root *root, const char *path, int flags, mode_t mode, enum caution caution)
{
	struct walk w = { .caution = caution, .rest = oi_mem_dup(path), .above = { root->fd } };
	int fd = -1;
	int came, error;

	do
		came = step(&w, flags, mode, &fd);
	while (!came);
	error = errno;
	go_up(&w, true);
	free(w.rest);
	errno = error;
	return came < 0 ? -1 : fd;
}

static int open_below(const struct oi_root *root, const char *path, int flags, mode_t mode, enum caution caution)
{
	static bool no_openat2;
	const char *below = path + strspn(path, "/");
	struct { /* struct open_how; Source: openat2(2) */
		uint64_t flags, mode, resolve;
	} how = { 0 };
	long fd;

	if (!*below)
		below = ".";
	if (oi_root_is_real(root) && caution == NONE)
		return openat(root->fd, below, flags | O_CLOEXEC, mode);
	if (no_openat2)
		return walk(root, below, flags, mode, caution);
	how.flags = (unsigned int)flags | O_CLOEXEC;
	how.mode = flags & O_CREAT ? mode : 0;
	how.resolve = (oi_root_is_real(root) ? 0 : IN_ROOT) | (caution == NONE ? 0 : NO_SYMLINKS);
	for (unsigned int tries = 0;; tries++) {
		fd = syscall(SYS_openat2, root->fd, below, &how, sizeof(how));
		/* EAGAIN: something was renamed meanwhile; Source: openat2(2) */
		if (fd >= 0 || errno != EAGAIN || tries > MAX_LINKS)
			break;
	}
	if (fd >= 0 || (errno != ENOSYS && errno != EPERM && (caution == NONE || errno != ELOOP)))
		return (int)fd;
	/* Kernels before 5.6 say ENOSYS, container managers that do not know it EPERM; ELOOP: there is a link. */
	no_openat2 |= errno == ENOSYS;
	return walk(root, below, flags, mode, caution);
}

int oi_root_openat(const struct oi_root *root, const char *path, int flags, mode_t mode)
{
	bool writes = flags & O_CREAT || (flags & O_ACCMODE) != O_RDONLY;

	return open_below(root, path, flags, mode, writes ? LINKS : NONE);
}

char *oi_root_doubt(const struct oi_root *root, const char *path)
{
	const char *below = path + strspn(path, "/");
	struct walk w = { .caution = ALL, .rest = oi_mem_dup(*below ? below : "."), .above = { root->fd } };
	OI_FREE char *place = NULL, *known = NULL;
	char *text = NULL;
	int fd = -1;
	int came;

	do
		came = step(&w, O_PATH, 0, &fd);
	while (!came);
	if (came > 0)
		is_doubtful(&w, fd);
	/* the folder that was come to by a link has another name than the path says */
	place = oi_mem_printf("/proc/self/fd/%d", came > 0 ? fd : w.above[w.depth]);
	known = w.doubt ? realpath(place, NULL) : NULL;
	if (w.doubt)
		text = oi_mem_printf("%s: %s", known ? known : path, w.doubt);
	if (came > 0)
		close(fd);
	go_up(&w, true);
	free(w.rest);
	return text;
}

/* --- reading --- */

static int read_failed(const struct oi_root *root, const char *path, int error,
		       struct oi_err *err)
{
	OI_FREE char *name = NULL;

	if (error == ENOENT || error == ENOTDIR)
		return 1;
	name = oi_root_name(root, path);
	return oi_err_set(err, OI_R_READ_FAILED, "%s: %s", name, strerror(error));
}

/* Reads on until the end or @limit_bytes + 1; 0 or an errno. */
static int read_to_end(int fd, size_t limit_bytes, struct oi_buf *out)
{
	size_t got = 0;
	unsigned int interrupted = 0;

	while (got <= limit_bytes) {
		char piece[16384];
		size_t wanted = limit_bytes + 1 - got;
		ssize_t n = read(fd, piece, wanted < sizeof(piece) ? wanted : sizeof(piece));

		if (n < 0 && errno == EINTR && ++interrupted < MAX_EINTR)
			continue;
		if (n < 0)
			return errno;
		if (!n)
			return 0;
		oi_buf_add(out, piece, (size_t)n);
		got += (size_t)n;
	}
	return EFBIG;
}

/* The whole of @fd or nothing; 0 or an errno. Closes @fd. */
static int read_whole(int fd, size_t limit_bytes, struct oi_buf *out)
{
	size_t before = out->len;
	int error = read_to_end(fd, limit_bytes, out);

	close(fd);
	if (error) {
		out->len = before;
		if (out->data)
			out->data[before] = '\0';
	}
	return error;
}

static int whole_failed(const char *name, size_t limit_bytes, int error, struct oi_err *err)
{
	if (error == EFBIG)
		return oi_err_set(err, OI_R_READ_FAILED, "%s: larger than %zu bytes", name,
				  limit_bytes);
	return oi_err_set(err, OI_R_READ_FAILED, "%s: %s", name, strerror(error));
}

static int read_file(const struct oi_root *root, const char *path, bool guarded,
		     size_t limit_bytes, struct oi_buf *out, struct oi_err *err)
{
	OI_FREE char *name = NULL;
	const char *refused = NULL;
	struct stat st;
	int error;
	/* NONBLOCK: a FIFO in a strange tree does not hold us up, and is refused below. */
	int fd = oi_root_openat(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);

	if (fd < 0)
		return read_failed(root, path, errno, err);
	if (fstat(fd, &st) || (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)))
		refused = "not a regular file";
	else if (guarded)
		refused = oi_owner_doubt(&st);
	if (refused) {
		close(fd);
		name = oi_root_name(root, path);
		return oi_err_set(err, OI_R_READ_FAILED, "%s: %s", name, refused);
	}
	error = read_whole(fd, limit_bytes, out);
	if (!error)
		return 0;
	name = oi_root_name(root, path);
	return whole_failed(name, limit_bytes, error, err);
}

int oi_root_read(const struct oi_root *root, const char *path, size_t limit_bytes,
		 struct oi_buf *out, struct oi_err *err)
{
	return read_file(root, path, false, limit_bytes, out, err);
}

int oi_root_read_guarded(const struct oi_root *root, const char *path, size_t limit_bytes,
			 struct oi_buf *out, struct oi_err *err)
{
	return read_file(root, path, true, limit_bytes, out, err);
}

int oi_root_read_named(const char *path, size_t limit_bytes, struct oi_buf *out,
		       struct oi_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int error;

	if (fd < 0)
		return oi_err_set(err, OI_R_READ_FAILED, "%s: %m", path);
	error = read_whole(fd, limit_bytes, out);
	return error ? whole_failed(path, limit_bytes, error, err) : 0;
}

int oi_root_read_line(const struct oi_root *root, const char *path, char **out,
		      struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf buf = { 0 };
	int got = oi_root_read(root, path, LINE_LIMIT_BYTES, &buf, err);
	const char *line;
	size_t len;

	if (got)
		return got;
	line = oi_buf_str(&buf);
	line += strspn(line, " \t");
	len = strcspn(line, "\r\n");
	while (len && strchr(" \t", line[len - 1]))
		len--;
	*out = oi_mem_ndup(line, len);
	return 0;
}

int oi_root_list(const struct oi_root *root, const char *path, struct oi_strv *names,
		 struct oi_err *err)
{
	int fd = oi_root_openat(root, path, O_RDONLY | O_DIRECTORY, 0);
	struct dirent *entry;
	DIR *dir;
	int error;

	if (fd < 0)
		return read_failed(root, path, errno, err);
	dir = fdopendir(fd);
	if (!dir) {
		error = errno;
		close(fd);
		return read_failed(root, path, error, err);
	}
	errno = 0;
	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			oi_strv_add(names, entry->d_name);
	error = errno;
	closedir(dir);
	if (error)
		return read_failed(root, path, error, err);
	oi_strv_sort(names);
	return 0;
}

/* --- the folder that holds a name --- */

/* Splits "/a/b/c/" into "/a/b" and "c"; -1 when there is no last part. */
static int split(const char *path, char **folder, char **name)
{
	size_t len = strlen(path);
	size_t start;

	while (len && path[len - 1] == '/')
		len--;
	for (start = len; start && path[start - 1] != '/'; start--)
		;
	*name = oi_mem_ndup(path + start, len - start);
	*folder = oi_mem_ndup(path, start);
	if (!**name || !strcmp(*name, ".") || !strcmp(*name, "..")) {
		errno = EINVAL;
		return -1;
	}
	return 0;
}

static int open_folder(const struct oi_root *root, const char *path, enum caution caution, char **name)
{
	OI_FREE char *folder = NULL;

	if (split(path, &folder, name))
		return -1;
	return open_below(root, folder, O_PATH | O_DIRECTORY, 0, caution);
}

char *oi_root_target(const struct oi_root *root, const char *path)
{
	OI_FREE char *name = NULL;
	int dir = open_folder(root, path, NONE, &name);
	char *target;
	int error;

	if (dir < 0)
		return NULL;
	target = link_target(dir, name);
	error = errno;
	close(dir);
	errno = error;
	return target;
}

int oi_root_link(const struct oi_root *root, const char *path, char **out, struct oi_err *err)
{
	OI_FREE char *target = oi_root_target(root, path);
	const char *slash;

	if (!target)
		return read_failed(root, path, errno, err);
	slash = strrchr(target, '/');
	*out = oi_mem_dup(slash ? slash + 1 : target);
	return 0;
}

bool oi_root_exists(const struct oi_root *root, const char *path)
{
	int fd = oi_root_openat(root, path, O_PATH, 0);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

bool oi_root_is_program(const struct oi_root *root, const char *path)
{
	int fd = oi_root_openat(root, path, O_PATH, 0);
	struct stat st;
	bool is;

	if (fd < 0)
		return false;
	is = !fstat(fd, &st) && S_ISREG(st.st_mode) && (st.st_mode & 0111);
	close(fd);
	return is;
}

/* --- writing --- */

static int write_failed(const struct oi_root *root, const char *path, int error,
			struct oi_err *err)
{
	OI_FREE char *name = oi_root_name(root, path);

	return oi_err_set(err, error == ENOSPC || error == EDQUOT ? OI_R_DISK_SPACE :
								    OI_R_WRITE_FAILED,
			  "%s: %s", name,
			  error == ELOOP ? "a symbolic link, or behind one that others could have put there" :
					   strerror(error));
}

int oi_root_mkdirs(const struct oi_root *root, const char *path, mode_t mode, struct oi_err *err)
{
	size_t end = strspn(path, "/");
	int whole = open_below(root, path, O_PATH | O_DIRECTORY, 0, LINKS);

	/* nearly always it is there */
	if (whole >= 0) {
		close(whole);
		return 0;
	}
	while (path[end]) {
		OI_FREE char *here = NULL;
		OI_FREE char *name = NULL;
		int dir, fd;
		int error;

		end += strcspn(path + end, "/");
		here = oi_mem_ndup(path, end);
		end += strspn(path + end, "/");
		fd = open_below(root, here, O_PATH | O_DIRECTORY, 0, LINKS);
		if (fd >= 0) {
			close(fd);
			continue;
		}
		if (errno != ENOENT)
			return write_failed(root, here, errno, err);
		dir = open_folder(root, here, LINKS, &name);
		if (dir < 0)
			return write_failed(root, here, errno, err);
		/* Then chmod, since what was asked for is not what a umask leaves. Somebody
		 * may have made the folder meanwhile: that one is left as it is. */
		if (mkdirat(dir, name, mode)) {
			error = errno;
			close(dir);
			if (error == EEXIST && oi_root_exists(root, here))
				continue;
			return write_failed(root, here, error, err);
		}
		fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		error = fd < 0 || fchmod(fd, mode) ? errno : 0;
		if (fd >= 0)
			close(fd);
		close(dir);
		if (error)
			return write_failed(root, here, error, err);
	}
	return 0;
}

static bool has_already(int dir, const char *name, mode_t mode, const char *bytes, size_t len)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf buf = { 0 };
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	bool same = false;

	if (fd < 0)
		return false;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && (st.st_mode & 07777) == mode &&
	    (uint64_t)st.st_size == len && !read_to_end(fd, len, &buf))
		same = buf.len == len && (!len || !memcmp(buf.data, bytes, len));
	close(fd);
	return same;
}

static int write_all(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

#define NAME_HEX 16

char *oi_root_new_name(const char *prefix)
{
	uint64_t random;

	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return NULL;
	return oi_mem_printf("%s%0*" PRIx64, prefix, NAME_HEX, random);
}

/* Cut, so that the longest name a file may have still has one beside it. */
static char *beside_prefix(const char *name)
{
	return oi_mem_printf(".%.200s.", name);
}

/* Files beside this one whose writer was killed: nobody else writes by that name now. */
static void sweep(int dir, const char *name)
{
	OI_FREE char *prefix = beside_prefix(name);
	size_t len = strlen(prefix);
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!stream) {
		if (fd >= 0)
			close(fd);
		return; /* it is only about tidiness */
	}
	while ((entry = readdir(stream)))
		if (!strncmp(entry->d_name, prefix, len) &&
		    strlen(entry->d_name) == len + NAME_HEX &&
		    strspn(entry->d_name + len, "0123456789abcdef") == NAME_HEX)
			unlinkat(dir, entry->d_name, 0);
	closedir(stream);
}

/* In @dir, atomically; 0 or an errno. */
static int replace(int dir, const char *name, mode_t mode, const char *bytes, size_t len)
{
	OI_FREE char *prefix = beside_prefix(name);
	OI_FREE char *beside = oi_root_new_name(prefix);
	int fd, error;

	/* A name that nobody can have prepared, and EXCL if somebody has. */
	if (!beside)
		return errno;
	sweep(dir, name);
	fd = openat(dir, beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno;
	error = write_all(fd, bytes, len) || fchmod(fd, mode) || fsync(fd) ? errno : 0;
	/* Where close() is the first to say that the disk is full, it must be heard. */
	if (close(fd) && !error)
		error = errno;
	if (!error && renameat(dir, beside, dir, name))
		error = errno;
	if (error) {
		unlinkat(dir, beside, 0);
		return error;
	}
	/* Renamed, but not for sure on disk: the write is called failed then. */
	return fsync(dir) ? errno : 0;
}

int oi_root_write(const struct oi_root *root, const char *path, mode_t mode,
		  const char *bytes, size_t len, struct oi_err *err)
{
	OI_FREE char *folder = NULL;
	OI_FREE char *name = NULL;
	int dir, error;

	if (split(path, &folder, &name))
		return write_failed(root, path, errno, err);
	if (oi_root_mkdirs(root, folder, 0755, err))
		return -1;
	dir = open_below(root, folder, O_RDONLY | O_DIRECTORY, 0, LINKS);
	if (dir < 0)
		return write_failed(root, folder, errno, err);
	error = has_already(dir, name, mode, bytes, len) ? 0 :
							   replace(dir, name, mode, bytes, len);
	close(dir);
	return error ? write_failed(root, path, error, err) : 0;
}

/* 0 or an errno */
static int name_again(int from_dir, const char *from, int dir, const char *name)
{
	OI_FREE char *prefix = beside_prefix(name);
	OI_FREE char *beside = NULL;
	uint64_t random;
	int error = 0;

	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return errno;
	sweep(dir, name);
	beside = oi_mem_printf("%s%016llx", prefix, (unsigned long long)random);
	if (linkat(from_dir, from, dir, beside, 0))
		return errno;
	if (renameat(dir, beside, dir, name))
		error = errno;
	/* Renamed to another name of the same file it would still be there. Source: rename(2) */
	unlinkat(dir, beside, 0);
	return error;
}

bool oi_root_name_again(const struct oi_root *root, const char *path, const char *other)
{
	OI_FREE char *folder = NULL;
	OI_FREE char *from = NULL;
	OI_FREE char *name = NULL;
	struct oi_err ignored; /* the caller has another way */
	int from_dir = open_folder(root, path, LINKS, &from);
	bool done = false;
	int dir;

	if (from_dir < 0)
		return false;
	if (!split(other, &folder, &name) && !oi_root_mkdirs(root, folder, 0755, &ignored)) {
		dir = open_below(root, folder, O_PATH | O_DIRECTORY, 0, LINKS);
		done = dir >= 0 && !name_again(from_dir, from, dir, name);
		if (dir >= 0)
			close(dir);
	}
	close(from_dir);
	return done;
}

/* 0 or an errno; gone already is fine at every step, others may be cleaning too. */
static int remove_at(int dir, const char *name, unsigned int depth)
{
	struct dirent *entry;
	DIR *stream;
	int fd;
	int error = 0;

	if (!unlinkat(dir, name, 0) || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return errno;
	error = errno;
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOTDIR ? error : errno;
	if (depth == MAX_DEPTH) {
		close(fd);
		return ELOOP;
	}
	stream = fdopendir(fd);
	if (!stream) {
		error = errno;
		close(fd);
		return error;
	}
	error = 0;
	while (!error && (entry = readdir(stream)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			error = remove_at(dirfd(stream), entry->d_name, depth + 1);
	closedir(stream);
	if (error)
		return error;
	return unlinkat(dir, name, AT_REMOVEDIR) && errno != ENOENT ? errno : 0;
}

int oi_root_remove(const struct oi_root *root, const char *path, struct oi_err *err)
{
	OI_FREE char *name = NULL;
	int dir = open_folder(root, path, LINKS, &name);
	int error;

	if (dir < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (dir < 0)
		return write_failed(root, path, errno, err);
	error = remove_at(dir, name, 0);
	close(dir);
	return error ? write_failed(root, path, error, err) : 0;
}

int oi_root_free_bytes(const struct oi_root *root, const char *path, int64_t *bytes,
		       struct oi_err *err)
{
	OI_FREE char *here = oi_mem_dup(path);
	struct statvfs fs;
	int fd, error;

	while ((fd = oi_root_openat(root, here, O_RDONLY | O_DIRECTORY, 0)) < 0) {
		char *slash = strrchr(here, '/');

		if ((errno != ENOENT && errno != ENOTDIR) || !*here)
			return oi_err_set(err, OI_R_READ_FAILED, "%s: %m", path);
		*(slash ? slash : here) = '\0';
	}
	error = fstatvfs(fd, &fs) ? errno : 0;
	close(fd);
	if (error)
		return oi_err_set(err, OI_R_READ_FAILED, "%s: %s", path, strerror(error));
	*bytes = (int64_t)((uint64_t)fs.f_bavail * fs.f_frsize);
	return 0;
}
