/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the chosen driver comes as: its kind, place, digest and package manager. */
#ifndef OI_DECIDE_ARTEFACT_H
#define OI_DECIDE_ARTEFACT_H

#include <stdbool.h>

#include "base/strv.h"
#include "decide/decision.h"
#include "model/manager.h"

enum oi_artefact_kind {
	OI_ARTEFACT_NONE, /* the distribution's own stack */
	OI_ARTEFACT_DISTRO, /* the vendor's stack in the distribution's repositories */
	OI_ARTEFACT_PACKAGE, /* a package that holds a repository */
	OI_ARTEFACT_REPOSITORY, /* an address */
	OI_ARTEFACT_BUNDLE, /* an archive or image with an installer */
};

/** oi_artefact_kind() - of the chosen driver */
enum oi_artefact_kind oi_artefact_kind(const struct oi_decision *d);

/** oi_artefact_is_address() - a repository to be used where it is, and no file to be fetched */
bool oi_artefact_is_address(const struct oi_decision *d);

/** oi_artefact_is_distro() - are packages of the distribution what @row names; NULL: no */
bool oi_artefact_is_distro(const struct oi_release *row);

/** oi_artefact_from_distro() - does the chosen driver come ready built and signed from the distribution */
bool oi_artefact_from_distro(const struct oi_decision *d);

/** oi_artefact_method() - "apt", "dnf", "bundle", ... of the chosen driver */
const char *oi_artefact_method(const struct oi_decision *d);

/** oi_artefact_manager() - the distribution's package manager; never NULL */
const struct oi_manager *oi_artefact_manager(const struct oi_decision *d);

/** oi_artefact_digest() - its digest, or NULL */
const char *oi_artefact_digest(const struct oi_decision *d);

/** oi_artefact_sources() - where the artefact of the chosen release is to be had, in order */
void oi_artefact_sources(const struct oi_decision *d, struct oi_strv *urls);

/** oi_artefact_file_name() - the last part of a URL, without its query; owned by the caller */
char *oi_artefact_file_name(const char *url);

/** oi_artefact_folder_url() - a folder as file:// URL, escaped; owned by the caller */
char *oi_artefact_folder_url(const char *folder);

#endif
