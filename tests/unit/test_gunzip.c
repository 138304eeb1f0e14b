/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gzip's members as they come, by each library that this build has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "fetch/gunzip.h"
#include "model/reasons.h"

#define TEXT_BYTES 100000

static const struct oi_inflater *inflaters[2] = { &oi_inflate_zlib };
static size_t n_inflaters = 1;

/* What shrinks and what does not, in turn. */
static char text[TEXT_BYTES];

static void fill_text(void)
{
	uint32_t random = 1;

	for (size_t i = 0; i < sizeof(text); i++) {
		random = random * 1664525 + 1013904223;
		text[i] = (char)(i / 10000 % 2 ? 'a' + i % 26 : random >> 24);
	}
}

/* A member; @header: with all that a header may have. */
static void add_member(struct oi_buf *to, const char *bytes, size_t len, bool header)
{
	gz_header extras = { .extra = (Bytef *)(uintptr_t)"extra", .extra_len = 5,
			     .name = (Bytef *)(uintptr_t)"bundle.tar",
			     .comment = (Bytef *)(uintptr_t)"said", .hcrc = 1 };
	z_stream z = { 0 };
	size_t room = len + 1000;
	OI_FREE char *out = oi_mem_zalloc(room, 1);

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 16 + 15, 8, Z_DEFAULT_STRATEGY), Z_OK);
	if (header)
		assert_int_equal(deflateSetHeader(&z, &extras), Z_OK);
	z.next_in = (Bytef *)(uintptr_t)bytes;
	z.avail_in = (uInt)len;
	z.next_out = (Bytef *)out;
	z.avail_out = (uInt)room;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	oi_buf_add(to, out, room - z.avail_out);
	deflateEnd(&z);
}

/* Two members, the first with every part of a header, then an empty one. */
static void add_members(struct oi_buf *to)
{
	add_member(to, text, 30000, true);
	add_member(to, text + 30000, sizeof(text) - 30000, false);
	add_member(to, "", 0, false);
}

/* Unpacks in pieces. Return: 0, or -1 with what is wrong. */
static int unpack(const struct oi_inflater *with, const struct oi_buf *in, size_t in_piece,
		  size_t out_piece, struct oi_buf *out, struct oi_err *err)
{
	OI_CLEANUP(oi_gunzip_clear) struct oi_gunzip gunzip;
	OI_FREE unsigned char *room = oi_mem_zalloc(out_piece, 1);

	oi_gunzip_begin(&gunzip, with);
	for (size_t at = 0; at < in->len; at += in_piece) {
		size_t len = in->len - at < in_piece ? in->len - at : in_piece;
		/* a copy of its own: reading behind it is seen by a sanitizer */
		OI_FREE char *piece = oi_mem_ndup(in->data + at, len);
		struct oi_inflate_place place = { .in = (unsigned char *)piece, .in_len = len };

		do {
			place.out = room;
			place.out_len = out_piece;
			if (oi_gunzip_run(&gunzip, &place, err))
				return -1;
			oi_buf_add(out, (char *)room, out_piece - place.out_len);
		} while (place.in_len || !place.out_len);
	}
	return oi_gunzip_end(&gunzip, err);
}

static void comes_out(const struct oi_buf *in)
{
	static const size_t pieces[] = { 1, 2, 3, 7, 64, 1000, 1 << 20 };

	for (size_t n = 0; n < n_inflaters; n++)
		for (size_t i = 0; i < OI_ARRAY_SIZE(pieces); i++)
			for (size_t o = 0; o < OI_ARRAY_SIZE(pieces); o++) {
				OI_CLEANUP(oi_buf_clear) struct oi_buf out = { 0 };
				struct oi_err err = { 0 };

				if (unpack(inflaters[n], in, pieces[i], pieces[o], &out, &err))
					fail_msg("%s, %zu, %zu: %s", inflaters[n]->name, pieces[i],
						 pieces[o], err.text);
				assert_int_equal(out.len, sizeof(text));
				assert_memory_equal(out.data, text, sizeof(text));
			}
}

static void is_refused(const struct oi_buf *in, const char *says)
{
	static const size_t pieces[] = { 1, 1000, 1 << 20 };

	for (size_t n = 0; n < n_inflaters; n++)
		for (size_t i = 0; i < OI_ARRAY_SIZE(pieces); i++) {
			OI_CLEANUP(oi_buf_clear) struct oi_buf out = { 0 };
			struct oi_err err = { 0 };

			assert_int_equal(unpack(inflaters[n], in, pieces[i], 5000, &out, &err), -1);
			assert_int_equal(err.code, OI_R_ARCHIVE_MALFORMED);
			if (!strstr(err.text, says))
				fail_msg("%s: %s", inflaters[n]->name, err.text);
		}
}

static void test_members(void **state)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf in = { 0 };

	(void)state;
	add_members(&in);
	comes_out(&in);
}

static void test_padding(void **state)
{
	static const char zeros[512];
	OI_CLEANUP(oi_buf_clear) struct oi_buf in = { 0 };

	(void)state;
	add_members(&in);
	oi_buf_add(&in, zeros, sizeof(zeros));
	comes_out(&in);
	oi_buf_adds(&in, "x");
	is_refused(&in, "zeros and then more");
}

static void test_garbage(void **state)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf in = { 0 };

	(void)state;
	add_members(&in);
	oi_buf_adds(&in, "something");
	is_refused(&in, "not gzip's");
}

static void test_cut(void **state)
{
	(void)state;
	for (size_t less = 1; less < 100; less += 7) {
		OI_CLEANUP(oi_buf_clear) struct oi_buf in = { 0 };

		add_member(&in, text, sizeof(text), true);
		in.len -= less;
		is_refused(&in, "ends within");
		in.len = less < 60 ? less : 60; /* within the header, too */
		is_refused(&in, "ends within");
	}
}

static void test_half_a_magic(void **state)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf in = { 0 };

	(void)state;
	add_members(&in);
	oi_buf_add(&in, "\x1f", 1);
	is_refused(&in, "ends within");
}

/* CRC and length are in the last eight bytes. */
static void test_trailer(void **state)
{
	(void)state;
	for (size_t at = 1; at <= 8; at++) {
		OI_CLEANUP(oi_buf_clear) struct oi_buf in = { 0 };

		add_member(&in, text, sizeof(text), false);
		in.data[in.len - at] = (char)(in.data[in.len - at] ^ 4);
		is_refused(&in, "damaged");
	}
}

/* A bit between blocks may be anything; whatever else is changed, the CRC tells. */
static void is_refused_or_harmless(const struct oi_inflater *with, const struct oi_buf *in)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf out = { 0 };
	struct oi_err err = { 0 };

	if (unpack(with, in, 1000, 5000, &out, &err)) {
		assert_int_equal(err.code, OI_R_ARCHIVE_MALFORMED);
		return;
	}
	assert_int_equal(out.len, sizeof(text));
	assert_memory_equal(out.data, text, sizeof(text));
}

static void test_damage(void **state)
{
	(void)state;
	for (size_t at = 20; at < 60000; at += 997) {
		OI_CLEANUP(oi_buf_clear) struct oi_buf in = { 0 };

		add_member(&in, text, sizeof(text), false);
		in.data[at] = (char)(in.data[at] ^ 0x10);
		for (size_t n = 0; n < n_inflaters; n++)
			is_refused_or_harmless(inflaters[n], &in);
	}
}

static void test_headers(void **state)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf in = { 0 };

	(void)state;
	add_members(&in);
	in.data[2] = 7;
	is_refused(&in, "unknown kind");
	in.data[2] = 8;
	in.data[3] = (char)0x80;
	is_refused(&in, "unknown kind");
	assert_true(oi_gunzip_is(in.data, in.len));
	assert_false(oi_gunzip_is(in.data, 1));
	assert_false(oi_gunzip_is("PK", 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members),	     cmocka_unit_test(test_padding),
		cmocka_unit_test(test_garbage),	     cmocka_unit_test(test_cut),
		cmocka_unit_test(test_half_a_magic), cmocka_unit_test(test_trailer),
		cmocka_unit_test(test_damage),	     cmocka_unit_test(test_headers),
	};

	fill_text();
#ifdef OI_WITH_ISAL
	/* Where it is built in it has to be tested. */
	if (!oi_inflate_isal_is_here()) {
		fputs("libisal is not here\n", stderr);
		return 1;
	}
	inflaters[n_inflaters++] = &oi_inflate_isal;
#endif
	return cmocka_run_group_tests(tests, NULL, NULL);
}
