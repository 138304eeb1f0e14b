/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The driver is compiled while the rest of its packages is still installed.
 *
 * By themselves the scripts of packages compile, one package after the other, for the newest
 * kernel besides the running one, while everything else waits. dkms lets that be
 * deferred (/etc/dkms/no-autoinstall); then whoever has deferred it calls dkms. That is us:
 * first come the packages that compiling needs, then the driver is compiled for our kernel
 * by a process beside the one that installs all others. dkms before 3.0 installs what was built
 * afterwards, in the step that checks it: it renews the initramfs, as other packages may at
 * the same time, in the same file.
 *
 * Source: dkms 3.0.10, common.postinst; REMAKE_INITRD in the dkms.conf of mlnx-ofed-kernel, which
 *         dkms 3.0 no longer heeds
 */
#ifndef OI_EXECUTE_MODULES_BACKGROUND_H
#define OI_EXECUTE_MODULES_BACKGROUND_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/strv.h"
#include "model/verdict.h"
#include "sys/background.h"
#include "sys/host.h"

struct oi_context;

/** oi_early_is_free() - does dkms compile for nobody else, and has nobody deferred it */
bool oi_early_is_free(const struct oi_host *host);

/**
 * oi_early_may() - is there something to compile of which only we know
 * @fresh: "name version" of packages that will be new
 * Not where dkms has other modules: those would not be built for a kernel that comes with these
 * packages; nor where somebody has deferred it already: then it is their business.
 */
bool oi_early_may(const struct oi_context *ctx, const struct oi_strv *fresh);

/** oi_early_is_source() - is a package ("name version", "name:arch") dkms, or modules for it to compile */
bool oi_early_is_source(const char *package);

/** oi_early_source() - the first such package of @fresh; NULL: none. Borrowed. */
const char *oi_early_source(const struct oi_strv *fresh);

/** oi_early_defer() - packages' scripts compile nothing from now on; OI_R_WRITE_FAILED */
OI_MUST_CHECK
int oi_early_defer(const struct oi_host *host, struct oi_err *err);

/** oi_early_allow() - they may again; fine where we have deferred nothing */
void oi_early_allow(const struct oi_host *host);

/**
 * oi_early_begin() - compile beside us; all that it needs is installed
 * @build: zeroed; the process that compiles
 * @fresh: as of oi_early_may(): which dkms it is, if it is new
 */
void oi_early_begin(const struct oi_context *ctx, struct oi_aside *build, const struct oi_strv *fresh);

/** oi_early_wait() - until that is over, at most until the run's deadline; fine when nothing has begun */
void oi_early_wait(const struct oi_context *ctx, struct oi_aside *build);

/** oi_early_end() - give it up; fine when nothing has begun */
void oi_early_end(struct oi_aside *build);

#endif
