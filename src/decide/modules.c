/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Built modules from a cache: for what they have to be built, and the steps. */
#include "decide/modules.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/url.h"
#include "decide/artefact.h"

bool oi_plan_shares_modules(const struct oi_decision *d)
{
	const struct oi_facts *f = d->facts;

	/* A module package is a Debian one; other managers compile. */
	if (d->stack != OI_DRIVER_DOCA || !oi_manager_find(oi_artefact_method(d))->shares_modules)
		return false;
	/* An exact match or none: what is not known matches nothing. */
	return f->kernel.release.known == OI_KNOWN && f->kernel.arch.known == OI_KNOWN &&
	       f->kernel.build.known == OI_KNOWN && f->os.id.known == OI_KNOWN;
}

bool oi_plan_uses_modules(const struct oi_decision *d)
{
	return d->config->modules_cache.url && oi_plan_shares_modules(d);
}

/* Whatever is in it may be in a file's and a URL's name. */
static char *plain(char *text)
{
	for (char *c = text; *c; c++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+-_", *c))
			*c = '-';
	return text;
}

/*
 * How they are built, beside what the key names: from which artefact, for which build of the
 * kernel's release, whether they carry a signature, and whose, and whether all of the vendor's
 * are among them. Of an artefact without a digest its name counts. The number in front is
 * that of the set's own form: what an older one has put into a cache is not looked for.
 */
static void fingerprint(const struct oi_decision *d, char out[OI_HASH_TEXT_BYTES])
{
	const char *artefact = oi_artefact_digest(d);
	const char *certificate = d->config->secure_boot.certificate;
	OI_FREE char *text = NULL;

	if (!artefact)
		artefact = d->release && d->release->url ? d->release->url :
			   d->config->source.url		 ? d->config->source.url :
								   "";
	text = oi_mem_printf("modules 2\n%.*s\n%s\n%s\n%s", (int)strcspn(artefact, "?#"), artefact,
			     oi_text_or(&d->facts->kernel.build, ""),
			     certificate ? certificate : "unsigned",
			     d->config->all_modules ? "all\n" : "");
	oi_hash_text(text, out);
}

char *oi_plan_modules_key(const struct oi_decision *d)
{
	const struct oi_facts *f = d->facts;
	const char *version = d->release ? d->release->version : d->config->version;
	char how[OI_HASH_TEXT_BYTES];

	fingerprint(d, how);
	return plain(oi_mem_printf("%s_%s_%s_%s_%s-%s_%s", oi_driver_name(d->stack),
				   version ? version : "any", f->kernel.release.value,
				   f->kernel.arch.value, f->os.id.value,
				   oi_text_or(&f->os.version_id, "rolling"), how));
}

/* Where a person may look; a signature is not for the log. */
static int shown_length(const char *place)
{
	return (int)strcspn(place, "?#");
}

void oi_plan_fetch_modules(struct oi_decision *d)
{
	const char *place = d->config->modules_cache.url;
	OI_FREE char *key = NULL;
	OI_FREE char *base = NULL;
	OI_FREE char *name = NULL;
	struct oi_step *step;

	if (!oi_plan_uses_modules(d))
		return;
	key = oi_plan_modules_key(d);
	base = *place == '/' ? oi_artefact_folder_url(place) : oi_mem_dup(place);
	name = oi_mem_printf("%s.json", key);
	step = oi_verdict_step(d->verdict, OI_ACTION_MODULES_FETCH, "fetch-modules",
			       "%s from %.*s; compiled here if it has none", key,
			       shown_length(place), place);
	oi_url_join(&step->cache.urls, base, name);
	oi_mem_set(&step->cache.name, name);
	oi_mem_set(&step->cache.key, key);
}

void oi_plan_publish_modules(struct oi_decision *d)
{
	const char *place = d->config->modules_cache.url;
	OI_FREE char *key = NULL;
	struct oi_step *step;

	if (!oi_plan_uses_modules(d) || !d->config->modules_cache.publish)
		return;
	key = oi_plan_modules_key(d);
	step = oi_verdict_step(d->verdict, OI_ACTION_MODULES_PUBLISH, "publish-modules",
			       "%s to %.*s, if they were compiled here", key, shown_length(place),
			       place);
	oi_mem_set(&step->cache.key, key);
}
