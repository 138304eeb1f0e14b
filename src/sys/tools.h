/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every program that may be started, by absolute path. Tests point the table at fakes. */
#ifndef OI_SYS_TOOLS_H
#define OI_SYS_TOOLS_H

enum oi_tool {
	OI_TOOL_APT_GET,
	OI_TOOL_APT_CACHE,
	OI_TOOL_DPKG,
	OI_TOOL_DPKG_DEB,
	OI_TOOL_DPKG_QUERY,
	OI_TOOL_DNF,
	OI_TOOL_YUM,
	OI_TOOL_TDNF,
	OI_TOOL_ZYPPER,
	OI_TOOL_RPM,
	OI_TOOL_RPMKEYS,
	OI_TOOL_GPG,
	OI_TOOL_DKMS,
	OI_TOOL_DEPMOD,
	OI_TOOL_UPDATE_ALTERNATIVES,
	OI_TOOL_UPDATE_INITRAMFS,
	OI_TOOL_DRACUT,
	OI_TOOL_MODPROBE,
	OI_TOOL_INSMOD,
	OI_TOOL_MODINFO,
	OI_TOOL_KMODSIGN,
	OI_TOOL_SYSTEMCTL,
	OI_TOOL_UDEVADM,
	OI_TOOL_OFED_INFO,
	OI_TOOL_SHA256SUM,
	OI_TOOL_GCC,
	OI_TOOL_GZIP,
	OI_TOOL_XZ,
	OI_TOOL_ZSTD,
	OI_TOOL_TAR,
	OI_TOOL_DMESG,
	OI_TOOL_LSPCI,
	OI_TOOL_OFED_UNINSTALL, /* what a bundle leaves to undo itself */
	OI_TOOL_RESTORECON,
	OI_TOOL_FETCH, /* our own second program */
	OI_TOOL_COUNT
};

struct oi_tools {
	const char *path[OI_TOOL_COUNT]; /* NULL: not on this machine */
};

/** oi_tools_find() - the usual places of each tool, the first that can be executed */
void oi_tools_find(struct oi_tools *tools);

/** oi_tools_name() - "apt-get", for messages; static */
const char *oi_tools_name(enum oi_tool tool);

#endif
