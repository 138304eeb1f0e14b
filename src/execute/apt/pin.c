/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/apt/pin.h"

#include "base/mem.h"
#include "base/strv.h"

/*
 * Above the 500 of any repository, below the 1000 at which apt would downgrade.
 * Source: apt_preferences(5); the vendor's repository carries a dkms of its own
 */
char *oi_apt_pin_text(const struct oi_step *step)
{
	OI_FREE char *names = oi_strv_join(&step->hold.names, " ");

	return oi_mem_printf("# Written by ofed-init: %s stays the distribution's own.\n"
			     "Package: %s\n"
			     "Pin: release o=%s\n"
			     "Pin-Priority: 600\n", names, names, step->hold.archive);
}
