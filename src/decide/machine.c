/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/machine.h"

bool oi_machine_has_infiniband(const struct oi_facts *facts)
{
	for (size_t i = 0; i < facts->pci.n; i++)
		if (oi_pci_is_infiniband(&facts->pci.v[i]))
			return true;
	return false;
}

const char *oi_machine_refuses_unsigned(const struct oi_facts *facts)
{
	if (facts->security.secure_boot == OI_FLAG_YES)
		return "Secure Boot is on";
	if (oi_text_is(&facts->security.lockdown, "integrity") ||
	    oi_text_is(&facts->security.lockdown, "confidentiality"))
		return "the kernel is locked down";
	if (facts->security.sig_enforce == OI_FLAG_YES)
		return "the kernel enforces module signatures";
	return NULL;
}
