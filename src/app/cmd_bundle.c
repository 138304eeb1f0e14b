/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bundle: the modules that this machine has compiled, for others that are exactly like it. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/machine.h"
#include "base/mem.h"
#include "decide/decide.h"
#include "execute/cache/modset.h"
#include "execute/cache/publisher.h"
#include "execute/modules/signing.h"
#include "sys/fetcher.h"
#include "sys/lock.h"

/* Where to; NULL with @err. Borrowed. */
static const char *place_of(const struct oi_machine *machine, struct oi_err *err)
{
	const struct oi_strv *words = &machine->options->arguments;
	const char *url = machine->config.modules_cache.url;

	if (words->n == 2 && !strcmp(words->v[0], "create")) {
		if (*words->v[1] == '/')
			return words->v[1];
		oi_err_set(err, OI_R_USAGE, "bundle create needs the absolute path of a folder");
		return NULL;
	}
	if (words->n == 1 && !strcmp(words->v[0], "publish")) {
		if (url)
			return url;
		oi_err_set(err, OI_R_USAGE, "bundle publish: the stanza has no modules_cache.url");
		return NULL;
	}
	oi_err_set(err, OI_R_USAGE, "bundle needs create FOLDER, or publish");
	return NULL;
}

/* The private key is read in the second program's sandbox, not here. */
static int sign(const struct oi_machine *machine, struct oi_modset *set, struct oi_err *err)
{
	OI_FREE char *text = oi_modset_signed_text(set);
	int fd = oi_signing_open_key(&machine->host.change, machine->options->sign, err);
	int ret;

	if (fd < 0) {
		err->code = OI_R_BUNDLE_KEY;
		return -1;
	}
	ret = oi_fetcher_sign(&machine->host, fd, text, &set->signature, err);
	close(fd);
	return ret ? oi_err_prefix(err, "--sign %s", machine->options->sign) : 0;
}

static int publish_set(struct oi_machine *machine, const char *place, struct oi_err *err)
{
	OI_CLEANUP(oi_modset_clear) struct oi_modset set = { 0 };
	const char *kernel = oi_text_or(&machine->facts.kernel.release, NULL);
	const char *version = oi_text_or(&machine->facts.installed.version, NULL);
	int rc;

	set.key = oi_decide_modules_key(&machine->facts, &machine->config, &machine->catalog);
	if (!set.key)
		return oi_err_set(err, OI_R_MODULES_UNFIT,
				  "the driver of this machine has no modules to share");
	if (oi_modset_create(&machine->host, kernel, version, &set, err) ||
	    (machine->options->sign && sign(machine, &set, err)))
		return -1;
	rc = oi_modset_publish(&machine->host, &machine->config, place, &set, err);
	if (rc < 0)
		return -1;
	if (rc)
		printf("%s: already there, and not changed%s\n", set.key,
		       machine->options->sign ? ", nor signed" : "");
	else
		printf("%s: %zu modules, sha256 %s%s\n", set.file, set.modules.n, set.sha256,
		       set.signature ? ", signed" : "");
	return 0;
}

/* What was packed is where it was wanted, or of no use. */
static void tidy(struct oi_machine *machine)
{
	struct oi_err err;

	if (oi_root_remove(&machine->host.change, OI_STAGING_DIR, &err))
		oi_log_warn(&machine->host.log, "%s", err.text);
}

static int work(struct oi_machine *machine, struct oi_err *err)
{
	OI_CLEANUP(oi_lock_drop) struct oi_lock lock = { .fd = -1 };
	const char *place;
	int ret;

	if (oi_machine_read_config(machine, err))
		return -1;
	place = place_of(machine, err);
	if (!place)
		return -1;
	if (geteuid() != 0)
		return oi_err_set(err, OI_R_NOT_ROOT, "bundle needs root");
	if (oi_lock_take(&machine->host.change, OI_LOCK_PATH, &lock, err))
		return -1;
	oi_publisher_stop(&machine->host); /* what it does is what we are asked for */
	if (oi_machine_read_catalog(machine, err) || oi_machine_read_facts(machine, err))
		return -1;
	oi_machine_ask_size(machine);
	ret = publish_set(machine, place, err);
	tidy(machine);
	return ret;
}

int oi_cmd_bundle(const struct oi_options *options)
{
	OI_CLEANUP(oi_machine_close) struct oi_machine machine;
	struct oi_err err = { 0 };

	if (oi_machine_open(options, &machine, &err) || work(&machine, &err))
		return oi_machine_fail(&err);
	return 0;
}
