/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A private apt state: what apt would have if the plan had been carried out
 * already. With it the lists are fetched and the installation is simulated
 * before anything of the machine is changed, and the very same lists serve the
 * installation, so that there is one `apt-get update` and not two.
 */
#ifndef OI_EXECUTE_APT_STATE_H
#define OI_EXECUTE_APT_STATE_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/strv.h"
#include "model/config.h"
#include "model/verdict.h"
#include "sys/host.h"

/*
 * Not in the staging folder, which nobody but root may enter: apt fetches as a
 * user of its own (_apt), who must get in here. There is nothing secret in it.
 */
#define OI_APT_DIR OI_STATE_DIR "/apt"

/* Of the pins, in /etc/apt/preferences.d and in the private state. */
#define OI_APT_PIN_NAME "ofed-init"

/* The repository that a vendor's package brings, before that package is installed. */
struct oi_apt_staged {
	struct oi_strv names; /* of its source files: "doca.list" */
	struct oi_strv texts; /* beside names: rewritten to work from the unpacked package */
	struct oi_strv uris; /* of all entries, as rewritten */
	bool general; /* the accepted keys are to count for all sources */
};

void oi_apt_staged_clear(struct oi_apt_staged *staged);

/**
 * oi_apt_stage() - unpack a vendor's package, read its sources, judge their keys
 * @step: what keys may sign
 * @artefact: absolute path of the .deb
 * @staged: cleared and filled
 * Keys that are not accepted by fingerprint never reach apt, whatever file they stand in.
 * Return: 0, or -1 with OI_R_REPOSITORY_MALFORMED, OI_R_REPOSITORY_UNTRUSTED.
 */
OI_MUST_CHECK
int oi_apt_stage(const struct oi_host *host, const struct oi_step *step, const char *artefact,
		 struct oi_apt_staged *staged, struct oi_err *err);

/**
 * oi_apt_staged_package() - name of the staged package
 * Return: owned by the caller; NULL when it is installed already, or does not say.
 */
char *oi_apt_staged_package(const struct oi_host *host);

/**
 * oi_apt_lay_out() - make the private state anew
 * @verdict: files that later steps write for apt are already in effect in here
 * @keep_lists: those of all sources but the staged are there already
 * Packages that an earlier try has downloaded stay.
 */
OI_MUST_CHECK
int oi_apt_lay_out(const struct oi_host *host, const struct oi_config *config,
		   const struct oi_verdict *verdict, const struct oi_apt_staged *staged,
		   bool keep_lists, struct oi_err *err);

/** oi_apt_replaces() - does a staged source take the place of one that the system has by its name */
bool oi_apt_replaces(const struct oi_host *host, const struct oi_apt_staged *staged);

/** oi_apt_only_staged() - options by which a call knows of no source but the staged; added to @args */
void oi_apt_only_staged(const struct oi_host *host, struct oi_strv *args);

/**
 * oi_apt_private_marks() - options by which a preview writes its marks of packages into a copy
 * @args: added to
 * apt-get --print-uris marks what it names as installed by hand when nothing is left to install, in
 * the system's own file; so each preview begins with a copy of that file.
 * Return: 0, or -1 with OI_R_WRITE_FAILED.
 * Source: apt, apt-private/private-install.cc, "writeStateFile"; seen with apt 2.6 and 3.0
 */
OI_MUST_CHECK
int oi_apt_private_marks(const struct oi_host *host, struct oi_strv *args, struct oi_err *err);

/** oi_apt_conf_path() - the file for apt's -c, as a child sees it; owned by the caller */
char *oi_apt_conf_path(const struct oi_host *host);
/** oi_apt_proxy_path() - where the stanza's proxy is, for APT_CONFIG; owned by the caller */
char *oi_apt_proxy_path(const struct oi_host *host);
/** oi_apt_source_path() - a private source file, as apt names it; owned by the caller */
char *oi_apt_source_path(const struct oi_host *host, const char *name);

/** oi_apt_forget() - remove all of it; a failure is only warned of */
void oi_apt_forget(const struct oi_host *host);
/** oi_apt_shrink() - the same, but what was downloaded stays for another try */
void oi_apt_shrink(const struct oi_host *host);

#endif
