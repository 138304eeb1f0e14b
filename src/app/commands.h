/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One function per command; each returns the program's exit status. */
#ifndef OI_APP_COMMANDS_H
#define OI_APP_COMMANDS_H

#include "app/options.h"

int oi_cmd_run(const struct oi_options *options);
int oi_cmd_hold(const struct oi_options *options);
int oi_cmd_prefetch(const struct oi_options *options);
int oi_cmd_plan(const struct oi_options *options);
int oi_cmd_facts(const struct oi_options *options);
int oi_cmd_verify(const struct oi_options *options);
int oi_cmd_status(const struct oi_options *options);
int oi_cmd_report(const struct oi_options *options);
int oi_cmd_validate(const struct oi_options *options);
int oi_cmd_collect(const struct oi_options *options);
int oi_cmd_user_data(const struct oi_options *options);
int oi_cmd_schema(const struct oi_options *options);
int oi_cmd_catalog(const struct oi_options *options);
int oi_cmd_bake(const struct oi_options *options);
int oi_cmd_bundle(const struct oi_options *options);
int oi_cmd_clean(const struct oi_options *options);
int oi_cmd_uninstall(const struct oi_options *options);

#endif
