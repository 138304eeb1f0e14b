/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The door to zlib. */
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/mem.h"
#include "fetch/gunzip.h"

/* gzip's header and trailer, and the largest window. Source: zlib.h, inflateInit2() */
#define GZIP_WINDOW_BITS (16 + 15)

static unsigned int most(size_t len)
{
	return len < UINT_MAX ? (unsigned int)len : UINT_MAX;
}

/* zlib compares CRC and length for those alone whose header it has seen: here is one. */
static void again(void *state)
{
	static unsigned char header[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3 };
	z_stream *z = state;
	unsigned char nothing;

	z->next_in = header;
	z->avail_in = sizeof(header);
	z->next_out = &nothing;
	z->avail_out = 0;
	/* Neither fails for a stream that is one. */
	(void)inflateReset(z);
	(void)inflate(z, Z_NO_FLUSH);
}

static void *create(void)
{
	z_stream *z = oi_mem_zalloc(1, sizeof(*z));

	if (inflateInit2(z, GZIP_WINDOW_BITS) != Z_OK)
		abort(); /* out of memory */
	again(z);
	return z;
}

static enum oi_inflate_end run(void *state, struct oi_inflate_place *place)
{
	z_stream *z = state;
	unsigned int in_len = z->avail_in = most(place->in_len);
	unsigned int out_len = z->avail_out = most(place->out_len);
	int got;

	/* zlib of old has no const there, and writes nothing. */
	z->next_in = (unsigned char *)(uintptr_t)place->in;
	z->next_out = place->out;
	got = inflate(z, Z_NO_FLUSH);
	place->in += in_len - z->avail_in;
	place->in_len -= in_len - z->avail_in;
	place->out += out_len - z->avail_out;
	place->out_len -= out_len - z->avail_out;
	if (got == Z_STREAM_END)
		return OI_INFLATE_MEMBER_ENDS;
	/* Z_BUF_ERROR: nothing to do with what there is. */
	return got == Z_OK || got == Z_BUF_ERROR ? OI_INFLATE_MORE : OI_INFLATE_BAD;
}

static void destroy(void *state)
{
	(void)inflateEnd(state); /* says that data was pending, which is thrown away */
	free(state);
}

const struct oi_inflater oi_inflate_zlib = { "zlib", create, again, run, destroy };
