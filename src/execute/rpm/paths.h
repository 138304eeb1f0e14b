/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private state of the rpm family, on the changed root. */
#ifndef OI_EXECUTE_RPM_PATHS_H
#define OI_EXECUTE_RPM_PATHS_H

#include "sys/host.h"

#define OI_RPM_DIR OI_STATE_DIR "/rpm"
#define OI_RPM_GPG_HOME OI_RPM_DIR "/gpg"
#define OI_RPM_KEYS OI_RPM_DIR "/keys.asc" /* the accepted ones */
#define OI_RPM_REPOS OI_RPM_DIR "/repos.d"
#define OI_RPM_CACHE OI_RPM_DIR "/cache"
#define OI_RPM_CONF OI_RPM_DIR "/main.conf"

#endif
