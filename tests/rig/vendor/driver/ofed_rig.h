/* SPDX-License-Identifier: GPL-2.0 */
#ifndef OFED_RIG_H
#define OFED_RIG_H
/* What modules of others are built against: see /usr/src/ofa_kernel. */
int ofed_rig_present(void);
#endif
