/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Secrets in nasty places go; what is none stays to the letter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/mem.h"
#include "report/clean.h"
#include "report/report.h"

struct pair {
	const char *in, *out;
};

static void check_pairs(const struct pair *pairs, size_t n)
{
	size_t wrong = 0;

	for (size_t i = 0; i < n; i++) {
		OI_FREE char *once = oi_redact(pairs[i].in);
		OI_FREE char *twice = oi_redact(once);

		if (strcmp(once, pairs[i].out) || strcmp(twice, once)) {
			print_message("in:       %s\nexpected: %s\nonce:     %s\ntwice:    %s\n\n",
				      pairs[i].in, pairs[i].out, once, twice);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

static void test_queries(void **state OI_UNUSED)
{
	static const struct pair pairs[] = {
		{ "fetch https://a.blob.example/c/f.deb?sv=2022-11-02&se=2027-01-01&sr=b&sp=r&sig=aB%2Bc%3D now",
		  "fetch https://a.blob.example/c/f.deb?sv=REDACTED&se=REDACTED&sr=REDACTED&sp=REDACTED&sig=REDACTED now" },
		{ "https://h/f?SIG=x", "https://h/f?SIG=REDACTED" },
		/* found by the fuzzer: what hides the one uncovers the other */
		{ "x=u:p@Bearer abcdefghijklmnopqrstuvw", "x=REDACTED@Bearer REDACTED" },
		{ "https://h/f?s%69g=x", "https://h/f?s%69g=REDACTED" },
		{ "https://h/f?a=1&amp;sig=x", "https://h/f?a=REDACTED&REDACTED;sig=REDACTED" },
		{ "https://h/f?sig=x;y", "https://h/f?sig=REDACTED;REDACTED" },
		{ "https://h/f?u=https%3A%2F%2Fi%3Fsig%3Dabc", "https://h/f?u=REDACTED" },
		{ "https://h/f?next=https://i/?sig=abc", "https://h/f?next=REDACTED?sig=REDACTED" },
		{ "https://h/#access_token=abc&x=1", "https://h/#access_token=REDACTED&x=REDACTED" },
		{ "https://h/f?x=1#sig=abc", "https://h/f?x=REDACTED#sig=REDACTED" },
		{ "https://s3/f?X-Amz-Credential=A&X-Amz-Signature=B&X-Amz-Expires=9",
		  "https://s3/f?X-Amz-Credential=REDACTED&X-Amz-Signature=REDACTED&X-Amz-Expires=REDACTED" },
		{ "GET /c/f.deb?sp=r&sig=abc HTTP/1.1", "GET /c/f.deb?sp=REDACTED&sig=REDACTED HTTP/1.1" },
		{ "<https://h/f?sig=x>, then", "<https://h/f?sig=REDACTED>, then" },
		{ "url='https://h/f?sig=x' next", "url='https://h/f?sig=REDACTED' next" },
		{ "sv=2022&sig=abc%3D", "sv=2022&sig=REDACTED" },
		{ "https://h/f?sig=", "https://h/f?sig=REDACTED" },
		{ "https://h/f?code=abc", "https://h/f?code=REDACTED" },
		{ "https://h/f?subscription-key=abc", "https://h/f?subscription-key=REDACTED" },
	};

	check_pairs(pairs, OI_ARRAY_SIZE(pairs));
}

static void test_credentials(void **state OI_UNUSED)
{
	static const struct pair pairs[] = {
		{ "proxy http://user:secret@proxy:3128/ used", "proxy http://REDACTED@proxy:3128/ used" },
		{ "https://token@host/x", "https://REDACTED@host/x" },
		{ "http://u:p@ss@host/", "http://REDACTED@host/" },
		{ "http://u:p/ss@host/", "http://REDACTED@host/" },
		{ "http://u:p?ss@host/", "http://REDACTED@host/" },
		{ "http://u:p#ss@host/", "http://REDACTED@host/" },
		{ "http://u:p%40ss@host/", "http://REDACTED@host/" },
		{ "http://u:p@[::1]:3128/", "http://REDACTED@[::1]:3128/" },
		{ "https://a/r?u=http://user:pw@b/", "https://a/r?u=http://REDACTED@b/" },
		{ "http_proxy=http://u:p@h:1", "http_proxy=http://REDACTED@h:1" },
		{ "proxy: user:secret@proxy:3128", "proxy: REDACTED@proxy:3128" },
		{ "proxy=user:secret@proxy:3128", "proxy=REDACTED@proxy:3128" },
		{ "user:pw@h,http://i/", "REDACTED@h,http://i/" },
		{ "{\"url\":\"https:\\/\\/u:p@h\\/\"}", "{\"url\":\"REDACTED@h\\/\"}" },
		{ "https://u:p@h/f?sig=x", "https://REDACTED@h/f?sig=REDACTED" },
		{ "Err:1 https://u:p@h/debian bookworm Release", "Err:1 https://REDACTED@h/debian bookworm Release" },
	};

	check_pairs(pairs, OI_ARRAY_SIZE(pairs));
}

static void test_headers(void **state OI_UNUSED)
{
	static const struct pair pairs[] = {
		{ "> Authorization: Basic dXNlcjpwYXNz", "> Authorization: REDACTED" },
		{ "proxy-authorization:Bearer abc def", "proxy-authorization:REDACTED" },
		{ "curl -H 'Authorization: Bearer abc' https://h/", "curl -H 'Authorization: REDACTED' https://h/" },
		{ "curl -H \"X-Api-Key: abc\" https://h/", "curl -H \"X-Api-Key: REDACTED\" https://h/" },
		{ "{\"Authorization\": \"Bearer a\\\"bc\", \"x\": 1}", "{\"Authorization\": \"REDACTED\", \"x\": 1}" },
		{ "body {\\\"Authorization\\\": \\\"Bearer a b\\\", \\\"x\\\": 1}",
		  "body {\\\"Authorization\\\": \\\"REDACTED\\\", \\\"x\\\": 1}" },
		{ "Set-Cookie: id=abc; Secure", "Set-Cookie: REDACTED" },
		{ "Authorization=Basic dXNlcjpwYXNz", "Authorization=REDACTED" },
		{ "Authorization:", "Authorization:" },
		{ "sent Bearer eyJhbGciOi.eyJzdWIi.sig-_9 to it", "sent Bearer REDACTED to it" },
		{ "bearer: 0123456789abcdef", "bearer: REDACTED" },
		{ "Bearer abcdefghijklmnopqrstuvwxyz", "Bearer REDACTED" },
	};

	check_pairs(pairs, OI_ARRAY_SIZE(pairs));
}

static void test_key_material(void **state OI_UNUSED)
{
	static const struct pair pairs[] = {
		{ "x -----BEGIN PRIVATE KEY-----\nMIIE\nabcd\n-----END PRIVATE KEY-----\ny",
		  "x [REDACTED PRIVATE KEY]\ny" },
		{ "-----BEGIN RSA PRIVATE KEY----- MIIE abcd", "[REDACTED RSA PRIVATE KEY]" },
		{ "a -----BEGIN A-----x-----END A----- b -----BEGIN B-----y-----END B----- c",
		  "a [REDACTED A] b [REDACTED B] c" },
		{ "{\"key\":\"-----BEGIN EC PRIVATE KEY-----\\nMHc\\n-----END EC PRIVATE KEY-----\\n\"}",
		  "{\"key\":\"[REDACTED EC PRIVATE KEY]\\n\"}" },
		{ "-----BEGIN PRIVATE", "[REDACTED key]" },
		{ "-----BEGIN A-----x-----END A", "[REDACTED A]" },
	};

	check_pairs(pairs, OI_ARRAY_SIZE(pairs));
}

static void test_pairs(void **state OI_UNUSED)
{
	static const struct pair pairs[] = {
		{ "tool --password=hunter2 --user=x", "tool --password=REDACTED --user=x" },
		{ "DB_PASSWORD=a,b", "DB_PASSWORD=REDACTED,b" },
		{ "DefaultEndpointsProtocol=https;AccountName=n;AccountKey=abc==;EndpointSuffix=x",
		  "DefaultEndpointsProtocol=https;AccountName=n;AccountKey=REDACTED;EndpointSuffix=x" },
		{ "access_token=abc", "access_token=REDACTED" },
		{ "SharedAccessSignature=sv%3D1", "SharedAccessSignature=REDACTED" },
	};

	check_pairs(pairs, OI_ARRAY_SIZE(pairs));
}

/* A name, and its value behind it, in whichever form. */
static void test_named(void **state OI_UNUSED)
{
	static const struct pair pairs[] = {
		{ "{\"password\": \"hunter2 x\", \"user\": \"me\"}", "{\"password\": \"REDACTED\", \"user\": \"me\"}" },
		{ "{'db_passwd':'hunter2'}", "{'db_passwd':'REDACTED'}" },
		{ "{\\\"client_secret\\\": \\\"hunter2\\\", \\\"n\\\": 1}", "{\\\"client_secret\\\": \\\"REDACTED\\\", \\\"n\\\": 1}" },
		{ "{\"pwd\": 12345, \"n\": 1}", "{\"pwd\": REDACTED, \"n\": 1}" },
		{ "{\"token\": {\"kind\": \"x\"}}", "{\"token\": {\"kind\": \"x\"}}" },
		{ "  password: correct horse battery", "  password: REDACTED" },
		{ "- Password : hunter2", "- Password : REDACTED" },
		{ "passphrase = \"a b\" end", "passphrase = \"REDACTED\" end" },
		{ "password='a b' end", "password='REDACTED' end" },
		{ "x-access-token: abc, user: me", "x-access-token: REDACTED, user: me" },
		{ "tool --token abc --user me", "tool --token REDACTED --user me" },
		{ "tool --token 'a b' --user me", "tool --token 'REDACTED' --user me" },
		{ "tool --api-key abc", "tool --api-key REDACTED" },
		{ "tool -password abc", "tool -password REDACTED" },
		{ "tool --password --verbose", "tool --password --verbose" },
		{ "curl -u me:hunter2 https://h/", "curl -u REDACTED https://h/" },
		{ "curl -ume:hunter2 https://h/", "curl -uREDACTED https://h/" },
		{ "curl --user 'me:hunter 2' https://h/", "curl --user 'REDACTED' https://h/" },
		{ "curl --proxy-user=me:hunter2 https://h/", "curl --proxy-user=REDACTED https://h/" },
		{ "curl -U me:hunter2 -x p:1", "curl -U REDACTED -x p:1" },
		{ "machine h.example login me password hunter2", "machine h.example login me password REDACTED" },
		{ "login me password hunter2 machine i", "login me password REDACTED machine i" },
		{ "	password hunter2", "	password REDACTED" },
		{ "AWS_SECRET_ACCESS_KEY=a/b+c", "AWS_SECRET_ACCESS_KEY=REDACTED" },
		{ "export AZURE_STORAGE_KEY: abc", "export AZURE_STORAGE_KEY: REDACTED" },
		{ "aws_secret_access_key = a/b+c", "aws_secret_access_key = REDACTED" },
		{ "https%3A%2F%2Fh%2Ff%3Fsv%3D1%26sig%3Dabc", "httpsREDACTED" },
		{ "https://h/f?u=https%253A%252F%252Fi%253Fsig%253Dabc", "https://h/f?u=REDACTED" },
		{ "{\"u\":\"https://h/f?sv=1\\u0026sig=abc\"}", "{\"u\":\"https://h/f?sv=REDACTED\"}" },
		{ "password:", "password:" },
		{ "password: ", "password: " },
	};

	check_pairs(pairs, OI_ARRAY_SIZE(pairs));
}

/* What the user has told us goes wherever it stands, also without anything that says what it is. */
static void test_known(void **state OI_UNUSED)
{
	static const char stanza[] =
		"{\"infiniband\": {\"source\": {\"proxy\": \"http://me:hun%40ter2@p:3128\","
		" \"mirrors\": [\"https://b.example/c?sv=2022-11-02&sig=aB%2Bc%3D\"]},"
		" \"report\": {\"webhook\": \"https://hook.example/services/T0/B0/9f8e7d6c5b4a3928\"},"
		" \"passwd\": \"open sesame\", \"driver\": \"inbox\"}}";
	static const struct pair pairs[] = {
		{ "he said hun@ter2, or hun%40ter2", "he said REDACTED, or REDACTED" },
		{ "a signature aB+c= and aB%2Bc%3D alone", "a signature REDACTED and REDACTED alone" },
		{ "POST https://hook.example/services/T0/B0/9f8e7d6c5b4a3928: 404", "POST https://REDACTED: 404" },
		{ "POST /services/T0/B0/9f8e7d6c5b4a3928 HTTP/1.1", "POST /services/T0/B0/REDACTED HTTP/1.1" },
		{ "open sesame!", "REDACTED!" },
		{ "inbox from https://b.example/c is 2022-11-02", "inbox from https://b.example/c is 2022-11-02" },
	};
	OI_DOC_AUTO *doc = NULL;
	struct oi_err err;

	assert_int_equal(oi_doc_from_json(stanza, sizeof(stanza) - 1, "x", 1, &doc, &err), 0);
	oi_redact_know_doc(doc);
	check_pairs(pairs, OI_ARRAY_SIZE(pairs));
	oi_redact_know("RED"); /* would never come to an end */
	oi_redact_know("DACT");
	oi_redact_know("abc");
	oi_redact_know(NULL);
	check_pairs(&(struct pair){ "abc REDACTED", "abc REDACTED" }, 1);
	oi_redact_forget();
	check_pairs(&(struct pair){ "open sesame!", "open sesame!" }, 1);
}

static void test_documents(void **state OI_UNUSED)
{
	static const char json[] = "{\"a\": {\"apiKey\": \"x y\", \"pwd\": 17, \"token\": null, \"n\": 17,"
				   " \"list\": [\"https://u:p@h/\"]}}";
	OI_DOC_AUTO *doc = NULL;
	OI_FREE char *text = NULL;
	struct oi_err err;

	assert_int_equal(oi_doc_from_json(json, sizeof(json) - 1, "x", 1, &doc, &err), 0);
	oi_report_redact_doc(doc);
	text = oi_doc_to_json(doc, false);
	assert_string_equal(text, "{\"a\":{\"apiKey\":\"REDACTED\",\"pwd\":\"REDACTED\",\"token\":null,\"n\":17,"
				  "\"list\":[\"https://REDACTED@h/\"]}}");
}

/* What a person needs for finding the fault must come through as it was. */
static void test_innocent(void **state OI_UNUSED)
{
	static const char *const lines[] = {
		"",
		" ",
		"Get:1 http://mirror.example:8080/debian bookworm/main amd64 rdma-core amd64 44.0-2 [64.2 kB]",
		"https://h/path?version=3.2.1&arch=x86_64",
		"https://h/f?keyword=rdma&design=1&author=me&signal=9",
		"https://h:8080/@scope/pkg@1.2",
		"file:///var/lib/x@y",
		"https://[fe80::1]:443/x",
		"http://h/?mail=a@b",
		"mlx5_core 0101:00:00.0: firmware version: 20.31.1014",
		"7: ib0@eth0: <BROADCAST,MULTICAST,UP> mtu 2044",
		"user@example.org said so",
		"user@1000.service: Main process exited, code=exited, status=1/FAILURE",
		"openibd@mlx5:x failed",
		"module.sig_enforce=1 lockdown=none keys=3 token ring",
		"Authorization failed",
		"the bearer of bad news",
		"Bearer authentication is off",
		"-----END PRIVATE KEY-----",
		"----- BEGIN -----",
		"dkms: mlnx-ofed-kernel/25.10, 6.8.0-1015-azure, x86_64: installed",
		"what? why=because",
		"rule stanza: pass: driver: inbox, version: default",
		"the password is wrong",
		"useradd --user group -u 1000 me",
		"wrong password given by pam",
		"https%3A%2F%2Fh%2Fpath%20x",
		"C:\\dir\\token.c",
		"sha256=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		"exit 11 (Mellanox InfiniBand not found on this VM size): device-missing",
		"100% done, %zz and %",
		"gr\303\274\303\237e",
	};
	size_t wrong = 0;

	for (size_t i = 0; i < OI_ARRAY_SIZE(lines); i++) {
		OI_FREE char *out = oi_redact(lines[i]);

		if (strcmp(out, lines[i])) {
			print_message("in:  %s\nout: %s\n", lines[i], out);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

/* A secret at any place of a line, cut off at any length, never comes through whole. */
static void test_cut_anywhere(void **state OI_UNUSED)
{
	static const char line[] =
		"try https://user:S3CR3Tpw@h/f?se=1&sig=S3CR3Tsig with Authorization: Bearer S3CR3Ttok";

	for (size_t cut = 0; cut < sizeof(line); cut++) {
		OI_FREE char *part = oi_mem_ndup(line, cut);
		OI_FREE char *out = oi_redact(part);

		assert_null(strstr(out, "S3CR3Tsig"));
		assert_null(strstr(out, "S3CR3Ttok"));
		if (strchr(part, '@'))
			assert_null(strstr(out, "S3CR3Tpw"));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_queries),
		cmocka_unit_test(test_credentials),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_key_material),
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_named),
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_documents),
		cmocka_unit_test(test_innocent),
		cmocka_unit_test(test_cut_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
