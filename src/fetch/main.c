/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ofed-fetch: the part of ofed-init that listens to the network. It is started
 * by ofed-init with a request on one descriptor, and answers on another (see
 * protocol.h); nothing of it is for people.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/mem.h"
#include "fetch/download.h"
#include "fetch/keypair.h"
#include "fetch/metadata.h"
#include "fetch/onepass.h"
#include "fetch/protocol.h"
#include "fetch/retry.h"
#include "fetch/sandbox.h"
#include "fetch/signature.h"
#include "fetch/staged_find.h"
#include "fetch/transfer.h"
#include "fetch/unpack.h"
#include "fetch/upload.h"
#include "model/reasons.h"

static int usage(void)
{
	fprintf(stderr, "usage: ofed-fetch 3<request 4>answers 5<staging-folder\n"
			"It is started by ofed-init; see ofed-init(8).\n");
	return 1;
}

static bool is_open(int fd, int not_this_mode)
{
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && (flags & O_ACCMODE) != not_this_mode;
}

static bool is_folder(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISDIR(st.st_mode);
}

static int serve(struct oi_err *err)
{
	OI_CLEANUP(oi_fetch_request_clear) struct oi_fetch_request request = { 0 };
	OI_FREE char *bytes = NULL;
	size_t len = 0;
	const char *no_calls = NULL;
	const char *no_files;

	/* First of all, before anything that came from elsewhere is looked at. */
	if (oi_sandbox_enter(&no_calls, err) ||
	    oi_fetch_request_read(OI_FETCH_REQUEST_FD, &bytes, &len, err) ||
	    oi_fetch_request_parse(bytes, len, oi_retry_now_ms(), &request, err))
		return -1;
	if (oi_fetch_wants(request.op) == OI_FETCH_WANTS_FILE && !is_open(OI_FETCH_STAGING_FD, O_WRONLY))
		return oi_err_set(err, OI_R_FETCH_FAILED, "descriptor %d is not open for reading",
				  OI_FETCH_STAGING_FD);
	if (oi_fetch_wants(request.op) == OI_FETCH_WANTS_FOLDER && !is_folder(OI_FETCH_STAGING_FD))
		return oi_err_set(err, OI_R_FETCH_FAILED, "descriptor %d is not a folder",
				  OI_FETCH_STAGING_FD);
	no_files = oi_sandbox_confine(&request, OI_FETCH_STAGING_FD);
	if (no_calls)
		oi_fetch_answer_debug("system calls are not limited here: %s", no_calls);
	if (no_files)
		oi_fetch_answer_debug("files are not limited here: %s", no_files);
	if (request.op == OI_FETCH_KEY)
		return oi_keypair_check(&request, OI_FETCH_STAGING_FD, err);
	if (request.op == OI_FETCH_SIGN)
		return oi_signature_make(&request, OI_FETCH_STAGING_FD, err);
	if (request.op == OI_FETCH_VERIFY)
		return oi_signature_check(&request, err);
	if (request.op == OI_FETCH_UNPACK)
		return oi_unpack(&request, OI_FETCH_STAGING_FD, err);
	if (request.op == OI_FETCH_CHECK)
		return oi_staged_find_check(&request, OI_FETCH_STAGING_FD, err);
	if (oi_transfer_init(err))
		return -1;
	if (request.op == OI_FETCH_METADATA)
		return oi_metadata_get(&request, err);
	if (request.op == OI_FETCH_UPLOAD)
		return oi_upload_put(&request, OI_FETCH_STAGING_FD, err);
	if (request.op == OI_FETCH_POST)
		return oi_upload_post(&request, OI_FETCH_STAGING_FD, err);
	if (request.op == OI_FETCH_STREAM)
		return oi_onepass_get(&request, OI_FETCH_STAGING_FD, err);
	return oi_download_get(&request, OI_FETCH_STAGING_FD, err);
}

#ifdef __SANITIZE_ADDRESS__
/* The sandbox lets no leak checker stop our threads. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}
#endif

int main(int argc, char **argv)
{
	struct oi_err err = { 0 };

	(void)argv;
	if (argc != 1 || !is_open(OI_FETCH_REQUEST_FD, O_WRONLY) ||
	    !is_open(OI_FETCH_ANSWER_FD, O_RDONLY))
		return usage();
	/* Proxies, certificates, resolver options: nothing of it is taken from here. */
	clearenv();
	signal(SIGPIPE, SIG_IGN); /* a broken connection is an error, not an end */
	if (serve(&err)) {
		oi_fetch_answer_failed(&err);
		return 1;
	}
	return 0;
}
