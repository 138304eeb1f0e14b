/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lists of names that a step of any kind has, for tests that take several kinds. */
#ifndef OI_TESTS_UNIT_STEPS_H
#define OI_TESTS_UNIT_STEPS_H

#include "model/verdict.h"

/** step_names() - what a step must have or do; NULL: its kind has no such list */
static inline struct oi_strv *step_names(struct oi_step *step)
{
	switch (step->action) {
	case OI_ACTION_PACKAGES_SIMULATE:
	case OI_ACTION_PACKAGES_INSTALL:
		return &step->packages.names;
	case OI_ACTION_PACKAGES_HOLD:
		return &step->hold.names;
	case OI_ACTION_BUNDLE_INSTALL:
		return &step->bundle.arguments;
	case OI_ACTION_MODULES_CHOOSE:
		return &step->choice.left_out;
	case OI_ACTION_MODULE_CHECK:
		return &step->built.dkms;
	case OI_ACTION_MODULE_SIGN:
		return &step->signing.modules;
	case OI_ACTION_MODULE_LOAD:
		return &step->modules.names;
	case OI_ACTION_SERVICE_ENABLE:
	case OI_ACTION_SERVICE_RESTART:
		return &step->units.names;
	default:
		return NULL;
	}
}

/** step_optional() - what it takes beside; NULL: its kind has no such list */
static inline struct oi_strv *step_optional(struct oi_step *step)
{
	switch (step->action) {
	case OI_ACTION_PACKAGES_SIMULATE:
	case OI_ACTION_PACKAGES_INSTALL:
		return &step->packages.optional;
	case OI_ACTION_BUNDLE_INSTALL:
		return &step->bundle.rebuild;
	case OI_ACTION_MODULES_CHOOSE:
		return &step->choice.allowed;
	case OI_ACTION_MODULE_CHECK:
		return &step->built.optional;
	case OI_ACTION_MODULE_LOAD:
		return &step->modules.optional;
	case OI_ACTION_SERVICE_RESTART:
		return &step->units.modules;
	default:
		return NULL;
	}
}

#endif
