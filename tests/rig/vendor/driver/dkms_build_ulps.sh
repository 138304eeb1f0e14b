#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# dkms_build_ulps.sh KERNEL: dkms' POST_INSTALL of the driver (24.07): the modules that are built against it, where
# their packages are unpacked. What fails is said and passed over.
kernel=$1
for module in srp iser isert mlnx-nfsrdma mlnx-nvme fwctl mlx5_fwctl; do
	state=$(dpkg-query -W -f '${Status}' "$module-dkms" 2>/dev/null)
	case $state in
	*" unpacked" | *" installed") ;;
	*)
		echo "Package '$module-dkms' is not installed, skipping module '$module'."
		continue
		;;
	esac
	version=$(dpkg-query -W -f '${Version}' "$module-dkms" | sed -e 's/[+-].*//')
	if dkms status -m "$module" -v "$version" -k "$kernel" | grep -qwi installed; then
		echo "Module '$module' is already installed for kernel $kernel."
		continue
	fi
	echo "Going to build and install module '$module' for kernel $kernel."
	[ -n "$(dkms status -m "$module" -v "$version")" ] || dkms add -m "$module" -v "$version"
	dkms build -m "$module" -v "$version" -k "$kernel" &&
		dkms install -m "$module" -v "$version" -k "$kernel" --force ||
		echo "Error! Module '$module' $version failed !" >&2
done
exit 0
