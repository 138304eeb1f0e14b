/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fetch/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"

/*
 * linux/landlock.h came with 5.13, and several of these later; what is asked of the
 * kernel depends on the version that it says it has, not on the headers.
 * Source: include/uapi/linux/landlock.h
 */
#define SYS_CREATE_RULESET 444
#define SYS_ADD_RULE 445
#define SYS_RESTRICT_SELF 446
#define CREATE_RULESET_VERSION 1U
#define RULE_PATH_BENEATH 1

#define FS_WRITE_FILE (UINT64_C(1) << 1)
#define FS_READ_FILE (UINT64_C(1) << 2)
#define FS_READ_DIR (UINT64_C(1) << 3)
#define FS_REMOVE_DIR (UINT64_C(1) << 4)
#define FS_REMOVE_FILE (UINT64_C(1) << 5)
#define FS_MAKE_DIR (UINT64_C(1) << 7)
#define FS_MAKE_REG (UINT64_C(1) << 8)
#define FS_MAKE_SYM (UINT64_C(1) << 12)
#define FS_REFER (UINT64_C(1) << 13) /* version 2 */
#define FS_TRUNCATE (UINT64_C(1) << 14) /* version 3 */
#define SCOPES (UINT64_C(3)) /* abstract sockets and signals; version 6 */

/* All that a version knows: running programs, devices, sockets and pipes with them. */
static uint64_t known_rights(long version)
{
	static const unsigned int bits[] = { 0, 13, 14, 15, 15, 16 };

	return (UINT64_C(1) << bits[version < 5 ? version : 5]) - 1;
}

struct ruleset_attr {
	uint64_t fs;
	uint64_t net; /* version 4; not used: a mirror may listen anywhere */
	uint64_t scoped; /* version 6 */
};

struct path_beneath_attr {
	uint64_t allowed;
	int32_t parent_fd;
} __attribute__((packed));

/*
 * What any program that speaks to the network reads. Folders that hold private keys
 * (/etc/ssl/private, /etc/pki/tls/private, /etc/pki/entitlement) are not below any.
 * A rule is about the file that is there now: should /etc/resolv.conf be replaced
 * meanwhile, its folders in /run are named too, so only a plain file is missed.
 */
static const char *const system_files[] = {
	/* libraries, their data, NSS modules */
	"/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime",
	/* certificates and the rules of TLS */
	"/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/etc/ssl/ca-bundle.pem", "/etc/pki/tls/certs",
	"/etc/pki/tls/cert.pem", "/etc/pki/tls/openssl.cnf", "/etc/pki/tls/openssl.d",
	"/etc/pki/ca-trust", "/etc/crypto-policies", "/var/lib/ca-certificates",
	/* the resolver */
	"/etc/resolv.conf", "/run/systemd/resolve", "/run/NetworkManager", "/run/resolvconf",
	"/run/netconfig", "/etc/nsswitch.conf", "/etc/hosts", "/etc/host.conf", "/etc/gai.conf",
	"/etc/services", "/etc/protocols",
	/* what libraries ask of the machine */
	"/dev/null", "/dev/random", "/dev/urandom", "/proc/self", "/proc/cpuinfo",
	"/proc/meminfo", "/proc/stat", "/proc/sys/crypto", "/proc/sys/kernel/random/boot_id", "/sys/devices/system/cpu",
};

static int allow(int ruleset, int fd, uint64_t rights)
{
	const struct path_beneath_attr rule = { .allowed = rights, .parent_fd = fd };

	return (int)syscall(SYS_ADD_RULE, ruleset, RULE_PATH_BENEATH, &rule, 0);
}

/* What is not there, or not for us, needs no rule: opening it fails by itself. */
static int allow_reading(int ruleset, const char *path)
{
	int fd = open(path, O_PATH | O_CLOEXEC);
	struct stat st;
	int ret;

	if (fd < 0)
		return 0;
	ret = fstat(fd, &st) ? -1 :
	      allow(ruleset, fd, FS_READ_FILE | (S_ISDIR(st.st_mode) ? FS_READ_DIR : 0));
	close(fd);
	return ret;
}

static int add_rules(int ruleset, uint64_t known, int dir_fd, const struct oi_strv *readable)
{
	const uint64_t ours = FS_READ_FILE | FS_READ_DIR | FS_WRITE_FILE | FS_TRUNCATE |
			      FS_REMOVE_DIR | FS_REMOVE_FILE | FS_MAKE_DIR | FS_MAKE_REG |
			      FS_MAKE_SYM | FS_REFER;

	for (size_t i = 0; i < OI_ARRAY_SIZE(system_files); i++)
		if (allow_reading(ruleset, system_files[i]))
			return -1;
	for (size_t i = 0; i < readable->n; i++)
		if (allow_reading(ruleset, readable->v[i]))
			return -1;
	return dir_fd < 0 ? 0 : allow(ruleset, dir_fd, ours & known);
}

const char *oi_landlock_limit(int dir_fd, const struct oi_strv *readable, bool links)
{
	/* ENOSYS: before 5.13; EOPNOTSUPP: there, but not switched on */
	long version = syscall(SYS_CREATE_RULESET, NULL, 0, CREATE_RULESET_VERSION);
	struct ruleset_attr attr = { 0 };
	const char *why = NULL;
	size_t size;
	int ruleset;

	if (version < 1)
		return strerror(errno);
	if (version == 1 && links)
		return "its first version does not let files be linked across folders";
	attr.fs = known_rights(version);
	attr.scoped = version >= 6 ? SCOPES : 0;
	size = version < 4 ? sizeof(attr.fs) : version < 6 ? 2 * sizeof(attr.fs) : sizeof(attr);
	ruleset = (int)syscall(SYS_CREATE_RULESET, &attr, size, 0);
	if (ruleset < 0)
		return strerror(errno);
	if (add_rules(ruleset, attr.fs, dir_fd, readable) ||
	    syscall(SYS_RESTRICT_SELF, ruleset, 0))
		why = strerror(errno);
	close(ruleset);
	return why;
}
