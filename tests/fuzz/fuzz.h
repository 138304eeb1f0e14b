/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parsers that untrusted or half-trusted bytes come to, one function each. One
 * program has them all; the name that it is called by chooses (see fuzz.c).
 */
#ifndef OI_TESTS_FUZZ_H
#define OI_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "sys/host.h"

/* @text is NUL-terminated behind @len bytes and may hold NULs before. */
typedef void fuzz_fn(const char *text, size_t len);

fuzz_fn fuzz_stanza, fuzz_catalog, fuzz_facts; /* fuzz_model.c */
fuzz_fn fuzz_request, fuzz_headers, fuzz_url, fuzz_unpack; /* fuzz_fetch.c */
fuzz_fn fuzz_metadata; /* fuzz_metadata.c */
fuzz_fn fuzz_answers; /* fuzz_answers.c */
fuzz_fn fuzz_apt, fuzz_dnf, fuzz_zypper, fuzz_dkms, fuzz_installer, fuzz_apt_source,
	fuzz_rpm_repo, fuzz_redact; /* fuzz_words.c */
fuzz_fn fuzz_os_release, fuzz_instance, fuzz_cloud_config, fuzz_user_data, fuzz_pci, fuzz_record, fuzz_result,
	fuzz_dpkg_status, fuzz_proc_modules, fuzz_modules_dep, fuzz_module; /* fuzz_files.c */
fuzz_fn fuzz_journal, fuzz_state, fuzz_pointer, fuzz_part; /* fuzz_state.c */

/* A machine that is an empty folder in memory, made once. */
extern struct oi_host fuzz_host;

/** fuzz_put() - write a file of that machine, the folders above made */
void fuzz_put(const char *path, const char *bytes, size_t len);

/** fuzz_must() - a property that no input may break: ends the program, which is a finding */
void fuzz_must(int ok, const char *what);

/** fuzz_lines() - calls @each for every line of @text, without its end */
void fuzz_lines(const char *text, void (*each)(void *data, const char *line), void *data);

#endif
