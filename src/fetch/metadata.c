/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fetch/metadata.h"

#include <inttypes.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/mem.h"
#include "fetch/retry.h"
#include "fetch/transfer.h"
#include "model/reasons.h"

/*
 * 2021-02-01 is the version that the service's own documentation uses in all of
 * its examples. It has all that is asked for (compute.vmSize, vmId, location and
 * storageProfile.imageReference are from 2019 or before), every cloud has it, and
 * a version that is served once stays.
 * Source: learn.microsoft.com, "Azure Instance Metadata Service", Usage
 */
#define INSTANCE_PATH "/metadata/instance?api-version=2021-02-01"

/* Without it the service refuses: a request forged through a proxy has none. */
#define METADATA_HEADER "Metadata: true"

static int begin(void *data, long status, const struct oi_headers *headers, int64_t length,
		 struct oi_err *err)
{
	(void)status;
	(void)headers;
	(void)length;
	(void)err;
	oi_buf_reset(data);
	return 0;
}

static int add(void *data, const void *bytes, size_t len, struct oi_err *err)
{
	(void)err;
	oi_buf_add(data, bytes, len);
	return 0;
}

static struct oi_doc *without_user_data(struct oi_doc *doc)
{
	struct oi_doc *compute = oi_doc_take(doc, "compute");

	if (compute && compute->kind == OI_DOC_MAP) {
		oi_doc_free(oi_doc_take(compute, "userData"));
		oi_doc_free(oi_doc_take(compute, "customData"));
	}
	if (compute)
		oi_doc_put(doc, "compute", compute);
	return doc;
}

static int parse(const struct oi_buf *body, struct oi_doc **doc, struct oi_err *err)
{
	if (oi_doc_from_json(oi_buf_str(body), body->len, "answer", OI_R_METADATA_UNAVAILABLE,
			     doc, err))
		return -1;
	if ((*doc)->kind != OI_DOC_MAP)
		return oi_err_set(err, OI_R_METADATA_UNAVAILABLE, "the answer is not a JSON object");
	return 0;
}

/*
 * 404 and 410 are what the service says while it is being updated, 410 for up to
 * 70 seconds, so they heal here.
 * Source: learn.microsoft.com, "How to use managed identities ... access token", Retry guidance
 */
static bool may_heal(enum oi_transfer_end end, long status)
{
	return end == OI_TRANSFER_MAY_HEAL || status == 404 || status == 410;
}

int oi_metadata_get(const struct oi_fetch_request *request, struct oi_err *err)
{
	OI_FREE char *url = oi_mem_printf("%s%s", request->base, INSTANCE_PATH);
	OI_CLEANUP(oi_buf_clear) struct oi_buf body = { 0 };
	static const char *const headers[] = { METADATA_HEADER, NULL };
	const struct oi_transfer transfer = {
		.url = url,
		.headers = headers,
		.deadline_ms = request->deadline_ms,
		.connect_ms = request->connect_ms,
		.try_ms = request->try_ms,
		.max_bytes = request->max_bytes,
		.begin = begin,
		.write = add,
		.data = &body,
	};

	for (unsigned int failed = 1;; failed++) {
		OI_CLEANUP(oi_transfer_result_clear) struct oi_transfer_result result = { 0 };
		OI_DOC_AUTO *doc = NULL;
		enum oi_transfer_end end = oi_transfer_run(&transfer, &result, err);
		int64_t wait_ms;

		if (end == OI_TRANSFER_DONE) {
			if (!parse(&body, &doc, err)) {
				doc = without_user_data(doc);
				oi_fetch_answer_document(doc);
				oi_fetch_answer_done(&(struct oi_fetch_done){
					.source = request->base, .bytes = (int64_t)body.len });
				return 0;
			}
			/* A half-awake service, or somebody else's page: it may pass. */
			end = OI_TRANSFER_MAY_HEAL;
		}
		err->code = OI_R_METADATA_UNAVAILABLE;
		if (!may_heal(end, result.status))
			return -1;
		wait_ms = oi_retry_wait_ms(request->backoff_ms, failed, result.asked_ms,
					   oi_retry_random());
		oi_fetch_answer_note("%s; next try in %" PRId64 " ms", err->text, wait_ms);
		if (!oi_retry_sleep(wait_ms, request->deadline_ms))
			return oi_err_prefix(err, "no time left after %u tries", failed);
	}
}
