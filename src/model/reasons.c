/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/reasons.h"

#include <stdarg.h>
#include <string.h>

#include "base/mem.h"

static const struct oi_reason_text texts[OI_R_COUNT] = {
	[OI_R_NONE] = { "none", 14, "No reason was given.", NULL },
#define OI_REASON(name, id, exit_code, sentence, remedy) \
	[OI_R_##name] = { id, exit_code, sentence, remedy },
#include "model/codes.def"
#undef OI_REASON
};

const struct oi_reason_text *oi_reason_text(enum oi_reason reason)
{
	return &texts[(unsigned int)reason < OI_R_COUNT ? reason : OI_R_NONE];
}

char *oi_reason_with(enum oi_reason reason, const char *fmt, ...)
{
	const char *sentence = oi_reason_text(reason)->sentence;
	OI_FREE char *detail = NULL;
	va_list ap;

	va_start(ap, fmt);
	detail = oi_mem_vprintf(fmt, ap);
	va_end(ap);
	return oi_mem_printf("%.*s: %s", (int)strlen(sentence) - 1, sentence, detail);
}

enum oi_reason oi_reason_by_id(const char *id)
{
	for (int i = OI_R_NONE + 1; i < OI_R_COUNT; i++)
		if (!strcmp(texts[i].id, id))
			return (enum oi_reason)i;
	return OI_R_NONE;
}

const char *oi_exit_meaning(int exit_code)
{
	switch (exit_code) {
	case 0:
		return "operation successful";
	case 1:
		return "incorrect usage of extension";
	case 10:
		return "Linux Integration Services for Hyper-V and Azure is not available or installed";
	case 11:
		return "Mellanox InfiniBand not found on this VM size";
	case 12:
		return "image offer not supported";
	case 13:
		return "VM size not supported";
	default:
		return "operation unsuccessful";
	}
}
