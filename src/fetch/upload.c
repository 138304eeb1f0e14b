/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fetch/upload.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "fetch/identity.h"
#include "fetch/retry.h"
#include "fetch/transfer.h"
#include "model/reasons.h"

/* What is answered says nothing beside its status; errors come as short XML. */
#define ANSWER_BYTES_MAX (64 * 1024)

/*
 * A blob in one request, which the service makes visible at once or not at all; of this
 * version up to 5000 MiB. Other servers do not know these fields, and skip them.
 * Source: learn.microsoft.com, "Put Blob"
 */
#define BLOB_HEADER "x-ms-blob-type: BlockBlob"
/* Never over what is there. Source: RFC 9110, 13.1.2 */
#define CONDITION_HEADER "If-None-Match: *"
#define TYPE_HEADER "Content-Type: application/octet-stream"
/* Who refuses is to do so before the file has been sent in vain. Source: RFC 9110, 10.1.1 */
#define EXPECT_HEADER "Expect: 100-continue"

static int take_answer(void *data, long status, const struct oi_headers *headers, int64_t length,
		 struct oi_err *err)
{
	(void)data;
	(void)status;
	(void)headers;
	(void)length;
	(void)err;
	return 0;
}

static int ignore(void *data, const void *bytes, size_t len, struct oi_err *err)
{
	(void)data;
	(void)bytes;
	(void)len;
	(void)err;
	return 0;
}

static void tell_progress(void *data, int64_t bytes, int64_t total)
{
	(void)data;
	oi_fetch_answer_progress(bytes, total);
}

/*
 * 412 is what HTTP says when there is one already. Azure says 409, and has other uses of
 * that too; to a signature that may create but not write, 403.
 * Source: learn.microsoft.com, "Specifying conditional headers for Blob service operations",
 * "Blob service error codes"
 */
static bool is_there(const struct oi_transfer_result *result)
{
	const char *code = result->error_code;

	return result->status == 412 ||
	       (result->status == 409 && (!*code || !strcmp(code, "BlobAlreadyExists"))) ||
	       (result->status == 403 && !strcmp(code, "UnauthorizedBlobOverwrite"));
}

static void answer(const struct oi_fetch_request *request, int64_t bytes, bool there,
		   int64_t requests, unsigned int tries)
{
	oi_fetch_answer_done(&(struct oi_fetch_done){
		.source = request->urls.v[0],
		.bytes = bytes,
		.cached = there,
		.has_counts = true,
		.requests = requests,
		.retries = tries - 1,
	});
}

/* What no other try would change, in the words of who puts a file somewhere. */
static bool is_settled(const struct oi_transfer *transfer, const struct oi_transfer_result *result,
		       enum oi_transfer_end end, struct oi_err *err)
{
	if (transfer->post)
		return end == OI_TRANSFER_DONE;
	if (end == OI_TRANSFER_HOPELESS && err->code == OI_R_FETCH_STATUS)
		err->code = OI_R_UPLOAD_REFUSED;
	return end == OI_TRANSFER_DONE || is_there(result);
}

static int send_it(const struct oi_fetch_request *request, const struct oi_transfer *transfer,
		   int64_t *requests, struct oi_err *err)
{
	for (unsigned int tries = 1;; tries++) {
		OI_CLEANUP(oi_transfer_result_clear) struct oi_transfer_result result = { 0 };
		enum oi_transfer_end end = oi_transfer_run(transfer, &result, err);
		int64_t wait_ms;

		*requests += result.requests;
		if (is_settled(transfer, &result, end, err)) {
			answer(request, transfer->body_bytes, end != OI_TRANSFER_DONE, *requests, tries);
			return 0;
		}
		if (end != OI_TRANSFER_MAY_HEAL || tries >= (unsigned int)request->tries ||
		    result.asked_ms > OI_RETRY_ASKED_MS_MAX)
			return -1;
		wait_ms = oi_retry_wait_ms(request->backoff_ms, tries, result.asked_ms,
					   oi_retry_random());
		oi_fetch_answer_note("%s; next try in %" PRId64 " ms", err->text, wait_ms);
		if (!oi_retry_sleep(wait_ms, request->deadline_ms))
			return oi_err_prefix(err, "no time left after %u tries", tries);
	}
}

static struct oi_transfer transfer_of(const struct oi_fetch_request *request, int file_fd,
				      int64_t bytes, const char *const *headers, const char *no_proxy)
{
	return (struct oi_transfer){
		.url = request->urls.v[0],
		.headers = headers,
		.proxy = request->proxy,
		.no_proxy = no_proxy,
		.ca_bundle = request->ca_bundle,
		.deadline_ms = request->deadline_ms,
		.connect_ms = request->connect_ms,
		.stall_seconds = request->stall_seconds,
		.max_bytes = ANSWER_BYTES_MAX,
		.put = true,
		.body_fd = file_fd,
		.body_bytes = bytes,
		.begin = take_answer,
		.write = ignore,
		.progress = tell_progress,
	};
}

int oi_upload_put(const struct oi_fetch_request *request, int file_fd, struct oi_err *err)
{
	OI_FREE char *no_proxy = request->no_proxy.n ? oi_strv_join(&request->no_proxy, ",") : NULL;
	const char *headers[] = { BLOB_HEADER,	 OI_IDENTITY_VERSION_HEADER, CONDITION_HEADER,
				  TYPE_HEADER, EXPECT_HEADER, NULL /* of the identity */, NULL };
	char *token = NULL;
	struct oi_transfer transfer;
	int64_t requests = 0;
	struct stat st;
	int ret = -1;

	if (fstat(file_fd, &st) || !S_ISREG(st.st_mode))
		return oi_err_set(err, OI_R_FETCH_FAILED, "what is to be sent is not a regular file");
	if (oi_identity_is_for(request, request->urls.v[0])) {
		if (oi_identity_header(request, &token, &requests, err))
			return -1;
		headers[OI_ARRAY_SIZE(headers) - 2] = token;
	}
	transfer = transfer_of(request, file_fd, st.st_size, headers, no_proxy);
	ret = send_it(request, &transfer, &requests, err);
	oi_identity_forget(&token);
	return ret;
}

int oi_upload_post(const struct oi_fetch_request *request, int file_fd, struct oi_err *err)
{
	OI_FREE char *no_proxy = request->no_proxy.n ? oi_strv_join(&request->no_proxy, ",") : NULL;
	/* it is small: to ask first whether it may come would cost those who never answer that a second */
	static const char *const headers[] = { "Content-Type: application/json", "Expect:", NULL };
	struct oi_transfer transfer;
	int64_t requests = 0;
	struct stat st;

	if (fstat(file_fd, &st) || !S_ISREG(st.st_mode))
		return oi_err_set(err, OI_R_FETCH_FAILED, "what is to be sent is not a regular file");
	transfer = transfer_of(request, file_fd, st.st_size, headers, no_proxy);
	transfer.post = true;
	return send_it(request, &transfer, &requests, err);
}
