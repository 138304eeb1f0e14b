/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/buildid.h"

#include <elf.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"

/* SHA-1 has 20 bytes; a linker may be told to write others. */
#define MAX_ID_BYTES 64
#define NOTE_ALIGN 4

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define OWN_ORDER ELFDATA2LSB
#else
#define OWN_ORDER ELFDATA2MSB
#endif

static char *hex(const char *bytes, size_t len)
{
	struct oi_buf text = { 0 };

	for (size_t i = 0; i < len; i++)
		oi_buf_addf(&text, "%02x", (unsigned char)bytes[i]);
	return oi_buf_take(&text);
}

static size_t aligned(size_t n)
{
	return (n + NOTE_ALIGN - 1) & ~(size_t)(NOTE_ALIGN - 1);
}

char *oi_buildid_of_notes(const char *bytes, size_t len)
{
	Elf64_Nhdr note; /* the same in both classes */

	while (len >= sizeof(note)) {
		size_t name_len, id_len;

		memcpy(&note, bytes, sizeof(note));
		bytes += sizeof(note);
		len -= sizeof(note);
		name_len = aligned(note.n_namesz);
		id_len = aligned(note.n_descsz);
		if (name_len > len || id_len > len - name_len)
			return NULL;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof(ELF_NOTE_GNU) &&
		    !memcmp(bytes, ELF_NOTE_GNU, sizeof(ELF_NOTE_GNU)) && note.n_descsz &&
		    note.n_descsz <= MAX_ID_BYTES)
			return hex(bytes + name_len, note.n_descsz);
		bytes += name_len + id_len;
		len -= name_len + id_len;
	}
	return NULL;
}

char *oi_buildid_of_object(const char *bytes, size_t len)
{
	Elf64_Ehdr head;
	Elf64_Shdr section;

	if (len < sizeof(head))
		return NULL;
	memcpy(&head, bytes, sizeof(head));
	if (memcmp(head.e_ident, ELFMAG, SELFMAG) || head.e_ident[EI_CLASS] != ELFCLASS64 ||
	    head.e_ident[EI_DATA] != OWN_ORDER || head.e_shentsize != sizeof(section))
		return NULL;
	for (size_t i = 0; i < head.e_shnum; i++) {
		char *id;

		if (head.e_shoff > len || len - head.e_shoff < (i + 1) * sizeof(section))
			return NULL;
		memcpy(&section, bytes + head.e_shoff + i * sizeof(section), sizeof(section));
		if (section.sh_type != SHT_NOTE || section.sh_offset > len ||
		    section.sh_size > len - section.sh_offset)
			continue;
		id = oi_buildid_of_notes(bytes + section.sh_offset, section.sh_size);
		if (id)
			return id;
	}
	return NULL;
}
