/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/page.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "report/record.h"
#include "sys/root.h"

#define TOOK_WIDTH 12

struct oi_textpage oi_page_for(int fd)
{
	return (struct oi_textpage){ .columns = oi_terminal_columns(fd),
				  .colour = oi_terminal_colours(fd) };
}

void oi_page_print(struct oi_textpage *paper)
{
	fputs(oi_buf_str(&paper->text), stdout);
	oi_buf_clear(&paper->text);
}

int oi_page_save(const char *path, const char *text, struct oi_err *err)
{
	OI_CLEANUP(oi_root_close) struct oi_root slash = { .fd = -1 };
	OI_FREE char *folder = *path == '/' ? NULL : getcwd(NULL, 0);
	OI_FREE char *whole = oi_mem_printf("%s%s%s", folder ? folder : "", folder ? "/" : "", path);
	bool written;
	FILE *file = NULL;
	int fd = -1;

	/* These lead to no name at all. What else is below /dev may be anybody's, as in /dev/shm. */
	if (!strcmp(whole, "/dev/stdout") || !strcmp(whole, "/dev/stderr") || !strncmp(whole, "/dev/fd/", 8) ||
	    !strncmp(whole, "/proc/self/fd/", 14))
		fd = open(whole, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	else if (!oi_root_open("/", &slash, err))
		fd = oi_root_openat(&slash, whole, O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY | O_CLOEXEC, 0666);
	if (fd >= 0)
		file = fdopen(fd, "w");
	if (!file) {
		oi_err_set(err, OI_R_WRITE_FAILED, "%s: %s", path,
			   errno == ELOOP ? "a symbolic link that others than root have put there" : strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	written = fputs(text, file) >= 0;
	if (fclose(file) || !written)
		return oi_err_set(err, OI_R_WRITE_FAILED, "%s: %s", path, strerror(errno));
	return 0;
}

void oi_watch_begin(struct oi_machine *machine)
{
	machine->log.brief = machine->terminal.usable && !machine->options->verbose;
}

static void show(struct oi_machine *machine, struct oi_textpage *paper)
{
	oi_terminal_hide(&machine->terminal);
	fputs(oi_buf_str(&paper->text), stderr);
	oi_buf_clear(&paper->text);
}

void oi_watch_tell(struct oi_machine *machine, const char *text)
{
	struct oi_textpage paper = oi_page_for(STDERR_FILENO);

	if (!machine->log.brief)
		return;
	oi_textpage_row(&paper, 0, 0, OI_TONE_PLAIN, "", text);
	show(machine, &paper);
}

void oi_watch_phase(struct oi_machine *machine, const char *name, const char *detail,
		    int64_t took_ms)
{
	struct oi_textpage paper = oi_page_for(STDERR_FILENO);
	OI_FREE char *took = NULL;
	OI_FREE char *text = NULL;

	if (!machine->log.brief)
		return;
	took = oi_mem_printf("%5" PRId64 ".%03d s", took_ms / 1000, (int)(took_ms % 1000));
	text = oi_mem_printf("%s%s%s", name, detail ? ": " : "", detail ? detail : "");
	oi_textpage_row(&paper, 0, TOOK_WIDTH + 1, OI_TONE_DIM, took, text);
	show(machine, &paper);
}

void oi_watch_end(struct oi_machine *machine, const struct oi_run_record *record)
{
	struct oi_textpage paper = oi_page_for(STDERR_FILENO);
	OI_DOC_AUTO *result = NULL;

	if (!machine->log.brief)
		return;
	result = oi_report_result_doc(record);
	oi_buf_adds(&paper.text, "\n");
	oi_report_outcome_page(result, &paper);
	show(machine, &paper);
	machine->log.brief = false;
}
