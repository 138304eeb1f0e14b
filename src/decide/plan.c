/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The chosen driver becomes a complete list of steps: values only, nothing left to find out. */
#include "decide/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/url.h"
#include "decide/artefact.h"
#include "decide/compiled.h"
#include "decide/installed.h"
#include "decide/modules.h"
#include "decide/names.h"
#include "model/holder.h"

/* Where the steps write. */
#define MODULES_LOAD_FILE "/etc/modules-load.d/ofed-init.conf"
#define NO_IPOIB_FILE "/etc/modprobe.d/ofed-init-no-ipoib.conf"
#define BLACKLIST_FILE "/etc/modprobe.d/ofed-init-blacklist.conf"
#define LIMITS_FILE "/etc/security/limits.d/90-ofed-init.conf"
#define RDMA_NAMES_FILE "/etc/udev/rules.d/60-rdma-persistent-naming.rules"
#define SIGNING_FILE "/etc/dkms/framework.conf.d/ofed-init.conf"
#define OPENIB_CONF "/etc/infiniband/openib.conf"
#define OPENIBD_DROPIN "/etc/systemd/system/openibd.service.d/50-ofed-init.conf"

/* --- pieces of plans --- */

static struct oi_step *write_file(struct oi_decision *d, const char *id, const char *path,
				  const char *content, const char *detail)
{
	struct oi_step *step =
		oi_verdict_step(d->verdict, OI_ACTION_FILE_WRITE, id, "%s: %s", path, detail);

	oi_mem_set(&step->file.path, path);
	oi_mem_set(&step->file.content, content);
	return step;
}

static void fill_packages(const struct oi_decision *d, struct oi_step *step, const char *meta,
			  bool with_build)
{
	if (meta)
		oi_strv_add(&step->packages.names, meta);
	else if (d->inbox)
		oi_plan_names(d, &d->inbox->packages, &step->packages.names);
	if (d->inbox && with_build)
		oi_plan_names(d, &d->inbox->build,
			      oi_plan_uses_modules(d) ? &step->packages.build : &step->packages.names);
	if (d->inbox && !meta)
		oi_plan_names(d, &d->inbox->optional, &step->packages.optional);
}

/* For people; owned by the caller. */
static char *list_packages(const struct oi_step *step)
{
	OI_FREE char *names = oi_strv_join(&step->packages.names, " ");
	OI_FREE char *build = oi_strv_join(&step->packages.build, " ");

	return step->packages.build.n ?
		       oi_mem_printf("%s; to compile the modules, if it comes to that: %s", names,
				     build) :
		       oi_mem_take(&names);
}

static void simulate(struct oi_decision *d, const char *meta, bool with_build)
{
	struct oi_step *step;
	OI_FREE char *names = NULL;

	oi_verdict_step(d->verdict, OI_ACTION_PACKAGES_REFRESH, "refresh-packages",
			"package lists, into private state");
	step = oi_verdict_step(d->verdict, OI_ACTION_PACKAGES_SIMULATE, "simulate-packages", "%s",
			       "");
	fill_packages(d, step, meta, with_build);
	names = list_packages(step);
	free(step->detail);
	step->detail = oi_mem_printf("%s; refused if the kernel would change", names);
}

static void install_packages(struct oi_decision *d, const char *meta, bool with_build)
{
	struct oi_step *step = oi_verdict_step(d->verdict, OI_ACTION_PACKAGES_INSTALL,
					       "install-packages", "%s", "");

	fill_packages(d, step, meta, with_build);
	free(step->detail);
	step->detail = list_packages(step);
}

static void write_limits(struct oi_decision *d)
{
	if (!d->config->tuning.memlock)
		return;
	write_file(d, "write-limits", LIMITS_FILE,
		   "# Written by ofed-init: RDMA registers memory, and registered memory is locked.\n"
		   "*    soft memlock unlimited\n"
		   "*    hard memlock unlimited\n"
		   "root soft memlock unlimited\n"
		   "root hard memlock unlimited\n",
		   "locked memory without limit");
}

static void write_names(struct oi_decision *d)
{
	if (!d->config->persistent_names)
		return;
	/* takes the place of rdma-core's rule of this name; written before the driver is loaded */
	write_file(d, "write-rdma-names", RDMA_NAMES_FILE,
		   "# Written by ofed-init: names by PCI address, whatever order devices are found in.\n"
		   "ACTION==\"add\", SUBSYSTEM==\"infiniband\", PROGRAM=\"rdma_rename %k NAME_PCI\"\n",
		   "RDMA devices named by PCI address");
}

static void write_ipoib_policy(struct oi_decision *d)
{
	if (d->config->ipoib == OI_AUTO_FALSE)
		write_file(d, "write-no-ipoib", NO_IPOIB_FILE,
			   "# Written by ofed-init: the stanza says ipoib: false.\n"
			   "blacklist ib_ipoib\n",
			   "ib_ipoib is not loaded by itself");
}

static void write_blacklist(struct oi_decision *d)
{
	struct oi_buf content = { 0 };
	OI_FREE char *names = NULL;

	if (!d->config->blacklist.n)
		return;
	oi_buf_adds(&content, "# Written by ofed-init: the stanza's blacklist names them.\n");
	for (size_t i = 0; i < d->config->blacklist.n; i++)
		oi_buf_addf(&content, "blacklist %s\n", d->config->blacklist.v[i]);
	names = oi_strv_join(&d->config->blacklist, ", ");
	write_file(d, "write-blacklist", BLACKLIST_FILE, oi_buf_str(&content), names);
	oi_buf_clear(&content);
}

static void hold_units(struct oi_decision *d)
{
	for (size_t i = 0; i < d->config->hold_units.n; i++) {
		const char *unit = d->config->hold_units.v[i];
		OI_FREE char *path = oi_holder_path(OI_HOLDER_LASTING, unit);
		OI_FREE char *text = oi_holder_text(unit, d->config->tuning.memlock);
		OI_FREE char *id = oi_mem_printf("hold-%s", unit);

		write_file(d, id, path, text, "started after " OI_HOLDER_TARGET);
	}
}

static void add_list(struct oi_strv *into, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		oi_strv_add(into, names[i]);
}

/* --- signatures --- */

static struct oi_step *pair_step(struct oi_decision *d, enum oi_action action, const char *id,
				 const char *detail)
{
	struct oi_step *step = oi_verdict_step(d->verdict, action, id, "%s", detail);

	oi_mem_set(&step->signing.key, d->config->secure_boot.key);
	oi_mem_set(&step->signing.certificate, d->config->secure_boot.certificate);
	return step;
}

/* Before anything is fetched or changed. */
static void check_key(struct oi_decision *d)
{
	if (d->config->secure_boot.key)
		pair_step(d, OI_ACTION_KEY_CHECK, "check-signing-key",
			  "the stanza's key pair: of root alone, and a pair");
}

/* dkms signs as it builds. Source: dkms(8), "mok_signing_key" */
static void sign_modules(struct oi_decision *d)
{
	OI_FREE char *content = NULL;

	if (!d->config->secure_boot.key)
		return;
	content = oi_mem_printf("# Written by ofed-init: sign what dkms builds.\n"
				"mok_signing_key=\"%s\"\n"
				"mok_certificate=\"%s\"\n",
				d->config->secure_boot.key, d->config->secure_boot.certificate);
	write_file(d, "sign-modules", SIGNING_FILE, content, "built modules are signed");
}

/* Whoever has built them: dkms 2 reads no such file, and packages are built without it. */
static void check_signatures(struct oi_decision *d)
{
	static const char *const modules[] = {
		"mlx4_core", "mlx4_ib",	 "mlx5_core", "mlx5_ib", "ib_core",  "ib_uverbs", "ib_umad",
		"ib_cm",     "rdma_ucm", "ib_ipoib",  "ib_iser", "ib_isert", "ib_srp",
	};
	struct oi_step *step;

	if (!d->config->secure_boot.key)
		return;
	step = pair_step(d, OI_ACTION_MODULE_SIGN, "check-signatures",
			 "every added module has one of the stanza's key");
	add_list(&step->signing.modules, modules, OI_ARRAY_SIZE(modules));
}

static void verify_fabric(struct oi_decision *d)
{
	oi_verdict_step(d->verdict, OI_ACTION_VERIFY, "verify-fabric",
			"modules, ports, state and rate");
}

/* --- the plans --- */

static void write_modules_load(struct oi_decision *d)
{
	OI_FREE char *content = oi_mem_printf(
		"# Written by ofed-init: RDMA for programs.\n%s\nib_uverbs\nib_umad\nrdma_ucm\n%s",
		oi_generation_is_mlx4(d->generation) ? "mlx4_ib" : "mlx5_ib",
		d->config->ipoib == OI_AUTO_TRUE ? "ib_ipoib\n" : "");

	write_file(d, "write-modules-load", MODULES_LOAD_FILE, content, "modules for every boot");
}

/* Both the distribution's RDMA stack and Azure Linux' own driver packages. */
static void plan_distro(struct oi_decision *d)
{
	static const char *const user_modules[] = { "ib_uverbs", "ib_umad", "rdma_ucm" };
	bool cx3 = oi_generation_is_mlx4(d->generation);
	const char *driver = cx3 ? "mlx4_ib" : "mlx5_ib";
	struct oi_step *step;

	simulate(d, NULL, false);
	install_packages(d, NULL, false);
	write_modules_load(d);
	if (d->stack != OI_DRIVER_INBOX) /* the vendor's, in packages of the distribution's */
		oi_plan_openib_conf(d);
	write_ipoib_policy(d);
	write_limits(d);
	write_names(d);
	write_blacklist(d);
	hold_units(d);
	step = oi_verdict_step(d->verdict, OI_ACTION_MODULE_LOAD, "load-modules",
			       "%s and what programs need", driver);
	oi_strv_add(&step->modules.names, driver);
	add_list(&step->modules.names, user_modules, OI_ARRAY_SIZE(user_modules));
	/* not every kernel has it: Debian's cloud kernel has none */
	if (d->config->ipoib != OI_AUTO_FALSE)
		oi_strv_add(d->config->ipoib == OI_AUTO ? &step->modules.optional : &step->modules.names,
			    "ib_ipoib");
	verify_fabric(d);
}

static void fetch_artefact(struct oi_decision *d, const char *id)
{
	struct oi_step *step = oi_verdict_step(d->verdict, OI_ACTION_FETCH, id, "%s", "");

	oi_artefact_sources(d, &step->fetch.urls);
	oi_mem_set(&step->fetch.sha256, oi_artefact_digest(d));
	step->fetch.name = oi_artefact_file_name(step->fetch.urls.v[0]);
	free(step->detail);
	step->detail = oi_mem_printf("%s, %s", step->fetch.name,
				     step->fetch.sha256 ? "sha256 checked before it is used" :
						    "authenticated by TLS");
}

/* dkms stays the distribution's, where an archive can be named; rdma-core becomes the vendor's. */
static void hold_packages(struct oi_decision *d)
{
	const char *archive = d->inbox ? d->inbox->archive : NULL;
	struct oi_step *step = oi_verdict_step(d->verdict, OI_ACTION_PACKAGES_HOLD, "pin-packages",
					       "%s", archive ?
					       "dkms stays the distribution's own" :
					       "the vendor's repository goes before the distribution's");

	if (!archive)
		return;
	oi_mem_set(&step->hold.archive, archive);
	oi_strv_add(&step->hold.names, "dkms");
}

void oi_plan_exchange(struct oi_decision *d)
{
	/* Without these no port works; they are what is compared before and afterwards. */
	static const char *const modules[] = { "mlx5_core", "mlx5_ib", "ib_core", "ib_uverbs" };
	static const char *const cx3_modules[] = { "mlx4_core", "mlx4_ib", "ib_core", "ib_uverbs" };
	bool cx3 = oi_generation_is_mlx4(d->generation);
	struct oi_step *step;

	if (d->in_use) {
		oi_verdict_step(d->verdict, OI_ACTION_REBOOT, "reboot",
				"the loaded modules are in use by %s", d->in_use);
		return;
	}
	step = oi_verdict_step(d->verdict, OI_ACTION_SERVICE_RESTART, "restart-openibd",
			       "openibd.service, to load the built modules");
	oi_strv_add(&step->units.names, "openibd.service");
	add_list(&step->units.modules, cx3 ? cx3_modules : modules, OI_ARRAY_SIZE(modules));
}

/*
 * openibd loads what openib.conf names, and nothing else; it unloads the whole stack all the same.
 * The vendor's packages do not bring these lines: their build script adds them, as it compiles.
 * What the file says already is its owner's, unless the stanza decides it.
 * Source: the vendor's openibd and ofed_scripts/install_helper, 24.04 and 24.07; MLNX_OFED 4.9's openib.conf
 */
void oi_plan_openib_conf(struct oi_decision *d)
{
	static const char *const always[] = {
		"UMAD_LOAD=yes", "UVERBS_LOAD=yes", "RDMA_CM_LOAD=yes", "RDMA_UCM_LOAD=yes",
		"MLX5_LOAD=yes",
	};
	static const char *const cx3[] = { "MLX4_LOAD=yes", "MLX4_EN_LOAD=yes" };
	struct oi_step *step =
		oi_verdict_step(d->verdict, OI_ACTION_FILE_SET, "set-ipoib", "%s", "");
	OI_FREE char *defaults = NULL;

	oi_mem_set(&step->setting.path, OPENIB_CONF);
	add_list(&step->setting.defaults, always, OI_ARRAY_SIZE(always));
	if (oi_generation_is_mlx4(d->generation))
		add_list(&step->setting.defaults, cx3, OI_ARRAY_SIZE(cx3));
	if (d->config->ipoib == OI_AUTO) {
		oi_strv_add(&step->setting.defaults, "IPOIB_LOAD=yes");
	} else {
		oi_mem_set(&step->setting.key, "IPOIB_LOAD");
		oi_mem_set(&step->setting.value, d->config->ipoib == OI_AUTO_FALSE ? "no" : "yes");
	}
	defaults = oi_strv_join(&step->setting.defaults, " ");
	free(step->detail);
	step->detail = oi_mem_printf("%s:%s%s where it does not say otherwise, %s", OPENIB_CONF,
				     !step->setting.key ? "" :
				     d->config->ipoib == OI_AUTO_FALSE ? " IPOIB_LOAD=no" :
									 " IPOIB_LOAD=yes",
				     step->setting.key ? ";" : "", defaults);
}

/* Set-up of the vendor's service. Source: catalog notes, "openibd" */
static void set_up_openibd(struct oi_decision *d)
{
	struct oi_step *step;

	oi_plan_openib_conf(d);
	/* No Restart=: before version 244 systemd refuses the whole unit for it, which is of type oneshot; and a
	 * service that fails with its modules in use would take the stack down again every few seconds. */
	write_file(d, "write-openibd-order", OPENIBD_DROPIN,
		   "# Written by ofed-init: the devices first.\n"
		   "[Unit]\n"
		   "Wants=systemd-udev-settle.service\n"
		   "After=systemd-udev-settle.service\n",
		   "after udev");
	write_limits(d);
	write_names(d);
	write_blacklist(d);
	hold_units(d);
	step = oi_verdict_step(d->verdict, OI_ACTION_SERVICE_ENABLE, "enable-openibd",
			       "openibd.service at every boot");
	oi_strv_add(&step->units.names, "openibd.service");
	oi_plan_exchange(d);
}

static void check_modules(struct oi_decision *d, const struct oi_manager *manager)
{
	struct oi_step *step = oi_verdict_step(d->verdict, OI_ACTION_MODULE_CHECK, "check-modules",
					       "built for %s, according to dkms",
					       oi_text_or(&d->facts->kernel.release, "this kernel"));

	/* It must be known to dkms; what else is asked for, when it is installed. */
	oi_strv_add(&step->built.dkms, manager->driver);
	oi_plan_add_chosen(d, step);
}

/* Of the check before: modules that are there as files need no dkms. */
static void check_files_too(struct oi_decision *d)
{
	bool cx3 = oi_generation_is_mlx4(d->generation);
	struct oi_step *step = &d->verdict->steps[d->verdict->n_steps - 1];

	oi_mem_set(&step->built.files, cx3 ? "ib_core mlx4_core mlx4_ib" : "ib_core mlx5_core mlx5_ib");
	free(step->detail);
	step->detail = oi_mem_printf("there for %s, as files or by dkms' own record",
				     oi_text_or(&d->facts->kernel.release, "this kernel"));
}

/* By fingerprint: a key's name is whatever its maker wrote. */
static void add_keys(const struct oi_decision *d, struct oi_step *step)
{
	for (size_t i = 0; i < d->catalog->n_keys; i++) {
		const struct oi_signing_key *key = &d->catalog->keys[i];

		oi_strv_add(key->accept ? &step->repository.accepted : &step->repository.refused, key->fingerprint);
	}
}

/* In the step that would find out. */
static void tell_needs(struct oi_decision *d)
{
	struct oi_step *step = &d->verdict->steps[d->verdict->n_steps - 1];
	OI_FREE char *needs = oi_strv_join(&d->needs, ", ");
	OI_FREE char *detail = oi_mem_take(&step->detail);

	step->detail = d->needs.n ? oi_mem_printf("%s; needs %s", detail, needs) :
				    oi_mem_take(&detail);
}

/* The step that looks at the repository, or adds it: a package that was fetched, or an address. */
static void vendor_step(struct oi_decision *d, enum oi_action action, const char *id,
			const char *artefact, const char *verb)
{
	struct oi_step *step;

	if (artefact) {
		step = oi_verdict_step(d->verdict, action, id, "%s %s", verb, artefact);
		oi_mem_set(&step->repository.name, artefact);
		oi_mem_set(&step->repository.form, oi_manager_find(oi_artefact_method(d))->format);
	} else {
		step = oi_verdict_step(d->verdict, action, id, "%s", "");
		oi_artefact_sources(d, &step->repository.urls);
		oi_mem_set(&step->repository.form, OI_REPOSITORY_ADDRESS);
		free(step->detail);
		step->detail = oi_mem_printf("%s %s", verb, step->repository.urls.v[0]);
	}
	add_keys(d, step);
}

static void plan_vendor(struct oi_decision *d, bool address)
{
	const struct oi_manager *manager = oi_manager_find(oi_artefact_method(d));
	/* A kernel that moved: what the repository had is installed, and it is some hundred MB. */
	bool there = oi_installed_lacks_modules(d);
	OI_FREE char *artefact = NULL;

	check_key(d);
	if (!address && !there) {
		fetch_artefact(d, "fetch-repository");
		artefact = oi_mem_dup(d->verdict->steps[d->verdict->n_steps - 1].fetch.name);
	}
	if (!there)
		vendor_step(d, OI_ACTION_REPOSITORY_STAGE, "stage-repository", artefact,
			    address ? "check the key of" : "look into, change nothing:");
	oi_plan_fetch_modules(d);
	simulate(d, "doca-ofed", true);
	tell_needs(d);
	if (!there)
		vendor_step(d, OI_ACTION_REPOSITORY_ADD, "add-repository", artefact,
			    address ? "write down" : "install");
	hold_packages(d);
	sign_modules(d);
	oi_plan_choose_modules(d);
	install_packages(d, "doca-ofed", true);
	check_modules(d, manager);
	if (manager->prebuilt) /* before 3.2 they are packages, made for EL's own kernels */
		check_files_too(d);
	check_signatures(d);
	set_up_openibd(d);
	verify_fabric(d);
	oi_plan_publish_modules(d); /* what does not work is nobody else's */
}

/*
 * The distribution that the artefact is named for, else the one that its installer
 * would take this machine for; owned by the caller.
 * Source: mlnx_add_kernel_support.sh's list of releases; names of the catalog's artefacts
 */
static char *bundle_distro(const struct oi_decision *d, const char *artefact)
{
	static const char *const like_rhel[] = { "rhel", "centos", "almalinux", "rocky", "ol" };
	static const char prefix[] = "MLNX_OFED_LINUX-";
	const char *id = oi_text_or(&d->facts->os.id, "linux");
	const char *version = oi_text_or(&d->facts->os.version_id, "");
	size_t major = strcspn(version, ".");

	/* MLNX_OFED_LINUX-VERSION-BUILD-DISTRO-ARCH.tgz; a catalog row may name a sibling */
	if (d->release && !strncmp(artefact, prefix, strlen(prefix))) {
		OI_CLEANUP(oi_strv_clear) struct oi_strv parts = { 0 };

		oi_strv_split(&parts, artefact, "-");
		if (parts.n == 5)
			return oi_mem_dup(parts.v[3]);
	}
	for (size_t i = 0; i < OI_ARRAY_SIZE(like_rhel); i++)
		if (!strcmp(id, like_rhel[i]))
			return oi_mem_printf("rhel%s", version);
	if (!strcmp(id, "sles") || !strcmp(id, "sle_hpc"))
		return oi_mem_printf("sles%.*ssp%s", (int)major, version,
				     version[major] ? version + major + 1 : "0");
	return oi_mem_printf("%s%s", id, version);
}

/* Does the installer find out by itself that this machine is a @distro. */
static bool bundle_knows(const struct oi_decision *d, const char *distro)
{
	static const char *const known[] = { "ubuntu", "debian", "rhel", "centos" };
	const char *id = oi_text_or(&d->facts->os.id, "");
	const char *version = oi_text_or(&d->facts->os.version_id, "");
	const char *name = strcmp(id, "centos") ? id : "rhel";
	size_t len = strlen(name);

	if (!strncmp(id, "sle", 3))
		return true;
	for (size_t i = 0; i < OI_ARRAY_SIZE(known); i++)
		if (!strcmp(id, known[i]))
			return !strncmp(distro, name, len) &&
			       !strncmp(distro + len, version, strlen(version));
	return false; /* almalinux, rocky, ol */
}

/* Of a distribution without a row (Ubuntu 18.10 has only a bundle's) by what the bundle is for. */
static const char *bundle_manager(const struct oi_decision *d)
{
	const char *id = oi_text_or(&d->facts->os.id, "");

	if (d->inbox)
		return d->inbox->method;
	if (!strcmp(id, "ubuntu") || !strcmp(id, "debian"))
		return "apt";
	return !strncmp(id, "sle", 3) ? "zypper" : "dnf";
}

/*
 * Always: no question is asked (--force), no firmware is written. Never the option
 * that skips the check for unsupported devices: a bundle without the driver for this
 * adapter must say so. Source: catalog notes, "Driver choice" and "AlmaLinux"; MLNX_OFED
 * user manual, "mlnxofedinstall"
 */
static void bundle_arguments(struct oi_decision *d, struct oi_step *step, const char *distro)
{
	const char *kernel = oi_text_or(&d->facts->kernel.release, NULL);

	oi_strv_add(&step->bundle.arguments, "--force");
	oi_strv_add(&step->bundle.arguments, "--without-fw-update");
	if (!strcmp(bundle_manager(d), "apt"))
		oi_plan_leave_out(d, &step->bundle.arguments);
	if (!bundle_knows(d, distro)) {
		oi_strv_add(&step->bundle.arguments, "--distro");
		oi_strv_add(&step->bundle.arguments, distro);
	}
	/* A repository of what was built would need createrepo, and nobody uses it. */
	oi_strv_add(&step->bundle.rebuild, "--add-kernel-support");
	oi_strv_add(&step->bundle.rebuild, "--skip-repo");
	if (kernel) {
		oi_strv_add(&step->bundle.rebuild, "--kernel");
		oi_strv_add(&step->bundle.rebuild, kernel);
	}
}

/* What the installer and the modules are built with: nothing of the driver itself. */
static void bundle_tools(struct oi_decision *d)
{
	struct oi_step *step;
	OI_FREE char *names = NULL;

	if (!d->inbox)
		return;
	oi_verdict_step(d->verdict, OI_ACTION_PACKAGES_REFRESH, "refresh-packages",
			"package lists, into private state");
	step = oi_verdict_step(d->verdict, OI_ACTION_PACKAGES_SIMULATE, "simulate-packages", "%s",
			       "");
	oi_plan_names(d, &d->inbox->build, &step->packages.names);
	oi_strv_add(&step->packages.names, "perl"); /* mlnxofedinstall is written in it */
	oi_plan_names(d, &d->inbox->bundle, &step->packages.optional);
	names = oi_strv_join(&step->packages.names, " ");
	free(step->detail);
	step->detail = oi_mem_printf("%s; refused if the kernel would change", names);
	step = oi_verdict_step(d->verdict, OI_ACTION_PACKAGES_INSTALL, "install-build-tools", "%s",
			       names);
	oi_plan_names(d, &d->inbox->build, &step->packages.names);
	oi_strv_add(&step->packages.names, "perl");
	oi_plan_names(d, &d->inbox->bundle, &step->packages.optional);
}

/* Built by dkms, or in packages of the bundle's. */
static void check_bundle_modules(struct oi_decision *d)
{
	check_modules(d, oi_artefact_manager(d));
	check_files_too(d);
}

/* An archive is of no use as a file; an image is, as it can be mounted. */
static void unpack_on_the_way(struct oi_decision *d)
{
	static const char *const archives[] = { ".tgz", ".tar.gz", ".tar.xz", ".tar.zst" };
	struct oi_step *step = &d->verdict->steps[d->verdict->n_steps - 1];

	for (size_t i = 0; i < OI_ARRAY_SIZE(archives); i++) {
		if (!oi_str_ends(step->fetch.name, strlen(step->fetch.name), archives[i]))
			continue;
		step->fetch.unpack = true;
		free(step->detail);
		step->detail = oi_mem_printf("%s, unpacked while it downloads; %s", step->fetch.name,
					     step->fetch.sha256 ? "sha256 checked before it is used" :
							    "authenticated by TLS");
	}
}

static void plan_bundle(struct oi_decision *d)
{
	OI_FREE char *artefact = NULL;
	OI_FREE char *distro = NULL;
	OI_FREE char *words = NULL;
	OI_FREE char *more = NULL;
	struct oi_step *step;

	check_key(d);
	fetch_artefact(d, "fetch-bundle");
	unpack_on_the_way(d);
	artefact = oi_mem_dup(d->verdict->steps[d->verdict->n_steps - 1].fetch.name);
	distro = bundle_distro(d, artefact);
	oi_mem_set(&d->verdict->driver.manager, bundle_manager(d));
	step = oi_verdict_step(d->verdict, OI_ACTION_BUNDLE_OPEN, "open-bundle",
			       "%s: must be an MLNX_OFED bundle for %s", artefact, distro);
	oi_mem_set(&step->bundle.name, artefact);
	oi_mem_set(&step->bundle.distro, distro);
	bundle_tools(d);
	sign_modules(d);
	oi_plan_choose_modules(d);
	step = oi_verdict_step(d->verdict, OI_ACTION_BUNDLE_INSTALL, "install-bundle", "%s", "");
	oi_mem_set(&step->bundle.name, artefact);
	oi_mem_set(&step->bundle.distro, distro);
	bundle_arguments(d, step, distro);
	words = oi_strv_join(&step->bundle.arguments, " ");
	more = oi_strv_join(&step->bundle.rebuild, " ");
	free(step->detail);
	step->detail = oi_mem_printf("mlnxofedinstall %s; with %s if it was not built for this kernel",
				     words, more);
	check_bundle_modules(d);
	check_signatures(d);
	set_up_openibd(d);
	verify_fabric(d);
}

void oi_plan_set_up(struct oi_decision *d)
{
	const char *stack = oi_text_or(&d->facts->installed.stack, "");
	bool openibd = !strcmp(stack, oi_driver_name(OI_DRIVER_DOCA)) ||
		       !strcmp(stack, oi_driver_name(OI_DRIVER_MLNX));
	struct oi_step *step;

	if (d->config->ipoib != OI_AUTO && openibd)
		oi_plan_openib_conf(d);
	else
		write_ipoib_policy(d);
	if (d->config->ipoib == OI_AUTO_TRUE && !openibd) {
		write_modules_load(d);
		step = oi_verdict_step(d->verdict, OI_ACTION_MODULE_LOAD, "load-modules", "ib_ipoib");
		oi_strv_add(&step->modules.names, "ib_ipoib");
	}
	write_limits(d);
	write_names(d);
	write_blacklist(d);
	hold_units(d);
}

void oi_plan_build(struct oi_decision *d)
{
	switch (oi_artefact_kind(d)) {
	case OI_ARTEFACT_NONE:
	case OI_ARTEFACT_DISTRO:
		plan_distro(d);
		break;
	case OI_ARTEFACT_PACKAGE:
		plan_vendor(d, false);
		break;
	case OI_ARTEFACT_REPOSITORY:
		plan_vendor(d, true);
		break;
	case OI_ARTEFACT_BUNDLE:
		plan_bundle(d);
		break;
	}
}
