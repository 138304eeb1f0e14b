/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fetch/gunzip.h"

#include <string.h>

#include "model/reasons.h"

static const unsigned char magic[] = { 0x1f, 0x8b, 8 }; /* 8: deflate, the one method */

/* Bits of the header's flags: what follows its fixed part. Source: RFC 1952, 2.3.1 */
#define HAS_HEADER_CRC 0x02
#define HAS_EXTRA 0x04
#define HAS_NAME 0x08
#define HAS_COMMENT 0x10
#define RESERVED 0xe0

#define FIXED_BYTES 10
#define FLAGS_AT 3

bool oi_gunzip_is(const void *bytes, size_t len)
{
	return len >= 2 && !memcmp(bytes, magic, 2);
}

const struct oi_inflater *oi_gunzip_best(void)
{
#ifdef OI_WITH_ISAL
	if (oi_inflate_isal_is_here())
		return &oi_inflate_isal;
#endif
	return &oi_inflate_zlib;
}

void oi_gunzip_begin(struct oi_gunzip *gunzip, const struct oi_inflater *with)
{
	memset(gunzip, 0, sizeof(*gunzip));
	gunzip->with = with;
	gunzip->state = gunzip->with->create();
}

void oi_gunzip_clear(struct oi_gunzip *gunzip)
{
	if (gunzip->state)
		gunzip->with->destroy(gunzip->state);
	memset(gunzip, 0, sizeof(*gunzip));
}

static int malformed(struct oi_err *err, const char *what)
{
	return oi_err_set(err, OI_R_ARCHIVE_MALFORMED, "%s", what);
}

/* The next part that this header has. */
static void go_on(struct oi_gunzip *gunzip)
{
	static const unsigned int bits[] = {
		[OI_GUNZIP_EXTRA_LEN] = HAS_EXTRA, [OI_GUNZIP_EXTRA] = HAS_EXTRA,
		[OI_GUNZIP_NAME] = HAS_NAME,	   [OI_GUNZIP_COMMENT] = HAS_COMMENT,
		[OI_GUNZIP_HEADER_CRC] = HAS_HEADER_CRC,
	};

	gunzip->seen = 0;
	do
		gunzip->part++;
	while (gunzip->part < OI_GUNZIP_DATA &&
	       (!(gunzip->flags & bits[gunzip->part]) ||
		(gunzip->part == OI_GUNZIP_EXTRA && !gunzip->extra)));
}

static int fixed_byte(struct oi_gunzip *gunzip, unsigned char c, struct oi_err *err)
{
	size_t at = gunzip->seen++;

	if (!at && gunzip->any && c == 0)
		gunzip->part = OI_GUNZIP_PADDING;
	else if (at < sizeof(magic) && c != magic[at])
		return malformed(err, gunzip->any ?
					      "something that is not gzip's follows the gzip data" :
					      "gzip data of an unknown kind");
	else if (at == FLAGS_AT && (c & RESERVED))
		return malformed(err, "a gzip header of an unknown kind");
	else if (at == FLAGS_AT)
		gunzip->flags = c;
	if (at + 1 == FIXED_BYTES) {
		gunzip->with->again(gunzip->state);
		go_on(gunzip);
	}
	return 0;
}

static int header_byte(struct oi_gunzip *gunzip, unsigned char c, struct oi_err *err)
{
	switch (gunzip->part) {
	case OI_GUNZIP_FIXED:
		return fixed_byte(gunzip, c, err);
	case OI_GUNZIP_EXTRA_LEN:
		gunzip->extra = gunzip->seen ? gunzip->extra | (size_t)c << 8 : c;
		if (++gunzip->seen == 2)
			go_on(gunzip);
		return 0;
	case OI_GUNZIP_EXTRA:
		if (++gunzip->seen == gunzip->extra)
			go_on(gunzip);
		return 0;
	case OI_GUNZIP_NAME:
	case OI_GUNZIP_COMMENT:
		if (!c)
			go_on(gunzip);
		return 0;
	case OI_GUNZIP_HEADER_CRC:
		if (++gunzip->seen == 2)
			go_on(gunzip);
		return 0;
	case OI_GUNZIP_PADDING:
		return c ? malformed(err, "zeros and then more follow the gzip data") : 0;
	case OI_GUNZIP_DATA:
		break;
	}
	return 0;
}

int oi_gunzip_run(struct oi_gunzip *gunzip, struct oi_inflate_place *place, struct oi_err *err)
{
	for (;;) {
		for (; gunzip->part != OI_GUNZIP_DATA; place->in++, place->in_len--) {
			if (!place->in_len)
				return 0;
			if (header_byte(gunzip, *place->in, err))
				return -1;
		}
		switch (gunzip->with->run(gunzip->state, place)) {
		case OI_INFLATE_MORE:
			return 0;
		case OI_INFLATE_MEMBER_ENDS:
			gunzip->any = true;
			gunzip->part = OI_GUNZIP_FIXED;
			gunzip->seen = 0;
			break;
		case OI_INFLATE_BAD:
			return malformed(err, "gzip data that is damaged");
		}
	}
}

int oi_gunzip_end(const struct oi_gunzip *gunzip, struct oi_err *err)
{
	bool between = gunzip->part == OI_GUNZIP_FIXED && !gunzip->seen;

	if (gunzip->any && (between || gunzip->part == OI_GUNZIP_PADDING))
		return 0;
	return malformed(err, "it ends within the gzip data");
}
