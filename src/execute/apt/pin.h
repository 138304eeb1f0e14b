/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Preferences that keep packages those of one archive. */
#ifndef OI_EXECUTE_APT_PIN_H
#define OI_EXECUTE_APT_PIN_H

#include "model/verdict.h"

/** oi_apt_pin_text() - preferences for a step that holds packages; owned by the caller */
char *oi_apt_pin_text(const struct oi_step *step);

#endif
