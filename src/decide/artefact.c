/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/artefact.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/url.h"

enum oi_artefact_kind oi_artefact_kind(const struct oi_decision *d)
{
	const char *url = d->config->source.url;
	size_t len = url ? strcspn(url, "?#") : 0;

	if (d->stack == OI_DRIVER_INBOX)
		return OI_ARTEFACT_NONE;
	if (!d->release)
		return oi_str_ends(url, len, ".deb") || oi_str_ends(url, len, ".rpm") ? OI_ARTEFACT_PACKAGE :
										     OI_ARTEFACT_BUNDLE;
	if (!strcmp(d->release->kind, "distro-rpm"))
		return OI_ARTEFACT_DISTRO;
	if (!strcmp(d->release->kind, "apt-repo") || !strcmp(d->release->kind, "rpm-repo"))
		return OI_ARTEFACT_REPOSITORY;
	return !strncmp(d->release->kind, "doca-host-", 10) ? OI_ARTEFACT_PACKAGE : OI_ARTEFACT_BUNDLE;
}

const char *oi_artefact_method(const struct oi_decision *d)
{
	const char *manager = d->inbox ? d->inbox->method : NULL;

	switch (oi_artefact_kind(d)) {
	case OI_ARTEFACT_BUNDLE:
		return "bundle";
	case OI_ARTEFACT_REPOSITORY:
	case OI_ARTEFACT_PACKAGE:
		if (manager)
			return manager;
		return d->release && (!strcmp(d->release->kind, "doca-host-deb") ||
				      !strcmp(d->release->kind, "apt-repo")) ? "apt" : "dnf";
	case OI_ARTEFACT_DISTRO:
		return manager ? manager : "tdnf";
	case OI_ARTEFACT_NONE:
		break;
	}
	return manager ? manager : "none";
}

bool oi_artefact_is_address(const struct oi_decision *d)
{
	return oi_artefact_kind(d) == OI_ARTEFACT_REPOSITORY;
}

const char *oi_artefact_digest(const struct oi_decision *d)
{
	if (d->config->source.sha256)
		return d->config->source.sha256;
	return d->release ? d->release->sha256 : NULL;
}

char *oi_artefact_file_name(const char *url)
{
	size_t len = strcspn(url, "?#");
	size_t start = len;

	while (start && url[start - 1] != '/')
		start--;
	return oi_mem_ndup(url + start, len - start);
}

char *oi_artefact_folder_url(const char *folder)
{
	struct oi_buf url = { 0 };

	oi_buf_adds(&url, "file://");
	for (const char *c = folder; *c; c++) {
		if (strchr("?#%", *c))
			oi_buf_addf(&url, "%%%02X", (unsigned int)(unsigned char)*c);
		else
			oi_buf_add(&url, c, 1);
	}
	return oi_buf_take(&url);
}

void oi_artefact_sources(const struct oi_decision *d, struct oi_strv *urls)
{
	const char *url = d->release ? d->release->url : d->config->source.url;
	OI_FREE char *name = NULL;

	if (!url)
		return;
	name = oi_artefact_file_name(url);
	if (d->release && d->config->source.directory) {
		OI_FREE char *base = oi_artefact_folder_url(d->config->source.directory);

		oi_url_join(urls, base, name);
		return; /* no network, as the stanza says */
	}
	for (size_t i = 0; d->release && i < d->config->source.mirrors.n; i++)
		oi_url_join(urls, d->config->source.mirrors.v[i], name);
	if (!urls->n)
		oi_strv_add(urls, url);
}

bool oi_artefact_is_distro(const struct oi_release *row)
{
	return row && !strcmp(row->kind, "distro-rpm");
}

bool oi_artefact_from_distro(const struct oi_decision *d)
{
	return d->stack == OI_DRIVER_INBOX || oi_artefact_is_distro(d->release);
}

const struct oi_manager *oi_artefact_manager(const struct oi_decision *d)
{
	return oi_manager_find(d->inbox ? d->inbox->method : NULL);
}
