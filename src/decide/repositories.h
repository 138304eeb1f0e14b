/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Repositories that the vendor's packages need. */
#ifndef OI_DECIDE_REPOSITORIES_H
#define OI_DECIDE_REPOSITORIES_H

#include "decide/decision.h"

/** oi_judge_repositories() - are those enabled that the vendor's packages need; fills needs */
void oi_judge_repositories(struct oi_decision *d);

#endif
