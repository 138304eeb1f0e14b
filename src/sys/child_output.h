/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One output of a child, read as it comes: into lines, into the end of it, into a text. */
#ifndef OI_SYS_CHILD_OUTPUT_H
#define OI_SYS_CHILD_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "sys/run.h"

struct oi_child_output {
	int fd; /* does not block; -1: at its end */
	void (*each)(void *data, const char *line); /* NULL: no lines are wanted */
	void *data;
	struct oi_buf *tail; /* gets the last keep_bytes; NULL: not wanted */
	size_t keep_bytes;
	struct oi_buf *text; /* gets the bytes as they are, up to limit_bytes; NULL: not wanted */
	size_t limit_bytes;
	char line[OI_RUN_LINE_BYTES + 1];
	size_t len;
	bool given; /* the line was handed on already, at a '\r' or for its length */
};

/**
 * oi_child_output_read() - take what is there, once
 * One read and not all there is: a child that never stops writing must not keep
 * its caller from the clock.
 */
void oi_child_output_read(struct oi_child_output *output);

/** oi_child_output_end() - hand on an unfinished line and close; fine on one that has ended */
void oi_child_output_end(struct oi_child_output *output);

#endif
