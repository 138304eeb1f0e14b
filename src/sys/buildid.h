/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The build id: a digest that the linker leaves in a note of each kernel module, and that
 * the kernel shows of each loaded one. Two builds that differ have different ones.
 */
#ifndef OI_SYS_BUILDID_H
#define OI_SYS_BUILDID_H

#include <stddef.h>

#include "base/attr.h"

/**
 * oi_buildid_of_notes() - of the bytes of a note section
 * Return: hex digits, owned by the caller; NULL: there is none.
 * Source: elf(5), "Notes"; NT_GNU_BUILD_ID
 */
OI_MUST_CHECK
char *oi_buildid_of_notes(const char *bytes, size_t len);

/**
 * oi_buildid_of_object() - of the bytes of an ELF file, of this machine's word size and byte order
 * @bytes: nothing of it is trusted
 * Return: as oi_buildid_of_notes()
 */
OI_MUST_CHECK
char *oi_buildid_of_object(const char *bytes, size_t len);

#endif
