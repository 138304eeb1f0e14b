/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What gzip has packed, member after member, as the bytes come. */
#ifndef OI_FETCH_GUNZIP_H
#define OI_FETCH_GUNZIP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

/* How one member went on. */
enum oi_inflate_end { OI_INFLATE_MORE, OI_INFLATE_MEMBER_ENDS, OI_INFLATE_BAD };

/* Where the bytes come from and go to; moved on by what was used. */
struct oi_inflate_place {
	const unsigned char *in;
	size_t in_len;
	unsigned char *out;
	size_t out_len;
};

/*
 * A library that unpacks what stands behind a member's header: deflated bytes, and
 * their CRC and length, which it compares. It returns when input or room are used
 * up, or at the end of the member, with the input behind it untouched.
 */
struct oi_inflater {
	const char *name;
	void *(*create)(void); /* never NULL; at the beginning of a member */
	void (*again)(void *state); /* to the beginning of another member */
	enum oi_inflate_end (*run)(void *state, struct oi_inflate_place *place);
	void (*destroy)(void *state);
};

extern const struct oi_inflater oi_inflate_zlib; /* inflate_zlib.c */
#ifdef OI_WITH_ISAL
extern const struct oi_inflater oi_inflate_isal; /* inflate_isal.c; when it is here */
bool oi_inflate_isal_is_here(void);
#endif

/* Where in a member. */
enum oi_gunzip_part {
	OI_GUNZIP_FIXED, /* ten bytes; none of them yet: between members, if there was one */
	OI_GUNZIP_EXTRA_LEN,
	OI_GUNZIP_EXTRA,
	OI_GUNZIP_NAME,
	OI_GUNZIP_COMMENT,
	OI_GUNZIP_HEADER_CRC,
	OI_GUNZIP_DATA,
	OI_GUNZIP_PADDING, /* zeros behind the last member, as tapes have them */
};

struct oi_gunzip {
	const struct oi_inflater *with;
	void *state;
	enum oi_gunzip_part part;
	unsigned int flags; /* of the header: which parts it has */
	size_t seen; /* bytes of this part */
	size_t extra; /* bytes of the extra field */
	bool any; /* a member is complete */
};

/** oi_gunzip_is() - do these bytes begin like gzip's; two are enough to know */
bool oi_gunzip_is(const void *bytes, size_t len);

/** oi_gunzip_best() - the fastest library that this build knows and this machine has */
const struct oi_inflater *oi_gunzip_best(void);

/** oi_gunzip_begin() - cleared by oi_gunzip_clear() */
void oi_gunzip_begin(struct oi_gunzip *gunzip, const struct oi_inflater *with);
void oi_gunzip_clear(struct oi_gunzip *gunzip);

/**
 * oi_gunzip_run() - unpack as much as there is input and room for
 * @place: moved on
 *
 * Members follow each other without a gap. A header's own CRC is not compared: the
 * archive's digest covers it. Behind the last there may be zeros;
 * anything else is refused, as it is by tar(1): gzip(1) ends with a warning then.
 * Return: 0, or -1 with OI_R_ARCHIVE_MALFORMED.
 * Source: RFC 1952, 2.2 and 2.3
 */
OI_MUST_CHECK
int oi_gunzip_run(struct oi_gunzip *gunzip, struct oi_inflate_place *place, struct oi_err *err);

/** oi_gunzip_end() - may it end here; OI_R_ARCHIVE_MALFORMED when not */
OI_MUST_CHECK
int oi_gunzip_end(const struct oi_gunzip *gunzip, struct oi_err *err);

#endif
