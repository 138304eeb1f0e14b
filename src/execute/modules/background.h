/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The driver is compiled while the rest of its packages is still installed.
 *
 * By themselves the scripts of packages compile, one package after the other, for the newest
 * kernel besides the running one, while everything else waits. So they get a dkms of ours, in a folder that
 * one call of apt or dpkg has first in its PATH: it leaves the modules of that call's packages to us, and hands
 * on what is about any other. Nothing of the machine is switched for it, so nothing outlives the call.
 * First come the packages that compiling needs, then the driver is compiled for our kernel
 * by a process beside the one that installs all others. Other kernels get it from dkms: from its hook
 * when their headers come, else from its unit when they boot. dkms before 3.0 installs what was built
 * afterwards, in the step that checks it: it renews the initramfs, as other packages may at
 * the same time, in the same file.
 *
 * Source: mlnx-ofed-kernel 24.07, common.postinst; dkms 3.0.10, common.postinst; REMAKE_INITRD in the dkms.conf of
 *         mlnx-ofed-kernel, which dkms 3.0 no longer heeds
 */
#ifndef OI_EXECUTE_MODULES_BACKGROUND_H
#define OI_EXECUTE_MODULES_BACKGROUND_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/strv.h"
#include "execute/tools/child.h"
#include "model/verdict.h"
#include "sys/background.h"
#include "sys/host.h"

struct oi_context;

/**
 * oi_build_may() - is there something to compile of which only we know
 * @fresh: "name version" of packages that will be new
 */
bool oi_build_may(const struct oi_context *ctx, const struct oi_strv *fresh);

/** oi_dkms_is_source() - is a package ("name version", "name:arch") dkms, or modules for it to compile */
bool oi_dkms_is_source(const char *package);

/** oi_dkms_first_source() - the first such package of @fresh; NULL: none. Borrowed. */
const char *oi_dkms_first_source(const struct oi_strv *fresh);

/** oi_build_defer() - lay out the dkms that packages' scripts get; OI_R_WRITE_FAILED */
OI_MUST_CHECK
int oi_build_defer(const struct oi_host *host, struct oi_err *err);

/**
 * oi_build_pass() - let the scripts that a call runs leave modules to us
 * @packages: "NAME-dkms"; without any, dkms is what it is
 * @child: apt-get or dpkg, after oi_build_defer(); its environment is added to, and apt-get's arguments
 */
void oi_build_pass(const struct oi_host *host, const struct oi_strv *packages, struct oi_child *child);

/**
 * oi_build_allow() - take back what ofed-init 0.1.0 left when it was killed: /etc/dkms/no-autoinstall
 * Fine where there is none, or one of somebody else's.
 */
void oi_build_allow(const struct oi_host *host);
/** oi_build_is_off() - is there one that may be ours */
bool oi_build_is_off(const struct oi_host *host);

/**
 * oi_build_begin() - compile beside us; all that it needs is installed
 * @build: zeroed; the process that compiles
 * @fresh: as of oi_build_may(): which dkms it is, if it is new
 */
void oi_build_begin(const struct oi_context *ctx, struct oi_background *build, const struct oi_strv *fresh);

/** oi_build_wait() - until that is over, at most until the run's deadline; fine when nothing has begun */
void oi_build_wait(const struct oi_context *ctx, struct oi_background *build);

/** oi_build_end() - give it up; fine when nothing has begun */
void oi_build_end(struct oi_background *build);

#endif
