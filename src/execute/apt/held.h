/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OI_EXECUTE_APT_HELD_H
#define OI_EXECUTE_APT_HELD_H

#include <stdbool.h>

#include "base/err.h"
#include "execute/packages/packages.h"

/**
 * oi_apt_find_held() - is it a setting of this machine that stands in the way of an installation
 * @names: what apt has refused to install
 * @err: apt's own reason; replaced when a setting is found
 *
 * Holds, pins and a default release, as far as there are any, are left out of account one after
 * the other: when apt agrees then, that was the cause. Nothing is changed. Where it stands is
 * named: the packages on hold, or file and line.
 * Return: whether it is; @err has OI_R_PACKAGES_HELD then.
 * Source: apt-get(8) --ignore-hold; apt_preferences(5); apt.conf(5) APT::Default-Release
 */
bool oi_apt_find_held(const struct oi_packages *p, const struct oi_strv *names, struct oi_err *err);

/**
 * oi_apt_find_pin() - where preferences speak of a package; owned by the caller, NULL: nowhere
 * @root: of the machine; "/etc/apt/preferences.d/site:3"
 */
char *oi_apt_find_pin(const struct oi_root *root, const char *package);

#endif
