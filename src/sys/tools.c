/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/tools.h"

#include <unistd.h>

#include "base/attr.h"

#define MAX_PLACES 3

/*
 * Fixed places and not $PATH: what runs as root is not for the environment to
 * choose. /sbin and /bin are folders of their own where /usr is not merged.
 */
static const struct {
	const char *name;
	const char *places[MAX_PLACES];
} table[] = {
	[OI_TOOL_APT_GET] = { "apt-get", { "/usr/bin/apt-get" } },
	[OI_TOOL_APT_CACHE] = { "apt-cache", { "/usr/bin/apt-cache" } },
	[OI_TOOL_DPKG] = { "dpkg", { "/usr/bin/dpkg" } },
	[OI_TOOL_DPKG_DEB] = { "dpkg-deb", { "/usr/bin/dpkg-deb" } },
	[OI_TOOL_DPKG_QUERY] = { "dpkg-query", { "/usr/bin/dpkg-query" } },
	[OI_TOOL_DNF] = { "dnf", { "/usr/bin/dnf" } },
	[OI_TOOL_YUM] = { "yum", { "/usr/bin/yum" } },
	[OI_TOOL_TDNF] = { "tdnf", { "/usr/bin/tdnf" } },
	[OI_TOOL_ZYPPER] = { "zypper", { "/usr/bin/zypper" } },
	[OI_TOOL_RPM] = { "rpm", { "/usr/bin/rpm", "/bin/rpm" } },
	[OI_TOOL_RPMKEYS] = { "rpmkeys", { "/usr/bin/rpmkeys", "/bin/rpmkeys" } },
	[OI_TOOL_GPG] = { "gpg", { "/usr/bin/gpg", "/usr/bin/gpg2" } },
	[OI_TOOL_DKMS] = { "dkms", { "/usr/sbin/dkms", "/sbin/dkms" } },
	[OI_TOOL_DEPMOD] = { "depmod", { "/usr/sbin/depmod", "/sbin/depmod" } },
	[OI_TOOL_UPDATE_ALTERNATIVES] = { "update-alternatives", { "/usr/bin/update-alternatives", "/usr/sbin/update-alternatives", "/usr/sbin/alternatives" } },
	[OI_TOOL_UPDATE_INITRAMFS] = { "update-initramfs", { "/usr/sbin/update-initramfs" } },
	[OI_TOOL_DRACUT] = { "dracut", { "/usr/bin/dracut", "/usr/sbin/dracut", "/sbin/dracut" } },
	[OI_TOOL_MODPROBE] = { "modprobe", { "/usr/sbin/modprobe", "/sbin/modprobe" } },
	[OI_TOOL_INSMOD] = { "insmod", { "/usr/sbin/insmod", "/sbin/insmod" } },
	[OI_TOOL_MODINFO] = { "modinfo", { "/usr/sbin/modinfo", "/sbin/modinfo", "/usr/bin/modinfo" } },
	[OI_TOOL_KMODSIGN] = { "kmodsign", { "/usr/bin/kmodsign" } },
	[OI_TOOL_SYSTEMCTL] = { "systemctl", { "/usr/bin/systemctl", "/bin/systemctl" } },
	[OI_TOOL_UDEVADM] = { "udevadm", { "/usr/bin/udevadm", "/bin/udevadm", "/sbin/udevadm" } },
	[OI_TOOL_OFED_INFO] = { "ofed_info", { "/usr/bin/ofed_info" } },
	[OI_TOOL_SHA256SUM] = { "sha256sum", { "/usr/bin/sha256sum", "/bin/sha256sum" } },
	[OI_TOOL_GCC] = { "gcc", { "/usr/bin/gcc" } },
	[OI_TOOL_GZIP] = { "gzip", { "/usr/bin/gzip", "/bin/gzip" } },
	[OI_TOOL_XZ] = { "xz", { "/usr/bin/xz", "/bin/xz" } },
	[OI_TOOL_ZSTD] = { "zstd", { "/usr/bin/zstd", "/bin/zstd" } },
	[OI_TOOL_TAR] = { "tar", { "/usr/bin/tar", "/bin/tar" } },
	[OI_TOOL_DMESG] = { "dmesg", { "/usr/bin/dmesg", "/bin/dmesg" } },
	[OI_TOOL_LSPCI] = { "lspci", { "/usr/bin/lspci", "/sbin/lspci", "/usr/sbin/lspci" } },
	[OI_TOOL_OFED_UNINSTALL] = { "ofed_uninstall.sh", { "/usr/sbin/ofed_uninstall.sh" } },
	[OI_TOOL_RESTORECON] = { "restorecon", { "/usr/sbin/restorecon", "/sbin/restorecon" } },
	[OI_TOOL_FETCH] = { "ofed-fetch", { "/usr/libexec/ofed-init/ofed-fetch" } },
};

_Static_assert(OI_ARRAY_SIZE(table) == OI_TOOL_COUNT, "a tool without its places");

void oi_tools_find(struct oi_tools *tools)
{
	for (size_t t = 0; t < OI_TOOL_COUNT; t++) {
		tools->path[t] = NULL;
		for (size_t p = 0; p < MAX_PLACES && table[t].places[p]; p++) {
			if (access(table[t].places[p], X_OK))
				continue;
			tools->path[t] = table[t].places[p];
			break;
		}
	}
}

const char *oi_tools_name(enum oi_tool tool)
{
	return table[tool].name;
}
