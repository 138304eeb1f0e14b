/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A vendor's keys, judged by fingerprint before anything trusts them: gpg, with a home
 * of its own where a key means nothing yet.
 */
#ifndef OI_EXECUTE_TOOLS_KEYRING_H
#define OI_EXECUTE_TOOLS_KEYRING_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/strv.h"
#include "model/verdict.h"
#include "sys/host.h"
#include "sys/run.h"

/** oi_keyring_reset() - an empty one; @home: folder on the changed root, like all of these */
OI_MUST_CHECK
int oi_keyring_reset(const struct oi_host *host, const char *home, struct oi_err *err);

/**
 * oi_keyring_import() - all keys of a file, armored or not
 * @file: as a child sees it; a key in it that gpg does not take is warned of
 */
OI_MUST_CHECK
int oi_keyring_import(const struct oi_host *host, const char *home, const char *file,
		      struct oi_err *err);

/**
 * oi_keyring_judge() - the accepted ones, armored, into a file
 * @step: its keys may sign, its refused ones must not; what is in neither is left out too
 * @to: path on the changed root
 * @accepted: appended to: their fingerprints
 * Return: 0, or -1 with OI_R_REPOSITORY_UNTRUSTED when there is none, naming those that are.
 */
OI_MUST_CHECK
int oi_keyring_judge(const struct oi_host *host, const char *home, const struct oi_step *step,
		     const char *to, struct oi_strv *accepted, struct oi_err *err);

/**
 * oi_keyring_verify() - is a file's detached signature by one of these keys
 * @accepted: fingerprints
 * Return: 0, or -1 with OI_R_REPOSITORY_UNTRUSTED.
 */
OI_MUST_CHECK
int oi_keyring_verify(const struct oi_host *host, const char *home, const char *signature,
		      const char *file, const struct oi_strv *accepted, struct oi_err *err);

/** oi_keyring_is_policy() - do these words say that the system's policy takes no such key */
bool oi_keyring_is_policy(const char *words);

/**
 * oi_keyring_not_taken() - an accepted key that a program does not take: by policy, or else
 * @program: its name
 * @result: of the program; when it did not end by itself @err is left as it is
 * Return: -1, with OI_R_KEY_POLICY or OI_R_REPOSITORY_UNTRUSTED and its words.
 */
int oi_keyring_not_taken(const char *program, const struct oi_run_result *result,
			 struct oi_err *err);

#endif
