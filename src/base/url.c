/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/url.h"

#include <string.h>

void oi_url_join(struct oi_strv *urls, const char *base, const char *name)
{
	size_t path = strcspn(base, "?#");
	size_t len = path;

	while (len && base[len - 1] == '/')
		len--;
	oi_strv_addf(urls, "%.*s/%s%s", (int)len, base, name, base + path);
}
