#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# pre_build.sh KERNEL HEADERS NAME VERSION: what dkms calls to build; all of the work (24.07). There is no `set -e`:
# each part runs whatever came of the one before, and the last one's status is dkms' (24.07).
kernel=$1 headers=$2

# 24.07: the number of jobs is its own, whatever dkms' parallel_jobs says.
# shellcheck disable=SC2126 # they are its words
jobs=$(grep ^processor /proc/cpuinfo | wc -l)
[ "$jobs" -le 16 ] || jobs=16

mkdir -p /var/log/rig
echo "$3 for $kernel" >>/var/log/rig/compiled
echo "$jobs" >/var/log/rig/jobs

./configure "$kernel" "$headers" "$jobs"
make -j"$jobs" KVER="$kernel" KDIR="$headers"
./ofed_scripts/install_helper
ofa_build_src=/usr/src/ofa_kernel/$(uname -m)/$kernel ./ofed_scripts/dkms_ofed_post_build.sh
