/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Module sets: what dkms has compiled on one machine, as a package for all others
 * that are exactly alike. It stands in for the packages whose sources dkms
 * compiles, so that neither they nor compiler and headers are installed, and the
 * package manager knows where the modules are from.
 *
 * A cache is a folder, or the same by https://, with two files for a key:
 *
 *   KEY.json               the pointer: {"schema": 1, "key": KEY, "bytes": 123456,
 *                          "package": "KEY-0123456789abcdef.deb", "sha256": "64 digits",
 *                          "signature": "0a1b..."}  of a user's key, over all of the rest
 *   KEY-0123456789abcdef.deb  named by its digest: never changed, never mixed up
 *
 * The pointer is written last and once: who finds it finds the package.
 */
#ifndef OI_EXECUTE_CACHE_MODSET_H
#define OI_EXECUTE_CACHE_MODSET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/strv.h"
#include "model/config.h"
#include "sys/host.h"

#define OI_MODSET_POINTER_BYTES 4096

/* A package of modules that lies in the staging folder. Zeroed is none. */
struct oi_modset {
	char *key;
	char *file; /* its name in the staging folder */
	char *sha256;
	char *signature; /* of oi_modset_signed_text(), in hexadecimal; NULL: none */
	int64_t bytes;
	struct oi_strv provides; /* names of the packages that it stands in for */
	struct oi_strv modules; /* files, below /lib/modules/KERNEL */
	char *headers; /* "/usr/src/ofa_kernel/ARCH/KERNEL", for others to build against; NULL: none */
};

void oi_modset_clear(struct oi_modset *set);

/**
 * oi_modset_pointer_read() - understand a pointer
 * @bytes: as it came
 * @key: what it has to be for
 * @set: zeroed; key, file, sha256, bytes and signature are filled in
 * Return: 0, or -1 with OI_R_MODULES_UNFIT.
 */
OI_MUST_CHECK
int oi_modset_pointer_read(const char *bytes, size_t len, const char *key, struct oi_modset *set,
			   struct oi_err *err);

/** oi_modset_signed_text() - all that a pointer says, in the form that is signed; owned by the caller */
char *oi_modset_signed_text(const struct oi_modset *set);

/** oi_modset_pointer_text() - the pointer of a set; owned by the caller */
char *oi_modset_pointer_text(const struct oi_modset *set);

/**
 * oi_modset_open() - look into the package in the staging folder
 * @kernel: for which its modules have to be
 * @set: key and file are set; provides, modules and headers are filled in
 *
 * Nothing of it is believed: its control file and scripts have to be what oi_modset_create()
 * writes, its files to lie where those of a set lie, and each module to be for this build of the
 * kernel, by vermagic and by the versions of symbols, as far as the kernel's own modules tell them.
 * Return: 0, or -1 with OI_R_MODULES_UNFIT and what is wrong; OI_R_CHILD_*, OI_R_WRITE_FAILED.
 */
OI_MUST_CHECK
int oi_modset_open(const struct oi_host *host, const char *kernel, struct oi_modset *set,
		   struct oi_err *err);

/**
 * oi_modset_check() - are its modules in place, and for @kernel
 * Return: 0, or -1 with OI_R_MODULES_MISSING.
 */
OI_MUST_CHECK
int oi_modset_check(const struct oi_host *host, const char *kernel, const struct oi_modset *set,
		    struct oi_err *err);

/**
 * oi_modset_prune() - take out sets of kernels that are gone, as a kernel's removal does not
 * What cannot be removed stays, and the log says so.
 */
void oi_modset_prune(const struct oi_host *host);

/**
 * oi_modset_create() - pack what dkms has compiled for @kernel
 * @version: of the driver, for the package; NULL: unknown
 * @set: key is set; the rest is filled in, the package lies in the staging folder
 *
 * Taken are the modules whose sources belong to packages that we have installed, and what their
 * compilation has left for others to build against.
 * Return: 0, or -1 with OI_R_MODULES_MISSING when there are none, OI_R_MODULES_UNFIT when one
 *         of them is for another kernel, OI_R_WRITE_FAILED, OI_R_CHILD_FAILED.
 */
OI_MUST_CHECK
int oi_modset_create(const struct oi_host *host, const char *kernel, const char *version,
		     struct oi_modset *set, struct oi_err *err);

/**
 * oi_modset_publish() - put a set from the staging folder into a cache
 * @config: how a network is reached
 * @place: a folder, made when missing; or https://
 *
 * The package first, then the pointer to it, neither over what is there: whoever is
 * stopped between leaves a package that nobody knows of. In a folder only what is no complete
 * set is written again, and parts go whose writer is gone.
 * Return: 0; 1 when this key is published already, which stays as it is;
 *         -1 with OI_R_WRITE_FAILED, of https:// OI_R_UPLOAD_REFUSED, OI_R_FETCH_*.
 */
OI_MUST_CHECK
int oi_modset_publish(const struct oi_host *host, const struct oi_config *config,
		      const char *place, const struct oi_modset *set, struct oi_err *err);

/**
 * oi_modset_is_published() - is there a set of this key, before one is packed
 * Return: 0 no; 1 yes, or somebody is writing it; -1 as oi_modset_publish(), also with
 *         OI_R_MODULES_UNFIT when there is something that is none and cannot be replaced.
 */
OI_MUST_CHECK
int oi_modset_is_published(const struct oi_host *host, const struct oi_config *config,
			   const char *place, const char *key, struct oi_err *err);

/** oi_modset_is_uploaded() - the half of oi_modset_is_published() that is for https:// */
OI_MUST_CHECK
int oi_modset_is_uploaded(const struct oi_host *host, const struct oi_config *config,
			  const char *place, const char *key, struct oi_err *err);

/** oi_modset_upload() - the half of oi_modset_publish() that is for https:// */
OI_MUST_CHECK
int oi_modset_upload(const struct oi_host *host, const struct oi_config *config,
		     const char *place, const struct oi_modset *set, struct oi_err *err);

#endif
