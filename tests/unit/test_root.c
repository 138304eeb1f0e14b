/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The door to files, twice: with the kernel's openat2, and with openat2 forbidden
 * by a seccomp filter, as on kernels before 5.6 and in some containers.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "model/reasons.h"
#include "sys/root.h"

static char top[] = "/tmp/oi-test-root.XXXXXX";
static struct oi_root root;

static char *at(const char *path)
{
	return oi_mem_printf("%s/tree%s", top, path);
}

static void put(const char *path, const char *text)
{
	OI_FREE char *file = at(path);
	FILE *f = fopen(file, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void folder(const char *path)
{
	OI_FREE char *file = at(path);

	assert_int_equal(mkdir(file, 0755), 0);
}

static void link_to(const char *path, const char *target)
{
	OI_FREE char *file = at(path);

	assert_int_equal(symlink(target, file), 0);
}

static mode_t mode_of(const char *path)
{
	OI_FREE char *file = at(path);
	struct stat st;

	assert_int_equal(lstat(file, &st), 0);
	return st.st_mode & 07777;
}

static int set_up(void **state OI_UNUSED)
{
	struct oi_err err;
	OI_FREE char *outside = NULL;

	strcpy(top, "/tmp/oi-test-root.XXXXXX");
	if (!mkdtemp(top))
		return -1;
	folder("");
	folder("/etc");
	folder("/usr");
	folder("/usr/lib");
	put("/etc/one", "one\n");
	put("/secret", "inside\n");
	outside = oi_mem_printf("%s/secret", top);
	FILE *f = fopen(outside, "w");
	if (!f || fputs("outside\n", f) < 0 || fclose(f))
		return -1;
	OI_FREE char *tree = at("");
	return oi_root_open(tree, &root, &err);
}

static int tear_down(void **state OI_UNUSED)
{
	struct oi_root all;
	struct oi_err err;
	int failed;

	oi_root_close(&root);
	if (oi_root_open("/", &all, &err))
		return -1;
	failed = oi_root_remove(&all, top, &err);
	oi_root_close(&all);
	return failed || !access(top, F_OK);
}

static char *read_text(const char *path)
{
	struct oi_buf buf = { 0 };
	struct oi_err err;
	int got = oi_root_read(&root, path, 1000, &buf, &err);

	if (got) {
		oi_buf_clear(&buf);
		return oi_mem_dup(got > 0 ? "(none)" : "(error)");
	}
	return oi_buf_take(&buf);
}

#define assert_text(path, expected)                     \
	do {                                            \
		OI_FREE char *text_ = read_text(path);  \
		assert_string_equal(text_, expected);   \
	} while (0)

/* --- opening --- */

static void opens_only_folders(void **state OI_UNUSED)
{
	OI_FREE char *file = at("/etc/one");
	OI_FREE char *none = at("/none");
	struct oi_root r;
	struct oi_err err;

	assert_int_equal(oi_root_open(file, &r, &err), -1);
	assert_int_equal(err.code, OI_R_USAGE);
	oi_root_close(&r);
	assert_int_equal(oi_root_open(none, &r, &err), -1);
	assert_non_null(strstr(err.text, "/none: No such file"));
	oi_root_close(&r);
	assert_int_equal(oi_root_open("/usr/..", &r, &err), 0);
	assert_true(oi_root_is_real(&r));
	oi_root_close(&r);
	oi_root_close(&r);
	assert_false(oi_root_is_real(&root));
}

static void closing_a_zeroed_one_leaves_stdin(void **state OI_UNUSED)
{
	struct oi_root r = { 0 };

	oi_root_close(&r);
	assert_true(fcntl(0, F_GETFD) >= 0);
}

/* --- links --- */

static void links_stay_below(void **state OI_UNUSED)
{
	link_to("/etc/absolute", "/secret");
	link_to("/etc/climbs", "../../../../../../secret");
	link_to("/etc/folder", "/usr");
	link_to("/usr/lib/back", "../../etc/../secret");
	link_to("/dots", "..");
	assert_text("/etc/absolute", "inside\n");
	assert_text("/etc/climbs", "inside\n");
	assert_text("/etc/folder/lib/back", "inside\n");
	assert_text("/dots/dots/dots/secret", "inside\n");
	assert_text("/../secret", "inside\n");
	assert_text("/usr/../../secret", "inside\n");
	assert_text("secret", "inside\n");
	assert_text("//etc//.//one", "one\n");
}

static void links_in_circles_end(void **state OI_UNUSED)
{
	struct oi_buf buf = { 0 };
	struct oi_err err;

	link_to("/a", "b");
	link_to("/b", "/a");
	assert_int_equal(oi_root_read(&root, "/a", 10, &buf, &err), -1);
	assert_int_equal(err.code, OI_R_READ_FAILED);
	assert_false(oi_root_exists(&root, "/a"));
	link_to("/self", "self/self");
	assert_false(oi_root_exists(&root, "/self"));
	link_to("/nowhere", "/none");
	assert_text("/nowhere", "(none)");
	oi_buf_clear(&buf);
}

static void a_link_is_not_followed_when_asked(void **state OI_UNUSED)
{
	int fd;

	link_to("/etc/link", "one");
	fd = oi_root_openat(&root, "/etc/link", O_RDONLY | O_NOFOLLOW, 0);
	assert_int_equal(fd, -1);
	assert_int_equal(errno, ELOOP);
	fd = oi_root_openat(&root, "/etc/one", O_RDONLY | O_NOFOLLOW, 0);
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
}

static void a_slash_behind_a_file_is_wrong(void **state OI_UNUSED)
{
	assert_false(oi_root_exists(&root, "/etc/one/"));
	assert_true(oi_root_exists(&root, "/etc/"));
	assert_true(oi_root_exists(&root, "/"));
	assert_true(oi_root_exists(&root, ""));
}

static void last_part_of_a_link(void **state OI_UNUSED)
{
	OI_FREE char *driver = NULL;
	struct oi_err err;
	char *none = NULL;

	link_to("/etc/driver", "../../../bus/pci/drivers/mlx5_core");
	assert_int_equal(oi_root_link(&root, "/etc/driver", &driver, &err), 0);
	assert_string_equal(driver, "mlx5_core");
	assert_int_equal(oi_root_link(&root, "/etc/none", &none, &err), 1);
	assert_int_equal(oi_root_link(&root, "/none/none", &none, &err), 1);
	assert_int_equal(oi_root_link(&root, "/etc/one", &none, &err), -1);
	assert_null(none);
}

/* --- reading --- */

static void reading_has_a_limit(void **state OI_UNUSED)
{
	struct oi_buf buf = { 0 };
	struct oi_err err;

	oi_buf_adds(&buf, "before");
	assert_int_equal(oi_root_read(&root, "/etc/one", 4, &buf, &err), 0);
	assert_string_equal(oi_buf_str(&buf), "beforeone\n");
	assert_int_equal(oi_root_read(&root, "/etc/one", 3, &buf, &err), -1);
	assert_int_equal(err.code, OI_R_READ_FAILED);
	assert_non_null(strstr(err.text, "/etc/one: larger than 3 bytes"));
	assert_string_equal(oi_buf_str(&buf), "beforeone\n");
	oi_buf_clear(&buf);
}

static void reading_a_sparse_giant_ends(void **state OI_UNUSED)
{
	OI_FREE char *file = at("/giant");
	struct oi_buf buf = { 0 };
	struct oi_err err;

	put("/giant", "");
	assert_int_equal(truncate(file, (off_t)1 << 40), 0);
	assert_int_equal(oi_root_read(&root, "/giant", 100000, &buf, &err), -1);
	assert_non_null(strstr(err.text, "larger than"));
	assert_int_equal(buf.len, 0);
	oi_buf_clear(&buf);
}

static void only_regular_files_are_read(void **state OI_UNUSED)
{
	OI_FREE char *fifo = at("/fifo");
	struct oi_buf buf = { 0 };
	struct oi_err err;

	assert_int_equal(mkfifo(fifo, 0644), 0);
	assert_int_equal(oi_root_read(&root, "/fifo", 10, &buf, &err), -1);
	assert_non_null(strstr(err.text, "not a regular file"));
	assert_int_equal(oi_root_read(&root, "/etc", 10, &buf, &err), -1);
	assert_non_null(strstr(err.text, "/etc: Is a directory"));
	assert_int_equal(oi_root_read(&root, "/etc/one/deeper", 10, &buf, &err), 1);
	oi_buf_clear(&buf);
}

static void reading_bytes_with_nul(void **state OI_UNUSED)
{
	struct oi_buf buf = { 0 };
	struct oi_err err;
	int fd = oi_root_openat(&root, "/nul", O_WRONLY | O_CREAT | O_EXCL, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "a\0b", 3), 3);
	close(fd);
	assert_int_equal(oi_root_read(&root, "/nul", 3, &buf, &err), 0);
	assert_int_equal(buf.len, 3);
	assert_memory_equal(buf.data, "a\0b", 4);
	oi_buf_clear(&buf);
}

static void a_line_is_trimmed(void **state OI_UNUSED)
{
	OI_FREE char *line = NULL;
	OI_FREE char *empty = NULL;
	struct oi_err err;
	char *none = NULL;

	put("/line", " \tsome words\t \nsecond\n");
	put("/empty", "");
	assert_int_equal(oi_root_read_line(&root, "/line", &line, &err), 0);
	assert_string_equal(line, "some words");
	assert_int_equal(oi_root_read_line(&root, "/empty", &empty, &err), 0);
	assert_string_equal(empty, "");
	assert_int_equal(oi_root_read_line(&root, "/none", &none, &err), 1);
	assert_null(none);
}

static void lists_are_sorted(void **state OI_UNUSED)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	OI_FREE char *all = NULL;
	struct oi_err err;

	put("/etc/zz", "");
	put("/etc/.hidden", "");
	put("/etc/10", "");
	put("/etc/9", "");
	assert_int_equal(oi_root_list(&root, "/etc", &names, &err), 0);
	all = oi_strv_join(&names, " ");
	assert_string_equal(all, ".hidden 10 9 one zz");
	assert_int_equal(oi_root_list(&root, "/none", &names, &err), 1);
	assert_int_equal(oi_root_list(&root, "/etc/one", &names, &err), 1);
}

static void programs_are_told_from_files(void **state OI_UNUSED)
{
	OI_FREE char *file = at("/usr/gcc-12");

	put("/usr/gcc-12", "");
	link_to("/usr/gcc", "/usr/gcc-12");
	assert_false(oi_root_is_program(&root, "/usr/gcc"));
	assert_int_equal(chmod(file, 0755), 0);
	assert_true(oi_root_is_program(&root, "/usr/gcc"));
	assert_false(oi_root_is_program(&root, "/usr/lib"));
	assert_false(oi_root_is_program(&root, "/usr/none"));
}

static void named_files_may_be_pipes(void **state OI_UNUSED)
{
	OI_FREE char *file = at("/etc/one");
	struct oi_buf buf = { 0 };
	struct oi_err err;
	char name[32];
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "piped", 5), 5);
	close(ends[1]);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", ends[0]);
	assert_int_equal(oi_root_read_named(name, 100, &buf, &err), 0);
	close(ends[0]);
	assert_string_equal(oi_buf_str(&buf), "piped");
	assert_int_equal(oi_root_read_named(file, 100, &buf, &err), 0);
	assert_string_equal(oi_buf_str(&buf), "pipedone\n");
	assert_int_equal(oi_root_read_named(file, 2, &buf, &err), -1);
	assert_int_equal(oi_root_read_named("/none/at/all", 2, &buf, &err), -1);
	assert_int_equal(err.code, OI_R_READ_FAILED);
	assert_string_equal(err.text, "/none/at/all: No such file or directory");
	assert_string_equal(oi_buf_str(&buf), "pipedone\n");
	oi_buf_clear(&buf);
}

/* --- writing --- */

static void writing_makes_folders_and_replaces(void **state OI_UNUSED)
{
	mode_t before = umask(077);
	struct oi_err err;

	assert_int_equal(oi_root_write(&root, "/var/log/azure/x", 0644, "first", 5, &err), 0);
	assert_text("/var/log/azure/x", "first");
	assert_int_equal(mode_of("/var/log/azure/x"), 0644);
	assert_int_equal(mode_of("/var/log/azure"), 0755);
	assert_int_equal(oi_root_write(&root, "/var/log/azure/x", 0600, "second", 6, &err), 0);
	assert_text("/var/log/azure/x", "second");
	assert_int_equal(mode_of("/var/log/azure/x"), 0600);
	assert_int_equal(oi_root_write(&root, "/top", 0644, "", 0, &err), 0);
	assert_text("/top", "");
	umask(before);
}

static void writing_the_same_changes_nothing(void **state OI_UNUSED)
{
	OI_FREE char *file = at("/etc/same");
	struct stat before, after;
	struct oi_err err;

	assert_int_equal(oi_root_write(&root, "/etc/same", 0644, "same", 4, &err), 0);
	assert_int_equal(stat(file, &before), 0);
	assert_int_equal(oi_root_write(&root, "/etc/same", 0644, "same", 4, &err), 0);
	assert_int_equal(stat(file, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(oi_root_write(&root, "/etc/same", 0644, "Same", 4, &err), 0);
	assert_int_equal(stat(file, &after), 0);
	assert_int_not_equal(before.st_ino, after.st_ino);
}

/* What a writer that was killed has left, and what only looks a little like it. */
static void writing_sweeps_what_lies_beside(void **state OI_UNUSED)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	OI_FREE char *text = NULL;
	struct oi_err err;

	assert_int_equal(oi_root_write(&root, "/etc/swept/.a.0123456789abcdef", 0600, "", 0, &err), 0);
	assert_int_equal(oi_root_write(&root, "/etc/swept/.a.0123456789abcde", 0600, "", 0, &err), 0);
	assert_int_equal(oi_root_write(&root, "/etc/swept/.a.0123456789abcdeg", 0600, "", 0, &err), 0);
	assert_int_equal(oi_root_write(&root, "/etc/swept/.b.0123456789abcdef", 0600, "", 0, &err), 0);
	assert_int_equal(oi_root_write(&root, "/etc/swept/a", 0644, "a", 1, &err), 0);
	assert_int_equal(oi_root_list(&root, "/etc/swept", &names, &err), 0);
	text = oi_strv_join(&names, " ");
	assert_string_equal(text, ".a.0123456789abcde .a.0123456789abcdeg .b.0123456789abcdef a");
}

static void a_second_name_replaces_and_parts_again(void **state OI_UNUSED)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	OI_FREE char *text = NULL;
	struct oi_err err;

	assert_int_equal(oi_root_write(&root, "/etc/two/copy", 0644, "old", 3, &err), 0);
	assert_true(oi_root_name_again(&root, "/etc/one", "/etc/two/copy"));
	assert_text("/etc/two/copy", "one\n");
	/* of the same file already: rename(2) does nothing then, and leaves both */
	assert_true(oi_root_name_again(&root, "/etc/one", "/etc/two/copy"));
	assert_int_equal(oi_root_list(&root, "/etc/two", &names, &err), 0);
	text = oi_strv_join(&names, " ");
	assert_string_equal(text, "copy");
	assert_int_equal(oi_root_write(&root, "/etc/one", 0644, "new", 3, &err), 0);
	assert_text("/etc/two/copy", "one\n");
	assert_false(oi_root_name_again(&root, "/etc/none", "/etc/two/copy"));
	assert_false(oi_root_name_again(&root, "/etc/one", "/etc/one/below"));
	assert_true(oi_root_name_again(&root, "/etc/one", "/etc/new/folder/copy"));
	assert_false(oi_root_name_again(&root, "/etc/one", "/etc/two"));
	assert_text("/etc/two/copy", "one\n");
}

static void writing_replaces_a_link_and_not_its_target(void **state OI_UNUSED)
{
	struct oi_err err;

	link_to("/etc/link", "one");
	link_to("/out", "../..");
	assert_int_equal(oi_root_write(&root, "/etc/link", 0644, "new", 3, &err), 0);
	assert_text("/etc/one", "one\n");
	assert_text("/etc/link", "new");
	assert_int_equal(oi_root_write(&root, "/out/secret", 0644, "new", 3, &err), 0);
	assert_text("/secret", "new");
	OI_FREE char *outside = oi_mem_printf("%s/secret", top);
	OI_CLEANUP(oi_buf_clear) struct oi_buf buf = { 0 };
	assert_int_equal(oi_root_read_named(outside, 100, &buf, &err), 0);
	assert_string_equal(oi_buf_str(&buf), "outside\n");
}

static void failed_writes_leave_nothing_behind(void **state OI_UNUSED)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	OI_FREE char *all = NULL;
	struct oi_err err;

	/* A folder is where the file should go: the rename fails. */
	assert_int_equal(oi_root_write(&root, "/usr/lib", 0644, "x", 1, &err), -1);
	assert_int_equal(err.code, OI_R_WRITE_FAILED);
	assert_non_null(strstr(err.text, "/tree/usr/lib: "));
	assert_int_equal(oi_root_list(&root, "/usr", &names, &err), 0);
	all = oi_strv_join(&names, " ");
	assert_string_equal(all, "lib");
	assert_int_equal(oi_root_write(&root, "/etc/one/below", 0644, "x", 1, &err), -1);
	assert_int_equal(err.code, OI_R_WRITE_FAILED);
	assert_int_equal(oi_root_write(&root, "/", 0644, "x", 1, &err), -1);
	assert_int_equal(oi_root_write(&root, "/etc/..", 0644, "x", 1, &err), -1);
	link_to("/dangling", "/nowhere/at/all");
	assert_int_equal(oi_root_mkdirs(&root, "/dangling/x", 0755, &err), -1);
	assert_int_equal(err.code, OI_R_WRITE_FAILED);
}

static void a_full_disk_is_heard_of(void **state OI_UNUSED)
{
	const struct rlimit tiny = { 4, RLIM_INFINITY };
	const struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	struct oi_err err;
	int got;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tiny), 0);
	got = oi_root_write(&root, "/etc/one", 0644, "longer than before", 18, &err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	assert_int_equal(got, -1);
	assert_int_equal(err.code, OI_R_WRITE_FAILED);
	assert_text("/etc/one", "one\n");
	assert_int_equal(oi_root_list(&root, "/etc", &names, &err), 0);
	assert_int_equal(names.n, 1);
}

static void long_names_have_one_beside_them(void **state OI_UNUSED)
{
	char path[300] = "/etc/";
	struct oi_err err;

	memset(path + 5, 'n', 255);
	assert_int_equal(oi_root_write(&root, path, 0644, "x", 1, &err), 0);
	assert_text(path, "x");
}

static void folders_are_made_with_their_mode(void **state OI_UNUSED)
{
	mode_t before = umask(0);
	struct oi_err err;

	assert_int_equal(oi_root_mkdirs(&root, "/var/lib/x", 0700, &err), 0);
	umask(before);
	assert_int_equal(mode_of("/var/lib/x"), 0700);
	assert_int_equal(oi_root_mkdirs(&root, "/var/lib/x/", 0755, &err), 0);
	assert_int_equal(mode_of("/var/lib/x"), 0700);
	assert_int_equal(oi_root_mkdirs(&root, "/", 0755, &err), 0);
	assert_int_equal(oi_root_mkdirs(&root, "", 0755, &err), 0);
	assert_int_equal(oi_root_mkdirs(&root, "/etc/one", 0755, &err), -1);
}

static void removing_follows_no_link(void **state OI_UNUSED)
{
	struct oi_err err;

	assert_int_equal(oi_root_write(&root, "/s/a/b/c", 0644, "x", 1, &err), 0);
	link_to("/s/a/out", "/etc");
	link_to("/s/file", "/secret");
	assert_int_equal(oi_root_remove(&root, "/s", &err), 0);
	assert_false(oi_root_exists(&root, "/s"));
	assert_text("/etc/one", "one\n");
	assert_text("/secret", "inside\n");
	assert_int_equal(oi_root_remove(&root, "/s", &err), 0);
	assert_int_equal(oi_root_remove(&root, "/s/deeper/still", &err), 0);
	assert_int_equal(oi_root_remove(&root, "/", &err), -1);
	assert_int_equal(oi_root_remove(&root, "/usr/..", &err), -1);
	assert_int_equal(err.code, OI_R_WRITE_FAILED);
	assert_true(oi_root_exists(&root, "/etc/one"));
}

static void free_space_of_what_is_not_there_yet(void **state OI_UNUSED)
{
	struct oi_err err;
	int64_t here = -1, deeper = -2;

	assert_int_equal(oi_root_free_bytes(&root, "/", &here, &err), 0);
	assert_int_equal(oi_root_free_bytes(&root, "/none/at/all", &deeper, &err), 0);
	assert_true(here > 0);
	assert_true(deeper > 0);
	assert_int_equal(oi_root_free_bytes(&root, "/etc/one/x", &deeper, &err), 0);
}

/* openat2 is answered with @error from here on, in this process and for good. */
static int forbid_openat2(int error)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned int)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { OI_ARRAY_SIZE(code), code };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(opens_only_folders),
		T(closing_a_zeroed_one_leaves_stdin),
		T(links_stay_below),
		T(links_in_circles_end),
		T(a_link_is_not_followed_when_asked),
		T(a_slash_behind_a_file_is_wrong),
		T(last_part_of_a_link),
		T(reading_has_a_limit),
		T(reading_a_sparse_giant_ends),
		T(only_regular_files_are_read),
		T(reading_bytes_with_nul),
		T(a_line_is_trimmed),
		T(lists_are_sorted),
		T(programs_are_told_from_files),
		T(named_files_may_be_pipes),
		T(writing_makes_folders_and_replaces),
		T(writing_the_same_changes_nothing),
		T(writing_sweeps_what_lies_beside),
		T(a_second_name_replaces_and_parts_again),
		T(writing_replaces_a_link_and_not_its_target),
		T(failed_writes_leave_nothing_behind),
		T(a_full_disk_is_heard_of),
		T(long_names_have_one_beside_them),
		T(folders_are_made_with_their_mode),
		T(removing_follows_no_link),
		T(free_space_of_what_is_not_there_yet),
	};
	int failed = cmocka_run_group_tests_name("openat2", tests, NULL, NULL);

	/* EPERM first: it is not remembered, ENOSYS is. */
	if (forbid_openat2(EPERM))
		return 1;
	failed += cmocka_run_group_tests_name("openat2 forbidden", tests, NULL, NULL);
	if (forbid_openat2(ENOSYS))
		return 1;
	failed += cmocka_run_group_tests_name("openat2 unknown", tests, NULL, NULL);
	return failed;
}
