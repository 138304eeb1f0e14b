/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which driver: the best row of the catalog that fits. Source: design, "Driver choice". */
#include "decide/driver.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/ver.h"
#include "decide/artefact.h"
#include "decide/machine.h"
#include "model/kernel_range.h"

/* ConnectX-3 left MLNX_OFED at 5.1, and 4.9 builds up to kernel 5.5.
 * Source: catalog notes, "CX3-Pro: MLNX_OFED 4.9 only, kernels below 5.6 only" */
#define CX3_LAST_OFED "4.9-"
#define CX3_KERNEL_LIMIT "5.6"

/* How well a row's distribution is ours; lower is nearer. */
enum nearness { OWN_EXACT, OWN_MAJOR, LIKE_EXACT, SIBLING_MAJOR, NOT_NEAR };

static bool is_el(const char *id)
{
	static const char *const family[] = { "rhel", "centos", "almalinux", "rocky", "ol" };

	for (size_t i = 0; i < OI_ARRAY_SIZE(family); i++)
		if (!strcasecmp(id, family[i]))
			return true;
	return false;
}

static bool family_is_el(const struct oi_facts *facts)
{
	if (is_el(oi_text_or(&facts->os.id, "")))
		return true;
	for (size_t i = 0; i < facts->os.id_like.n; i++)
		if (is_el(facts->os.id_like.v[i]))
			return true;
	return false;
}

/* "..._rhel9.x86_64.rpm" is named for the major, "..._rhel9.4-..." and "_rhel94." are not. */
static bool named_for_major(const char *url, const char *version)
{
	OI_FREE char *tag = NULL;
	const char *at;

	if (!url)
		return false;
	tag = oi_mem_printf("rhel%.*s.", (int)strspn(version, "0123456789"), version);
	at = strstr(url, tag);
	return at && !isdigit((unsigned char)at[strlen(tag)]);
}

static bool id_like_has(const struct oi_facts *facts, const char *id)
{
	for (size_t i = 0; i < facts->os.id_like.n; i++)
		if (!strcasecmp(facts->os.id_like.v[i], id))
			return true;
	return false;
}

static enum nearness nearness_of(const struct oi_facts *facts, const struct oi_release *row)
{
	const char *id = oi_text_or(&facts->os.id, "");
	const char *version = oi_text_or(&facts->os.version_id, "");
	bool own = !strcasecmp(id, row->distro_id);
	bool exact = !strcmp(version, row->distro_version);
	bool same_major = family_is_el(facts) && is_el(row->distro_id) &&
			  oi_ver_same_major(version, row->distro_version) &&
			  named_for_major(row->url, version);

	if (own && exact)
		return OWN_EXACT;
	if (own && same_major)
		return OWN_MAJOR;
	if (exact && id_like_has(facts, row->distro_id))
		return LIKE_EXACT;
	return same_major ? SIBLING_MAJOR : NOT_NEAR;
}

static bool drives(const struct oi_strv *generations, const char *generation)
{
	return !generation || oi_strv_has(generations, generation);
}

/* Sources, with an installer that knows other distributions only. Source: names on the vendor's
 * download page: MLNX_OFED_SRC-VERSION.tgz beside MLNX_OFED_LINUX-VERSION-DISTRO-ARCH.tgz */
static bool is_source(const char *url)
{
	const char *name = url;

	for (const char *c = url; c && *c && !strchr("?#", *c); c++)
		if (*c == '/')
			name = c + 1;
	return name && !strncmp(name, "MLNX_OFED_SRC-", 14);
}

bool oi_choose_source_only(const struct oi_decision *d)
{
	for (size_t i = 0; i < d->catalog->n_releases; i++)
		if (is_source(d->catalog->releases[i].url) &&
		    nearness_of(d->facts, &d->catalog->releases[i]) == OWN_EXACT)
			return true;
	return false;
}

static bool usable(const struct oi_release *row)
{
	if (is_source(row->url))
		return false;
	return row->status == OI_RELEASE_CURRENT || row->status == OI_RELEASE_OLDER;
}

/* Everything but the version and the status order. */
static bool fits(const struct oi_decision *d, const struct oi_release *row, const char *generation)
{
	if (!usable(row) || !d->arch || strcmp(row->arch, d->arch) != 0 ||
	    !drives(&row->nic_generations, generation) ||
	    nearness_of(d->facts, row) == NOT_NEAR)
		return false;
	/* rows of 4.7 and 5.0 drive CX3 on paper; only 4.9 was ever recommended for it */
	return !oi_generation_is_mlx4(generation) ||
	       !strncmp(row->version, CX3_LAST_OFED, strlen(CX3_LAST_OFED));
}

static bool kernel_too_new_for_cx3(const struct oi_decision *d)
{
	const char *release = oi_text_or(&d->facts->kernel.release, NULL);

	return oi_generation_is_mlx4(d->generation) && release &&
	       !oi_ver_below(release, CX3_KERNEL_LIMIT);
}

static enum oi_driver stack_of(const struct oi_release *row)
{
	return !strcmp(row->stack, oi_driver_name(OI_DRIVER_DOCA)) ? OI_DRIVER_DOCA :
								     OI_DRIVER_MLNX;
}

static enum oi_kernel_fit kernel_fit(const struct oi_decision *d, const struct oi_release *row)
{
	return oi_kernel_fit(&row->kernels, oi_text_or(&d->facts->kernel.release, NULL));
}

/* Nothing that is known speaks against this row. A release of which nothing is said is taken
 * to build for no later kernels than the newer ones of its stack. */
static bool kernel_suits(const struct oi_decision *d, const struct oi_release *row)
{
	if (kernel_fit(d, row) != OI_KERNEL_UNSAID)
		return kernel_fit(d, row) == OI_KERNEL_HOLDS;
	for (size_t i = 0; i < d->catalog->n_releases; i++) {
		const struct oi_release *newer = &d->catalog->releases[i];

		if (kernel_fit(d, newer) > OI_KERNEL_UNSAID && stack_of(newer) == stack_of(row) &&
		    oi_ver_compare(newer->version, row->version) > 0 && fits(d, newer, d->generation))
			return false;
	}
	return true;
}

/* Is @a to be taken before @b: what may build before what is known not to, near before far,
 * doca-ofed before mlnx-ofed, what builds for the kernel before what may not, current before
 * older, new before old. Where no range has the kernel only new before old counts.
 * Nearness early: an exact row of any stack beats one that only shares the major version,
 * which is how the old minor releases keep the driver built for them. */
static bool better(const struct oi_decision *d, const struct oi_release *a,
		   const struct oi_release *b)
{
	enum nearness near_a = nearness_of(d->facts, a);
	enum nearness near_b = nearness_of(d->facts, b);
	bool fails_a = kernel_fit(d, a) == OI_KERNEL_EXCLUDED;
	bool fails_b = kernel_fit(d, b) == OI_KERNEL_EXCLUDED;
	bool suits_a = kernel_suits(d, a);
	bool suits_b = kernel_suits(d, b);

	if (fails_a != fails_b)
		return fails_b;
	if (near_a != near_b)
		return near_a < near_b;
	if (stack_of(a) != stack_of(b))
		return stack_of(a) < stack_of(b);
	if (suits_a != suits_b)
		return suits_a;
	if (suits_a && a->status != b->status)
		return a->status < b->status;
	return oi_ver_compare(a->version, b->version) > 0;
}

/* @stack: OI_DRIVER_AUTO for any; @version: NULL for any; Return: NULL when there is none */
static const struct oi_release *best_release(const struct oi_decision *d, enum oi_driver stack,
					     const char *version)
{
	const struct oi_release *best = NULL;

	if (kernel_too_new_for_cx3(d))
		return NULL;
	for (size_t i = 0; i < d->catalog->n_releases; i++) {
		const struct oi_release *row = &d->catalog->releases[i];

		if ((stack != OI_DRIVER_AUTO && stack != stack_of(row)) ||
		    (version && strcmp(row->version, version) != 0) ||
		    !fits(d, row, d->generation))
			continue;
		if (!best || better(d, row, best))
			best = row;
	}
	return best;
}

static bool inbox_row_fits(const struct oi_decision *d, const struct oi_inbox *row, const char *id)
{
	return !strcasecmp(row->distro_id, id) &&
	       !fnmatch(row->distro_version, oi_text_or(&d->facts->os.version_id, ""), 0) &&
	       d->arch && oi_strv_has(&row->arch, d->arch);
}

const struct oi_inbox *oi_choose_inbox(const struct oi_decision *d)
{
	const struct oi_strv *like = &d->facts->os.id_like;

	for (size_t i = 0; i < d->catalog->n_inbox; i++)
		if (inbox_row_fits(d, &d->catalog->inbox[i], oi_text_or(&d->facts->os.id, "")))
			return &d->catalog->inbox[i];
	for (size_t j = 0; j < like->n; j++)
		for (size_t i = 0; i < d->catalog->n_inbox; i++)
			if (inbox_row_fits(d, &d->catalog->inbox[i], like->v[j]))
				return &d->catalog->inbox[i];
	return NULL;
}

/* What all versions that a row is for start with: "9" of "9*", "25" of "25.*", "24.04". */
static char *row_version(const struct oi_inbox *row)
{
	size_t len = strcspn(row->distro_version, "*?[");

	while (len && row->distro_version[len - 1] == '.')
		len--;
	return oi_mem_ndup(row->distro_version, len);
}

const struct oi_inbox *oi_choose_newest_inbox(const struct oi_decision *d)
{
	const char *version = oi_text_or(&d->facts->os.version_id, NULL);
	const struct oi_inbox *newest = NULL;
	OI_FREE char *newest_version = NULL;

	for (size_t i = 0; d->arch && i < d->catalog->n_inbox; i++) {
		const struct oi_inbox *row = &d->catalog->inbox[i];
		OI_FREE char *of_row = row_version(row);

		if (strcasecmp(row->distro_id, oi_text_or(&d->facts->os.id, "")) != 0 ||
		    !oi_strv_has(&row->arch, d->arch) ||
		    (newest && oi_ver_compare(of_row, newest_version) <= 0))
			continue;
		newest = row;
		oi_mem_set(&newest_version, of_row);
	}
	/* a rolling release has no version, and is ahead of those that have one */
	return newest && (!version || oi_ver_compare(version, newest_version) > 0) ? newest : NULL;
}

/* A later kernel drives what the row's does, and later adapters of mlx5; mlx4 it may have dropped. */
static bool inbox_drives(const struct oi_decision *d)
{
	return d->inbox && (drives(&d->inbox->nic_generations, d->generation) ||
			    (d->last_resort && !oi_generation_is_mlx4(d->generation)));
}

bool oi_choose_any(const struct oi_decision *d, bool regard_generation)
{
	const char *generation = regard_generation ? d->generation : NULL;

	if (d->inbox && (!regard_generation || inbox_drives(d)))
		return true;
	if (d->inbox && d->config->source.url)
		return true; /* the user brings the driver; the distribution only serves it */
	for (size_t i = 0; i < d->catalog->n_releases; i++)
		if (fits(d, &d->catalog->releases[i], generation))
			return true;
	return false;
}

/* --- the choice --- */

/* What the catalog says of the row and this kernel; a doubt goes to the last line of the run. */
static void judge_kernel(struct oi_decision *d, const struct oi_release *row)
{
	const char *release = oi_text_or(&d->facts->kernel.release, "of unknown release");
	OI_FREE char *ranges = oi_strv_join(&row->kernels, ", ");
	OI_FREE char *doubt = NULL;

	switch (kernel_fit(d, row)) {
	case OI_KERNEL_HOLDS:
		oi_verdict_rule(d->verdict, "kernel-range", OI_RESULT_PASS,
				"%s %s is known to build for %s (%s)", row->stack, row->version, release,
				ranges);
		return;
	case OI_KERNEL_UNSAID:
		if (kernel_suits(d, row))
			return;
		doubt = oi_mem_printf("no release is known to build for kernel %s", release);
		break;
	case OI_KERNEL_OUTSIDE:
		doubt = oi_mem_printf("%s %s is not known to build for kernel %s", row->stack,
				      row->version, release);
		break;
	case OI_KERNEL_EXCLUDED:
		doubt = oi_mem_printf("%s %s is known not to build for kernel %s", row->stack,
				      row->version, release);
		break;
	}
	oi_verdict_rule(d->verdict, "kernel-range", OI_RESULT_UNKNOWN, "warning: %s%s%s%s", doubt,
			row->kernels.n ? " (" : "", ranges, row->kernels.n ? ")" : "");
	oi_mem_set(&d->verdict->doubt, doubt);
}

static bool take_release(struct oi_decision *d, const struct oi_release *row)
{
	enum nearness near = nearness_of(d->facts, row);

	d->stack = stack_of(row);
	d->release = row;
	oi_verdict_rule(d->verdict, "driver-choice", OI_RESULT_PASS,
			"%s %s: %s row for %s %s (%s:%u)%s", row->stack, row->version,
			oi_release_status_name(row->status), row->distro_id, row->distro_version,
			row->from.file, row->from.line,
			near == OWN_EXACT  ? "" :
			near == LIKE_EXACT ? "; taken by ID_LIKE" :
					     "; its file is named for the major version");
	judge_kernel(d, row);
	return true;
}

static bool take_inbox(struct oi_decision *d, const char *why)
{
	d->stack = OI_DRIVER_INBOX;
	d->release = NULL;
	oi_verdict_rule(d->verdict, "driver-choice", OI_RESULT_PASS, "inbox: %s (%s:%u)", why,
			d->inbox->from.file, d->inbox->from.line);
	return true;
}

/* The versions that could be had, so that the refusal helps. */
static char *list_versions(const struct oi_decision *d, enum oi_driver stack)
{
	struct oi_strv seen = { 0 };
	char *text;

	for (size_t i = 0; i < d->catalog->n_releases; i++) {
		const struct oi_release *row = &d->catalog->releases[i];

		if (stack != OI_DRIVER_AUTO && strcmp(row->stack, oi_driver_name(stack)) != 0)
			continue;
		if (fits(d, row, d->generation) && !oi_strv_has(&seen, row->version))
			oi_strv_add(&seen, row->version);
	}
	text = seen.n ? oi_strv_join(&seen, ", ") : oi_mem_dup("none");
	oi_strv_clear(&seen);
	return text;
}

static bool refuse_choice(struct oi_decision *d, enum oi_reason reason)
{
	const char *driver = oi_driver_name(d->config->driver);
	const char *id = oi_text_or(&d->facts->os.id, "?");
	const char *version = oi_text_or(&d->facts->os.version_id, "");

	if (reason == OI_R_VERSION_UNAVAILABLE) {
		OI_FREE char *others = list_versions(d, d->config->driver);

		oi_verdict_rule(d->verdict, "driver-choice", OI_RESULT_FAIL,
				"version %s of driver: %s; there are: %s", d->config->version, driver,
				others);
		return oi_decision_refuse(d, reason, "%s of driver: %s for %s %s with %s (there are: %s)",
					  d->config->version, driver, id, version,
					  d->generation ? d->generation : "this adapter", others);
	}
	oi_verdict_rule(d->verdict, "driver-choice", OI_RESULT_FAIL, "driver: %s has no row", driver);
	return oi_decision_refuse(d, reason, "%s for %s %s with %s", driver, id, version,
				  d->generation ? d->generation : "this adapter");
}

/* The user named an exact artefact: no row is needed to know where it is. */
static bool choose_own_artefact(struct oi_decision *d)
{
	const char *url = d->config->source.url;
	size_t len = strcspn(url, "?#");
	bool host_package = len > 4 && (!strncmp(url + len - 4, ".deb", 4) ||
					!strncmp(url + len - 4, ".rpm", 4));
	enum oi_driver stack = d->config->driver;

	if (stack == OI_DRIVER_AUTO)
		stack = host_package ? OI_DRIVER_DOCA : OI_DRIVER_MLNX;
	d->stack = stack;
	oi_verdict_rule(d->verdict, "driver-choice", OI_RESULT_PASS,
			"%s from source.url, version %s", oi_driver_name(stack),
			d->config->version ? d->config->version : "as it comes");
	return true;
}

static bool choose_explicit(struct oi_decision *d)
{
	enum oi_driver stack = d->config->driver;
	const char *version = d->config->version;
	const struct oi_release *row;

	if (stack == OI_DRIVER_INBOX) {
		if (version)
			return refuse_choice(d, OI_R_VERSION_UNAVAILABLE);
		if (!inbox_drives(d))
			return refuse_choice(d, OI_R_DRIVER_UNAVAILABLE);
		return take_inbox(d, "the stanza asks for it");
	}
	row = best_release(d, stack, version);
	if (row)
		return take_release(d, row);
	if (stack == OI_DRIVER_MLNX && kernel_too_new_for_cx3(d)) {
		oi_verdict_rule(d->verdict, "driver-choice", OI_RESULT_FAIL,
				"ConnectX-3 needs a kernel below %s", CX3_KERNEL_LIMIT);
		return oi_decision_refuse(d, OI_R_KERNEL_TOO_NEW,
					  "ConnectX-3 needs MLNX_OFED 4.9, which ends below kernel %s",
					  CX3_KERNEL_LIMIT);
	}
	return refuse_choice(d, version && best_release(d, stack, NULL) ? OI_R_VERSION_UNAVAILABLE :
									  OI_R_DRIVER_UNAVAILABLE);
}

static bool choose_version(struct oi_decision *d)
{
	const struct oi_release *row = best_release(d, OI_DRIVER_AUTO, d->config->version);

	return row ? take_release(d, row) : refuse_choice(d, OI_R_VERSION_UNAVAILABLE);
}

static bool choose_auto(struct oi_decision *d)
{
	const struct oi_release *row = best_release(d, OI_DRIVER_AUTO, NULL);
	const char *why = oi_machine_refuses_unsigned(d->facts);

	if (row && why && !d->config->secure_boot.key && !oi_artefact_is_distro(row) &&
	    inbox_drives(d)) {
		OI_FREE char *text = oi_mem_printf("%s, and %s %s would bring unsigned modules", why,
						   row->stack, row->version);

		return take_inbox(d, text);
	}
	if (row)
		return take_release(d, row);
	if (d->last_resort && inbox_drives(d))
		return take_inbox(d, "the last resort, as no row is for this release");
	if (inbox_drives(d))
		return take_inbox(d, kernel_too_new_for_cx3(d) ?
					     "ConnectX-3 on a kernel from 5.6 has no other" :
					     "the vendor has no release for this image and adapter");
	return refuse_choice(d, OI_R_DRIVER_UNAVAILABLE);
}

bool oi_choose_driver(struct oi_decision *d)
{
	if (is_source(d->config->source.url)) {
		oi_verdict_rule(d->verdict, "driver-choice", OI_RESULT_FAIL,
				"source.url names a source archive");
		return oi_decision_refuse(d, OI_R_SOURCE_ONLY, "source.url");
	}
	if (d->config->source.url)
		return choose_own_artefact(d);
	if (d->config->driver != OI_DRIVER_AUTO)
		return choose_explicit(d);
	return d->config->version ? choose_version(d) : choose_auto(d);
}
