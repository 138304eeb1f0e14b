/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/options.h"

#include <getopt.h>
#include <string.h>

#include "base/mem.h"
#include "base/suggest.h"
#include "model/reasons.h"

/* Where Azure's metadata service answers: link-local, in every VM. */
#define IMDS_URL "http://169.254.169.254"

enum option_id {
	OPT_CONFIG = 256,
	OPT_FACTS,
	OPT_SYSROOT,
	OPT_ROOT,
	OPT_PCI_DUMP,
	OPT_IMDS,
	OPT_CATALOG,
	OPT_FORMAT,
	OPT_OUTPUT,
	OPT_SAVE,
	OPT_WAIT,
	OPT_TIMINGS,
	OPT_KERNEL,
	OPT_SIZE,
	OPT_PREFETCH_ONLY,
	OPT_SIGN,
	OPT_FROM,
	OPT_PACKAGE_URL,
	OPT_SHA256,
	OPT_GZIP,
};

static const struct option table[] = {
	{ "config", required_argument, NULL, OPT_CONFIG },
	{ "facts", required_argument, NULL, OPT_FACTS },
	{ "sysroot", required_argument, NULL, OPT_SYSROOT },
	{ "root", required_argument, NULL, OPT_ROOT },
	{ "pci-dump", required_argument, NULL, OPT_PCI_DUMP },
	{ "imds", required_argument, NULL, OPT_IMDS },
	{ "catalog", required_argument, NULL, OPT_CATALOG },
	{ "format", required_argument, NULL, OPT_FORMAT },
	{ "output", required_argument, NULL, OPT_OUTPUT },
	{ "save", required_argument, NULL, OPT_SAVE },
	{ "wait", no_argument, NULL, OPT_WAIT },
	{ "timings", no_argument, NULL, OPT_TIMINGS },
	{ "kernel", required_argument, NULL, OPT_KERNEL },
	{ "size", required_argument, NULL, OPT_SIZE },
	{ "sign", required_argument, NULL, OPT_SIGN },
	{ "prefetch-only", no_argument, NULL, OPT_PREFETCH_ONLY },
	{ "from", required_argument, NULL, OPT_FROM },
	{ "package-url", required_argument, NULL, OPT_PACKAGE_URL },
	{ "sha256", required_argument, NULL, OPT_SHA256 },
	{ "gzip", no_argument, NULL, OPT_GZIP },
	{ "verbose", no_argument, NULL, 'v' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

const char *oi_options_help(void)
{
	return "usage: ofed-init [OPTION...] COMMAND [ARGUMENT...]\n"
	       "\n"
	       "InfiniBand for Azure VMs, set up before the first user command.\n"
	       "\n"
	       "Commands:\n"
	       "  run            look, decide, install, prove, report: the main job\n"
	       "  prefetch       download what run is going to need, and nothing else\n"
	       "  plan           say what run would do and why; changes nothing\n"
	       "  facts          what is known of this machine (--save FILE keeps it)\n"
	       "  verify         check the drivers and the fabric\n"
	       "  status         how the last run ended (--wait: wait for its end first;\n"
	       "                 --timings: only where its time went)\n"
	       "  report         a page about the last run (--format html, svg or text;\n"
	       "                 --output FILE)\n"
	       "  collect        all that a bug report needs, without secrets (--output FILE)\n"
	       "  validate FILE  check a stanza\n"
	       "  user-data      the user-data of a plain image, from a stanza (--from FILE,\n"
	       "                 --package-url URL --sha256 DIGEST, --gzip)\n"
	       "  schema         the stanza's JSON Schema\n"
	       "  catalog        VM sizes and driver releases that are known\n"
	       "  bake           put the driver into an image (--root DIR, --kernel RELEASE,\n"
	       "                 --size NAME, repeatable; --prefetch-only)\n"
	       "  bundle create FOLDER | bundle publish\n"
	       "                 the modules compiled here, for others that are exactly alike\n"
	       "                 (--sign KEYFILE)\n"
	       "  clean          forget what belongs to this VM, before an image is captured\n"
	       "  uninstall      go back to the distribution's own drivers\n"
	       "\n"
	       "Options:\n"
	       "  --config FILE    read the stanza here instead of searching (repeatable)\n"
	       "  --facts FILE     decide from a snapshot instead of looking\n"
	       "  --sysroot DIR    look at this tree as if it were the machine\n"
	       "  --root DIR       change this tree instead of /\n"
	       "  --pci-dump FILE  take the PCI functions from the output of lspci -x\n"
	       "  --imds URL       ask this metadata service\n"
	       "  --catalog DIR    add catalog files from here instead of /etc/ofed-init/catalog.d\n"
	       "  --format FORM    text or json; report: html, svg or text\n"
	       "  --output FILE    write the report there\n"
	       "  --wait           status: until the run has ended; verify: until ports are up\n"
	       "  -v, --verbose    say more\n"
	       "  --version, --help\n"
	       "\n"
	       "Exit: 0 done, skipped or ready; 1 usage; 10 no Hyper-V services; 11 no InfiniBand\n"
	       "device; 12 image not supported; 13 VM size not supported; 14 failed. ofed-init(8)\n";
}

static int take_format(struct oi_options *o, const char *value, struct oi_err *err)
{
	static const char *const names[] = {
		[OI_FORMAT_TEXT] = "text",
		[OI_FORMAT_JSON] = "json",
		[OI_FORMAT_HTML] = "html",
		[OI_FORMAT_SVG] = "svg",
	};

	for (size_t i = OI_FORMAT_TEXT; i < OI_ARRAY_SIZE(names); i++) {
		if (strcmp(value, names[i]) != 0)
			continue;
		o->format = (enum oi_format)i;
		o->json = o->format == OI_FORMAT_JSON;
		return 0;
	}
	return oi_err_set(err, OI_R_USAGE, "--format is text or json, not \"%s\"", value);
}

/* A drawing of a plan, or a report that only result.json could be: better said than ignored. */
static int check_format(const struct oi_options *o, struct oi_err *err)
{
	bool report = o->command && !strcmp(o->command, "report");

	if (report && o->format == OI_FORMAT_JSON)
		return oi_err_set(err, OI_R_USAGE, "report has --format html, svg or text; as json there is status --format json");
	if (!report && (o->format == OI_FORMAT_HTML || o->format == OI_FORMAT_SVG))
		return oi_err_set(err, OI_R_USAGE, "--format is text or json; html and svg are for report");
	return 0;
}

static int take(struct oi_options *o, int option, const char *value, struct oi_err *err)
{
	switch (option) {
	case OPT_CONFIG:
		oi_strv_add(&o->configs, value);
		break;
	case OPT_FACTS:
		o->facts = value;
		break;
	case OPT_SYSROOT:
		o->sysroot = value;
		break;
	case OPT_ROOT:
		o->root = value;
		break;
	case OPT_PCI_DUMP:
		o->pci_dump = value;
		break;
	case OPT_IMDS:
		o->imds = value;
		break;
	case OPT_CATALOG:
		o->catalog = value;
		break;
	case OPT_FORMAT:
		return take_format(o, value, err);
	case OPT_OUTPUT:
		o->output = value;
		break;
	case OPT_SAVE:
		o->save = value;
		break;
	case OPT_WAIT:
		o->wait = true;
		break;
	case OPT_TIMINGS:
		o->timings = true;
		break;
	case OPT_KERNEL:
		o->kernel = value;
		break;
	case OPT_SIZE:
		oi_strv_add(&o->sizes, value);
		break;
	case OPT_SIGN:
		o->sign = value;
		break;
	case OPT_PREFETCH_ONLY:
		o->prefetch_only = true;
		break;
	case OPT_FROM:
		o->from = value;
		break;
	case OPT_PACKAGE_URL:
		o->package_url = value;
		break;
	case OPT_SHA256:
		o->sha256 = value;
		break;
	case OPT_GZIP:
		o->gzip = true;
		break;
	case 'v':
		o->verbose = true;
		break;
	case 'V':
		o->version = true;
		break;
	case 'h':
		o->help = true;
		break;
	default:
		return -1;
	}
	return 0;
}

/* @typed: as it was, with its dashes */
static int no_option(const char *typed, struct oi_err *err)
{
	const char *names[OI_ARRAY_SIZE(table)];
	OI_FREE char *name = NULL;
	const char *near = NULL;
	size_t n = 0;

	if (!strncmp(typed, "--", 2)) {
		for (; table[n].name; n++)
			names[n] = table[n].name;
		name = oi_mem_ndup(typed + 2, strcspn(typed + 2, "="));
		near = oi_near_word(name, names, n);
	}
	if (near)
		return oi_err_set(err, OI_R_USAGE, "there is no option --%s; did you mean --%s?", name, near);
	return oi_err_set(err, OI_R_USAGE, "there is no option %s", typed);
}

int oi_options_read(int argc, char **argv, struct oi_options *options, struct oi_err *err)
{
	int option;

	memset(options, 0, sizeof(*options));
	options->sysroot = "/";
	options->root = "/";
	options->imds = IMDS_URL;
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":vVh", table, NULL)) != -1) {
		if (option == ':')
			return oi_err_set(err, OI_R_USAGE, "%s wants a value", argv[optind - 1]);
		if (option == '?')
			return no_option(argv[optind - 1], err);
		if (take(options, option, optarg, err))
			return -1;
	}
	if (optind < argc)
		options->command = argv[optind++];
	for (; optind < argc; optind++)
		oi_strv_add(&options->arguments, argv[optind]);
	if (!options->command && !options->help && !options->version)
		return oi_err_set(err, OI_R_USAGE, "a command is missing");
	return check_format(options, err);
}

void oi_options_clear(struct oi_options *options)
{
	oi_strv_clear(&options->arguments);
	oi_strv_clear(&options->configs);
	oi_strv_clear(&options->sizes);
}
