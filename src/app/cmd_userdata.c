/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * user-data: what a plain image is given so that ofed-init gets there and finds its stanza.
 *
 * One cloud-config with two keys: bootcmd installs the package in cloud-init's first stage
 * with a network, write_files carries the stanza. No cloud-init warns of either. When the
 * file has more than the stanza, the rest goes along as a part of its own, to the letter.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/machine.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"
#include "sys/clock.h"
#include "sys/run.h"

#define KEY "infiniband"

/* Source: Azure's compute API, osProfile.customData: "The maximum length of the binary array
 * is 65535 bytes", which is what the base64 text decodes to. */
#define CUSTOM_DATA_BYTES 65535

#define GZIP_MS 30000

/* What --from names, cut in two. */
struct source {
	struct oi_buf text;
	char *stanza; /* the lines of the infiniband key */
	char *rest; /* all other lines; NULL: there is no other key */
};

static void source_clear(struct source *source)
{
	oi_buf_clear(&source->text);
	oi_mem_free_p(&source->stanza);
	oi_mem_free_p(&source->rest);
}

/* --- the file --- */

static const char *line_at(const char *text, unsigned int line)
{
	for (; line > 1; line--) {
		const char *end = strchr(text, '\n');

		if (!end)
			return text + strlen(text);
		text = end + 1;
	}
	return text;
}

/* A copy of the lines from @from up to @to, with a newline at their end. */
static void add_lines(struct oi_buf *out, const char *from, const char *to)
{
	oi_buf_add(out, from, (size_t)(to - from));
	if (to > from && to[-1] != '\n')
		oi_buf_adds(out, "\n");
}

static bool same_tree(const char *text, const char *file, const struct oi_doc *wanted)
{
	OI_DOC_AUTO *doc = NULL;
	OI_FREE char *is = NULL;
	OI_FREE char *was = oi_doc_to_json(wanted, false);
	struct oi_err ignored;

	if (oi_doc_from_yaml(text, strlen(text), file, OI_R_STANZA_SYNTAX, &doc, &ignored))
		return false;
	is = oi_doc_to_json(doc, false);
	return !strcmp(is, was);
}

/* @doc: a map that has the key */
static int cut(struct source *source, const char *file, const struct oi_doc *doc,
	       struct oi_err *err)
{
	const char *text = oi_buf_str(&source->text);
	OI_CLEANUP(oi_buf_clear) struct oi_buf stanza = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf rest = { 0 };
	OI_DOC_AUTO *ours = oi_doc_new(OI_DOC_MAP), *others = oi_doc_new(OI_DOC_MAP);
	unsigned int line = oi_doc_get(doc, KEY)->key_line, next = 0;
	const char *from = line_at(text, line), *to;

	for (size_t i = 0; i < doc->n; i++) {
		unsigned int at = doc->items[i]->key_line;

		if (at > line && (!next || at < next))
			next = at;
		oi_doc_put(strcmp(doc->keys[i], KEY) ? others : ours, doc->keys[i],
			   oi_doc_copy(doc->items[i]));
	}
	to = next ? line_at(text, next) : text + strlen(text);
	add_lines(&stanza, from, to);
	add_lines(&rest, text, from);
	add_lines(&rest, to, text + strlen(text));
	/* Braces around all of it, an anchor that the other half needs, a second document. */
	if (!same_tree(oi_buf_str(&stanza), file, ours) ||
	    (others->n && !same_tree(oi_buf_str(&rest), file, others)))
		return oi_err_set(err, OI_R_STANZA_SYNTAX,
				  "%s:%u: the lines of " KEY ": do not stand by themselves; put the stanza into a file of its own",
				  file, line);
	source->stanza = oi_buf_take(&stanza);
	source->rest = others->n ? oi_buf_take(&rest) : NULL;
	return 0;
}

static int read_source(struct oi_machine *machine, const char *file, struct source *source,
		       struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv files = { 0 };
	OI_DOC_AUTO *doc = NULL;

	oi_strv_add(&files, file);
	if (oi_stanza_read(&machine->host, &files, &machine->stanza, err) ||
	    oi_machine_want_stanza(machine, file, err) ||
	    oi_root_read_named(file, OI_DOC_MAX_BYTES, &source->text, err))
		return -1;
	if (!strncmp(oi_buf_str(&source->text), "\xef\xbb\xbf", 3))
		oi_buf_drop(&source->text, 3);
	if (!strncmp(oi_buf_str(&source->text), "## template:", 12))
		return oi_err_set(err, OI_R_STANZA_SYNTAX,
				  "%s: a template is filled in by cloud-init, which would not see the stanza any more; put the stanza into a file of its own",
				  file);
	if (oi_doc_from_yaml(oi_buf_str(&source->text), source->text.len, file, OI_R_STANZA_SYNTAX,
			     &doc, err))
		return -1;
	if (!oi_doc_get(doc, KEY))
		return oi_err_set(err, OI_R_STANZA_TYPE,
				  "%s: its stanza is in parts or in write_files, which cloud-init takes as they are; name a file with the key " KEY ":",
				  file);
	return cut(source, file, doc, err);
}

/* --- the package --- */

struct package {
	const char *url; /* NULL: it is in the image */
	const char *sha256;
	bool rpm; /* else a .deb */
};

/* The address stands between the shell's single quotes. */
static bool is_address(const char *url)
{
	if (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0)
		return false;
	for (const char *c = url; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-._~:/?#[]@!$&()*+,;=%", *c))
			return false;
	return true;
}

static int read_package(const struct oi_options *options, struct package *package,
			struct oi_err *err)
{
	const char *url = options->package_url, *sha256 = options->sha256;
	size_t len = url ? strcspn(url, "?#") : 0;

	package->url = url;
	package->sha256 = sha256;
	if (!url && !sha256)
		return 0;
	if (!url || !sha256)
		return oi_err_set(err, OI_R_USAGE, "--package-url and --sha256 go together");
	if (!is_address(url))
		return oi_err_set(err, OI_R_USAGE, "--package-url: \"%s\" is not an https:// or http:// address",
				  url);
	if (strlen(sha256) != 64 || strspn(sha256, "0123456789abcdefABCDEF") != 64)
		return oi_err_set(err, OI_R_USAGE, "--sha256: expected 64 hexadecimal digits");
	package->rpm = len > 4 && !strncmp(url + len - 4, ".rpm", 4);
	if (!package->rpm && (len <= 4 || strncmp(url + len - 4, ".deb", 4) != 0))
		return oi_err_set(err, OI_R_USAGE, "--package-url: the name must end in .deb or .rpm");
	return 0;
}

/*
 * Not by cloud-init-per, which takes a failure for done: the next boot tries again. Images
 * have curl or python3, on which cloud-init itself runs.
 */
static const char fetch_lines[] =
	"      set -e\n"
	"      done=/var/lib/cloud/instance/sem/ofed_init_package\n"
	"      [ ! -e \"$done\" ] || exit 0\n"
	"      for try in 1 2 3 4 5; do\n"
	"        if command -v curl >/dev/null; then\n"
	"          curl -fsSL --connect-timeout 20 --max-time 300 -o \"$file\" \"$url\" && break\n"
	"        else\n"
	"          timeout 300 python3 -c \"import sys, urllib.request as r; r.urlretrieve(sys.argv[1], sys.argv[2])\" \"$url\" \"$file\" && break\n"
	"        fi\n"
	"        sleep 5\n"
	"      done\n"
	"      echo \"$sha256  $file\" | sha256sum -c -\n";

static const char deb_lines[] =
	"      export DEBIAN_FRONTEND=noninteractive\n"
	"      apt-get -q -o Acquire::Retries=3 update || true\n"
	"      apt-get -q -y -o DPkg::Lock::Timeout=300 install \"$file\"\n";

/* Unsigned as it may be, its digest was right. */
static const char rpm_lines[] =
	"      for tool in dnf yum tdnf; do\n"
	"        command -v $tool >/dev/null || continue\n"
	"        $tool -y --nogpgcheck install \"$file\"\n"
	"        break\n"
	"      done\n"
	"      if command -v zypper >/dev/null; then\n"
	"        zypper --non-interactive --no-gpg-checks install \"$file\"\n"
	"      fi\n"
	"      command -v ofed-init >/dev/null\n";

static void add_bootcmd(const struct package *package, struct oi_buf *out)
{
	if (!package->url)
		return;
	oi_buf_addf(out,
		    "bootcmd:\n"
		    "  - - sh\n"
		    "    - -c\n"
		    "    - |\n"
		    "      url='%s'\n"
		    "      sha256=%s\n"
		    "      file=/run/ofed-init-package.%s\n",
		    package->url, package->sha256, package->rpm ? "rpm" : "deb");
	oi_buf_adds(out, fetch_lines);
	oi_buf_adds(out, package->rpm ? rpm_lines : deb_lines);
	oi_buf_adds(out, "      rm -f \"$file\"\n"
			 "      : >\"$done\"\n");
}

/* --- the parts --- */

/* root's alone: an address in the stanza may be a signed one. */
static void add_write_files(const char *stanza, struct oi_buf *out)
{
	oi_buf_adds(out, "write_files:\n"
			 "  - path: /etc/ofed-init/conf.d/50-user.yaml\n"
			 "    permissions: '0600'\n"
			 "    content: |\n");
	for (const char *line = stanza; *line; line = line_at(line, 2)) {
		size_t len = strcspn(line, "\n");

		if (len)
			oi_buf_addf(out, "      %.*s", (int)len, line);
		oi_buf_adds(out, "\n");
	}
}

static void add_base64(const char *text, struct oi_buf *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *u = (const unsigned char *)text;
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i += 3) {
		unsigned int three = (unsigned int)u[i] << 16 | (i + 1 < len ? u[i + 1] << 8 : 0) |
				     (i + 2 < len ? u[i + 2] : 0);
		char four[4] = { digits[three >> 18], digits[three >> 12 & 63],
				 digits[three >> 6 & 63], digits[three & 63] };

		for (size_t pad = len - i; pad < 3; pad++)
			four[pad + 1] = '=';
		oi_buf_add(out, four, sizeof(four));
		if (i % 57 == 54) /* 76 digits a line. Source: RFC 2045, 6.8 */
			oi_buf_adds(out, "\n");
	}
	oi_buf_adds(out, "\n");
}

static bool is_ascii(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text >= 0x80)
			return false;
	return true;
}

/* @header: of this part alone, with its newline; may be "" */
static void add_part(const char *boundary, const char *header, const char *text,
		     struct oi_buf *out)
{
	/* cloud-init reads a part of 8 bits as if it were Latin 1 */
	bool plain = is_ascii(text);

	oi_buf_addf(out, "--%s\nContent-Type: text/cloud-config; charset=\"utf-8\"\nMIME-Version: 1.0\n"
			 "Content-Transfer-Encoding: %s\n%s\n",
		    boundary, plain ? "7bit" : "base64", header);
	if (plain)
		oi_buf_adds(out, text);
	else
		add_base64(text, out);
	oi_buf_adds(out, "\n"); /* belongs to the boundary that follows. Source: RFC 2046, 5.1.1 */
}

/*
 * Ours comes last: lists of both are joined, theirs first, whatever their merge_how says.
 * Source: cloud-init, "Merging user data sections", the header Merge-Type
 */
static void add_parts(const char *ours, const char *theirs, struct oi_buf *out)
{
	char hash[OI_HASH_TEXT_BYTES];
	OI_FREE char *boundary = NULL;

	oi_hash_text(theirs, hash);
	boundary = oi_mem_printf("ofed-init-%s", hash);
	oi_buf_addf(out, "Content-Type: multipart/mixed; boundary=\"%s\"\nMIME-Version: 1.0\n\n",
		    boundary);
	add_part(boundary, "", theirs, out);
	add_part(boundary, "Merge-Type: list(append)+dict(recurse_array,no_replace)+str()\n", ours,
		 out);
	oi_buf_addf(out, "--%s--\n", boundary);
}

static void compose(const struct source *source, const struct package *package,
		    struct oi_buf *out)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf ours = { 0 };

	oi_buf_adds(&ours, "#cloud-config\n# made by ofed-init " OI_VERSION "\n");
	add_bootcmd(package, &ours);
	add_write_files(source->stanza, &ours);
	if (source->rest)
		add_parts(oi_buf_str(&ours), source->rest, out);
	else
		oi_buf_add(out, ours.data, ours.len);
}

/* --- out --- */

static int compress(const struct oi_machine *machine, struct oi_buf *text, struct oi_err *err)
{
	const char *gzip = machine->host.tools.path[OI_TOOL_GZIP];
	OI_CLEANUP(oi_strv_clear) struct oi_strv argv = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf out = { 0 };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	const struct oi_run_options options = {
		.deadline_ms = oi_clock_ms() + GZIP_MS,
		.request = oi_buf_str(text),
		.stdout_text = &out,
		.stdout_limit_bytes = OI_DOC_MAX_BYTES,
		.quiet_stdout = true,
	};

	if (!gzip)
		return oi_err_set(err, OI_R_TOOL_MISSING, "--gzip: gzip is not installed");
	oi_strv_add(&argv, gzip);
	oi_strv_add(&argv, "-9cnf");
	oi_strv_add(&argv, "/dev/fd/3");
	if (oi_run(argv.v, &options, &result, err))
		return oi_err_prefix(err, "--gzip");
	oi_buf_reset(text);
	oi_buf_add(text, out.data, out.len);
	return 0;
}

static int make(struct oi_machine *machine, struct source *source, struct oi_buf *out,
		struct oi_err *err)
{
	const struct oi_options *options = machine->options;
	struct package package = { 0 };

	if (!options->from)
		return oi_err_set(err, OI_R_USAGE, "user-data needs --from FILE, the stanza");
	if (options->gzip && isatty(STDOUT_FILENO))
		return oi_err_set(err, OI_R_USAGE, "--gzip: compressed data is not written to a terminal; redirect it to a file with >");
	if (read_package(options, &package, err) || read_source(machine, options->from, source, err))
		return -1;
	compose(source, &package, out);
	if (options->gzip && compress(machine, out, err))
		return -1;
	if (out->len > CUSTOM_DATA_BYTES)
		return oi_err_set(err, OI_R_USER_DATA_SIZE, "%s makes %zu bytes%s, and Azure takes %d",
				  options->from, out->len, options->gzip ? " compressed" : "",
				  CUSTOM_DATA_BYTES);
	return 0;
}

int oi_cmd_user_data(const struct oi_options *options)
{
	OI_CLEANUP(oi_machine_close) struct oi_machine machine;
	OI_CLEANUP(source_clear) struct source source = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf out = { 0 };
	struct oi_err err = { 0 };

	if (oi_machine_open(options, &machine, &err) || make(&machine, &source, &out, &err))
		return oi_machine_fail(&err);
	fwrite(out.data, 1, out.len, stdout); /* main looks whether all of it got there */
	return 0;
}
