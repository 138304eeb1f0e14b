/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The door to ISA-L, which unpacks more than twice as fast as zlib. It is looked for
 * when it is wanted: a machine without it does the same with zlib, only later.
 */
#include <dlfcn.h>
#include <isa-l/igzip_lib.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fetch/gunzip.h"

/* The version whose structures are in the header above; another would be another name. */
#define LIBRARY "libisal.so.2"

static struct {
	bool looked_for;
	void (*init)(struct inflate_state *state);
	void (*reset)(struct inflate_state *state);
	int (*inflate)(struct inflate_state *state);
} isal;

/* Functions and data have the same kind of address here, which C does not promise. */
static bool find_symbol(void *library, const char *name, void *function)
{
	void *at = dlsym(library, name);

	memcpy(function, &at, sizeof(at));
	return at != NULL;
}

bool oi_inflate_isal_is_here(void)
{
	void *library = isal.looked_for ? NULL : dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);

	isal.looked_for = true;
	if (library && find_symbol(library, "isal_inflate_init", &isal.init) &&
	    find_symbol(library, "isal_inflate_reset", &isal.reset) &&
	    find_symbol(library, "isal_inflate", &isal.inflate))
		return true; /* it stays as long as the program */
	return isal.inflate != NULL;
}

static void again(void *state)
{
	struct inflate_state *s = state;

	isal.reset(s);
	/* No header, but CRC and length, compared. Source: igzip_lib.h, isal_inflate() */
	s->crc_flag = ISAL_GZIP_NO_HDR_VER;
}

static void *create(void)
{
	struct inflate_state *s = oi_mem_zalloc(1, sizeof(*s));

	isal.init(s);
	again(s);
	return s;
}

static unsigned int most(size_t len)
{
	return len < UINT_MAX ? (unsigned int)len : UINT_MAX;
}

static enum oi_inflate_end run(void *state, struct oi_inflate_place *place)
{
	struct inflate_state *s = state;
	unsigned int in_len = s->avail_in = most(place->in_len);
	unsigned int out_len = s->avail_out = most(place->out_len);
	int got;

	s->next_in = (unsigned char *)(uintptr_t)place->in; /* no const there; it writes nothing */
	s->next_out = place->out;
	got = isal.inflate(s);
	place->in += in_len - s->avail_in;
	place->in_len -= in_len - s->avail_in;
	place->out += out_len - s->avail_out;
	place->out_len -= out_len - s->avail_out;
	if (got < 0 || got == ISAL_NEED_DICT)
		return OI_INFLATE_BAD;
	return s->block_state == ISAL_BLOCK_FINISH ? OI_INFLATE_MEMBER_ENDS : OI_INFLATE_MORE;
}

static void destroy(void *state)
{
	free(state);
}

const struct oi_inflater oi_inflate_isal = { "ISA-L", create, again, run, destroy };
