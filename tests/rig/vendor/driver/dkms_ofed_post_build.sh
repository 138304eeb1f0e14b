#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# 24.07: what others are built against goes to $ofa_build_src, with an alternative of priority 17 that makes
# /usr/src/ofa_kernel/default. A build that made no Module.symvers ends here, and so with this status.
set -e
: "${ofa_build_src:?}"
mkdir -p /usr/src/ofa_kernel
rm -rf "$ofa_build_src"
mkdir -p "$ofa_build_src"
cp -ar include config* compat* ofed_scripts Module*.symvers "$ofa_build_src"
update-alternatives --install /usr/src/ofa_kernel/default ofa_kernel_headers "$ofa_build_src" 17
