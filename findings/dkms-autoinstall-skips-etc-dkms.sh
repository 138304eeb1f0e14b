#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Package: dkms 3.0.10-8+deb12u1 (Debian 12)
# Behaviour: dkms(8) says that /etc/dkms/MODULE.conf overrides the module's own dkms.conf.
# `dkms autoinstall`, which every new kernel's hook and boot service call, decides by the module's own dkms.conf alone:
# AUTOINSTALL="" in /etc/dkms/MODULE.conf does not keep it from building the module. The same line in the
# module's own dkms.conf does.
# For whom it matters: administrators who mean to switch off one vendor module that a package brought.
# Seen:
#   own dkms.conf:       autoinstall left the module alone
#   /etc/dkms/tiny.conf: autoinstall wants to build it, and finds no headers
set -euo pipefail
version=3.0.10-8+deb12u1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get -qq download "dkms=$version"
dpkg-deb -x dkms_*.deb root

# A private /etc, seen by dkms alone; a kernel without headers, so what is begun ends at once.
cat >trial <<END
mount --bind "$work/etc" /etc
dkms() {
	bash "$work/root/usr/sbin/dkms" "\$@" -k 9.9.9-tiny -a x86_64 --dkmstree "$work/tree" --sourcetree "$work/src" \
		--installtree "$work/modules" >>"$work/said" 2>&1
}
dkms add tiny/1 && dkms autoinstall; echo "exit \$?" >>"$work/said"
END

# try WHERE LINE: a module of one file that needs no compiler
try() {
	rm -rf etc modules tree src
	mkdir -p etc modules/9.9.9-tiny tree src/tiny-1
	: >said
	cp -a /etc/. etc
	rm -rf etc/dkms
	cp -a root/etc/dkms etc/dkms
	touch src/tiny-1/tiny.c
	cat >src/tiny-1/dkms.conf <<-'END'
		PACKAGE_NAME=tiny
		PACKAGE_VERSION=1
		MAKE="cp tiny.c tiny.ko"
		CLEAN=true
		BUILT_MODULE_NAME=tiny
		DEST_MODULE_LOCATION=/updates
		STRIP=no
		AUTOINSTALL=yes
	END
	echo 'AUTOINSTALL=""' >>"$1"
	unshare --map-root-user --mount bash trial
	if grep -q "^exit 0" said; then
		echo left the module alone
	elif grep -q "kernel headers for kernel 9.9.9-tiny cannot be found" said; then
		echo wants to build it, and finds no headers
	else
		cat said
	fi
}
seen="own dkms.conf:       autoinstall $(try src/tiny-1/dkms.conf)
/etc/dkms/tiny.conf: autoinstall $(try etc/dkms/tiny.conf)"
echo "$seen"
[ "$seen" = "own dkms.conf:       autoinstall left the module alone
/etc/dkms/tiny.conf: autoinstall wants to build it, and finds no headers" ]
