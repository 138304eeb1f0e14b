/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MLNX_OFED bundles: an archive or ISO image with packages and an installer of
 * its own, which is driven and never imitated.
 */
#ifndef OI_EXECUTE_BUNDLE_BUNDLE_H
#define OI_EXECUTE_BUNDLE_BUNDLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/strv.h"
#include "model/verdict.h"
#include "sys/host.h"

/* What opening learns and installing needs. Zeroed is the beginning. */
struct oi_bundle {
	char *scratch; /* beneath the changed root */
	char *tree; /* with the installer in it, beneath the changed root */
	bool mounted; /* the tree is only there while the image is mounted on it */
	bool supported; /* it has modules for our kernel, or builds them by dkms */
};

void oi_bundle_clear(struct oi_bundle *bundle);

/* Names the scratch folder of a run, for a later run if this one is killed. */
#define OI_BUNDLE_RECORD OI_STATE_DIR "/scratch"

/**
 * oi_bundle_scratch() - make a folder for some GiB
 * @table: OI_MNT_TABLE
 * @need_bytes: free space
 * @out: its path beneath the changed root, owned by the caller
 *
 * The VM's resource disk when it is mounted and has room (a local disk that is
 * faster than the OS disk and costs nothing), else the state folder. Made by us,
 * 0700, its name not to be guessed; named in OI_BUNDLE_RECORD first.
 * Return: 0, or -1 with OI_R_DISK_SPACE, OI_R_SCRATCH_NOEXEC, OI_R_WRITE_FAILED.
 */
OI_MUST_CHECK
int oi_bundle_scratch(const struct oi_host *host, const char *table, int64_t need_bytes, char **out,
		      struct oi_err *err);

/*
 * Room beside the bundle itself: what the installer builds and copies. It asks for
 * 600 MB on its own (mlnx_add_kernel_support.sh), and builds there after copying.
 */
#define OI_BUNDLE_BUILD_BYTES (INT64_C(1) << 30)

/* Names a scratch folder with a complete bundle in it; vanishes with the boot, as nothing of
 * the bundle is synced. */
#define OI_BUNDLE_KEPT OI_RUN_DIR "/bundle"

/** oi_bundle_keep() - @scratch has the bundle with this digest; OI_R_WRITE_FAILED */
OI_MUST_CHECK
int oi_bundle_keep(const struct oi_host *host, const char *scratch, const char *sha256,
		   struct oi_err *err);

/** oi_bundle_kept() - is the bundle with this digest here; then its scratch folder in @out */
OI_MUST_CHECK
bool oi_bundle_kept(const struct oi_host *host, const char *sha256, char **out);

struct oi_context;

/**
 * oi_bundle_fetch() - fetch a bundle's content straight into a scratch folder
 * @step: OI_ACTION_FETCH, of an archive
 *
 * One that was fetched ahead in this boot is taken as it is.
 * Errors: of oi_bundle_scratch() and oi_fetcher_stream(); nothing is left then.
 */
OI_MUST_CHECK
int oi_bundle_fetch(const struct oi_context *ctx, struct oi_bundle *bundle, const struct oi_step *step,
		    struct oi_err *err);

/** oi_bundle_forget() - remove the recorded scratch folder, if there is one; failures are warned of */
void oi_bundle_forget(const struct oi_host *host);

/* What a bundle says of itself. */
struct oi_bundle_facts {
	char *folder; /* within the tree: "" or "/MLNX_OFED_LINUX-..." */
	char *version; /* ".mlnx": "MLNX_OFED_LINUX-5.8-1.1.2.1" or so */
	char *distro; /* "ubuntu20.04" */
	bool deb; /* DEBS and not RPMS */
	bool lists_kernels;
	bool has_kernel; /* the list names ours */
};

void oi_bundle_facts_clear(struct oi_bundle_facts *facts);

/**
 * oi_bundle_look() - is it a bundle, and for whom
 * @kernel: our release
 * Return: 0, or -1 with OI_R_BUNDLE_MALFORMED.
 * Source: mlnx_add_kernel_support.sh, which every bundle carries: ".mlnx", "distro",
 *         ".supported_kernels" (of RPMs; DEBs build by dkms), and the same without dots
 */
OI_MUST_CHECK
int oi_bundle_look(const struct oi_root *tree, const char *kernel, struct oi_bundle_facts *facts,
		   struct oi_err *err);

/**
 * oi_bundle_check_distro() - is it for @ours
 * Return: 0, or -1 with OI_R_BUNDLE_DISTRO.
 */
OI_MUST_CHECK
int oi_bundle_check_distro(const struct oi_host *host, const char *distro, const char *ours,
			   struct oi_err *err);

/* What an installer said that matters, gathered line by line. Zeroed is empty. */
struct oi_bundle_words {
	struct oi_strv errors; /* in order; the first few */
	struct oi_strv logs; /* files that it names */
	bool device; /* it does not drive what is here */
	bool headers; /* of the kernel are missing */
	bool distro; /* it is for another one */
	bool space;
	bool dkms;
};

/** oi_bundle_words_add() - listen to one line; colours and all */
void oi_bundle_words_add(struct oi_bundle_words *words, const char *line);
void oi_bundle_words_clear(struct oi_bundle_words *words);

/**
 * oi_bundle_words_reason() - why it failed, by its words and its exit status
 * Source: MLNX_OFED user manual, "mlnxofedinstall return codes"
 */
enum oi_reason oi_bundle_words_reason(const struct oi_bundle_words *words, int status);

/**
 * oi_bundle_check_modules() - are modules there for @kernel: by dkms' record if it knows them,
 * else as files
 * @step: content names the modules, between blanks; names and optional are dkms'
 * Return: 0, or -1 with OI_R_MODULES_MISSING or OI_R_DKMS_FAILED.
 * Source: MLNX_OFED user manual, "installation results": extra, updates, updates/dkms;
 *         weak-updates where modules of another kernel fit
 */
OI_MUST_CHECK
int oi_bundle_check_modules(const struct oi_host *host, const char *kernel,
			    const struct oi_step *step, struct oi_err *err);

/*
 * What was there when the installer began: its own packages, registrations and files
 * are known by what is there more afterwards, also after one that was killed.
 */
#define OI_BUNDLE_BEFORE OI_STATE_DIR "/bundle-before"

/**
 * oi_bundle_note_before() - before the installer is started
 * @format: of the machine's packages: "deb" or "rpm"
 * What one that was cut off has brought is put into the record first.
 */
OI_MUST_CHECK
int oi_bundle_note_before(const struct oi_host *host, const char *format, struct oi_err *err);

/**
 * oi_bundle_note_after() - what it has brought, changed and removed, into the record
 * Packages and imported keys, what dkms knows, and files where repositories, pins,
 * excludes and modules' settings lie. Fine without a oi_bundle_note_before().
 */
OI_MUST_CHECK
int oi_bundle_note_after(const struct oi_host *host, struct oi_err *err);

/** oi_bundle_packages() - "name version" of all that is installed; keys of rpm's are "gpg-pubkey-X key" */
OI_MUST_CHECK
int oi_bundle_packages(const struct oi_host *host, const char *format, struct oi_strv *packages,
		       struct oi_err *err);

struct oi_record;

/**
 * oi_bundle_uninstall() - let what the bundle left for that undo it
 * @format: of the machine's packages: "deb", "rpm"; for what the script takes of others
 *
 * Only what the record knows as the bundle's own: one that was there before us is
 * not called. Whatever it does, what the record names counts afterwards.
 * Return: whether it was called.
 * Source: MLNX_OFED user manual, "Uninstalling MLNX_OFED": /usr/sbin/ofed_uninstall.sh, which
 *         is part of ofed-scripts; --force asks no question
 */
bool oi_bundle_uninstall(const struct oi_host *host, const char *format,
			 const struct oi_record *record);

#endif
