/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fetch/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#ifndef SECCOMP_RET_KILL_PROCESS /* since Linux 4.14; older ones end the thread, all we have */
#define SECCOMP_RET_KILL_PROCESS 0x80000000U
#endif

#ifdef ARCHITECTURE

/* The low half of an argument: both architectures are little endian. */
#define WORD(n) offsetof(struct seccomp_data, args[n])
#define LOAD(at) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(at))
#define ANSWER(what) BPF_STMT(BPF_RET | BPF_K, (uint32_t)(what))
#define REFUSE(error) ANSWER(SECCOMP_RET_ERRNO | (error))
/* Over the next @skip instructions unless what is loaded is @value. */
#define UNLESS(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value), 0, (skip))
#define ALLOW(name) UNLESS(SYS_##name, 1), ANSWER(SECCOMP_RET_ALLOW)
#define NEVER(name) UNLESS(SYS_##name, 1), ANSWER(SECCOMP_RET_KILL_PROCESS)

/* Newer than some of the headers that this is built with; the same numbers everywhere. */
#define SYS_oi_rseq 334
#define SYS_oi_clone3 435
#define SYS_oi_faccessat2 439
#define SYS_oi_landlock_create_ruleset 444
#define SYS_oi_landlock_add_rule 445
#define SYS_oi_landlock_restrict_self 446
#ifdef __aarch64__
#undef SYS_oi_rseq
#define SYS_oi_rseq 293
#endif

const char *oi_seccomp_limit(void)
{
	const uint32_t self = (uint32_t)getpid();
	struct sock_filter filter[] = {
		LOAD(offsetof(struct seccomp_data, arch)),
		UNLESS(ARCHITECTURE, 1),
		BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0),
		ANSWER(SECCOMP_RET_KILL_PROCESS),
		LOAD(offsetof(struct seccomp_data, nr)),

		/* Bytes in and out, most of all. */
		ALLOW(read), ALLOW(write), ALLOW(readv), ALLOW(writev), ALLOW(pread64), ALLOW(pwrite64),
		ALLOW(lseek), ALLOW(close), ALLOW(futex), ALLOW(clock_gettime), ALLOW(ppoll),
		ALLOW(recvfrom), ALLOW(sendto), ALLOW(recvmsg), ALLOW(sendmsg),
		ALLOW(recvmmsg), ALLOW(sendmmsg), /* the resolver asks for A and AAAA at once */

		/* Files; whose they may be is the other half's matter (landlock.c). Owners, devices,
		 * extended attributes and modes by name are left out: Landlock does not guard them. */
		ALLOW(openat), ALLOW(newfstatat), ALLOW(fstat), ALLOW(statx), ALLOW(fstatfs), ALLOW(statfs),
		ALLOW(faccessat), ALLOW(oi_faccessat2), ALLOW(readlinkat), ALLOW(getdents64),
		ALLOW(getcwd), ALLOW(fchdir), ALLOW(mkdirat), ALLOW(unlinkat), ALLOW(renameat),
		ALLOW(renameat2), ALLOW(linkat), ALLOW(symlinkat), ALLOW(utimensat),
		ALLOW(umask), ALLOW(ftruncate), ALLOW(fallocate), ALLOW(fsync), ALLOW(fdatasync),
		ALLOW(sync_file_range), ALLOW(fadvise64), ALLOW(dup), ALLOW(dup3),
		ALLOW(flock),

		/* Connections. Nobody is listened to. */
		ALLOW(socketpair), ALLOW(connect), ALLOW(bind), ALLOW(shutdown), ALLOW(getsockname),
		ALLOW(getpeername), ALLOW(getsockopt), ALLOW(setsockopt), ALLOW(pselect6),
		ALLOW(epoll_create1), ALLOW(epoll_ctl), ALLOW(epoll_pwait), ALLOW(eventfd2), ALLOW(pipe2),

		/* Memory, threads, time, signals, what the C library wants to know. */
		ALLOW(mmap), ALLOW(munmap), ALLOW(mprotect), ALLOW(mremap), ALLOW(madvise), ALLOW(brk),
		ALLOW(membarrier), ALLOW(set_robust_list), ALLOW(get_robust_list), ALLOW(oi_rseq),
		ALLOW(sched_yield), ALLOW(sched_getaffinity), ALLOW(gettid), ALLOW(getpid), ALLOW(getppid),
		ALLOW(getuid), ALLOW(geteuid), ALLOW(getgid), ALLOW(getegid), ALLOW(exit),
		ALLOW(exit_group), ALLOW(restart_syscall), ALLOW(rt_sigaction), ALLOW(rt_sigprocmask),
		ALLOW(rt_sigreturn), ALLOW(sigaltstack), ALLOW(nanosleep),
		ALLOW(clock_nanosleep), ALLOW(clock_getres), ALLOW(gettimeofday), ALLOW(getrandom),
		ALLOW(uname), ALLOW(sysinfo), ALLOW(getrusage),
		ALLOW(set_tid_address),

		/* Further limits may be taken on. */
		ALLOW(oi_landlock_create_ruleset), ALLOW(oi_landlock_add_rule),
		ALLOW(oi_landlock_restrict_self),

#ifdef __x86_64__ /* what newer architectures never had */
		ALLOW(open), ALLOW(stat), ALLOW(lstat), ALLOW(access), ALLOW(readlink), ALLOW(mkdir),
		ALLOW(rmdir), ALLOW(unlink), ALLOW(rename), ALLOW(link), ALLOW(symlink), ALLOW(chdir),
		ALLOW(poll), ALLOW(select), ALLOW(epoll_create), ALLOW(epoll_wait), ALLOW(pipe),
		ALLOW(dup2), ALLOW(time), ALLOW(getrlimit), ALLOW(getdents), ALLOW(futimesat),
		ALLOW(utimes), ALLOW(eventfd), ALLOW(arch_prctl),
#endif

		/* Threads, no processes. clone3 hides its flags in memory, where no filter can look;
		 * ENOSYS brings the C library back to clone. */
		UNLESS(SYS_oi_clone3, 1),
		REFUSE(ENOSYS),
		UNLESS(SYS_clone, 4),
		LOAD(WORD(0)),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 1),
		ANSWER(SECCOMP_RET_ALLOW),
		REFUSE(EPERM),

		/* The internet, and the list of interfaces that the resolver sorts addresses by. Not
		 * AF_UNIX: systemd and dbus take the word of uid 0, which we may well still be. */
		UNLESS(SYS_socket, 8),
		LOAD(WORD(0)),
		UNLESS(AF_INET, 1),
		ANSWER(SECCOMP_RET_ALLOW),
		UNLESS(AF_INET6, 1),
		ANSWER(SECCOMP_RET_ALLOW),
		UNLESS(AF_NETLINK, 1),
		ANSWER(SECCOMP_RET_ALLOW),
		REFUSE(EAFNOSUPPORT),

		/* Non-blocking sockets by another name, and how much is there to read. */
		UNLESS(SYS_ioctl, 6),
		LOAD(WORD(1)),
		UNLESS(FIONBIO, 1),
		ANSWER(SECCOMP_RET_ALLOW),
		UNLESS(FIONREAD, 1),
		ANSWER(SECCOMP_RET_ALLOW),
		REFUSE(ENOTTY),

		/* Not F_SETOWN and F_SETSIG, by which bytes on a pipe become a signal of any kind to
		 * anybody; nor leases, which hold up who opens the file. */
		UNLESS(SYS_fcntl, 6),
		LOAD(WORD(1)),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, F_SETLKW, 1, 0),
		ANSWER(SECCOMP_RET_ALLOW),
		UNLESS(F_DUPFD_CLOEXEC, 1),
		ANSWER(SECCOMP_RET_ALLOW),
		REFUSE(EPERM),

		/* What can be read can be opened, and is root's own as we are: Landlock does not keep
		 * us from making it setuid, or everybody's to write. */
		UNLESS(SYS_fchmod, 4),
		LOAD(WORD(1)),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, S_ISUID | S_ISGID | S_IWGRP | S_IWOTH, 1, 0),
		ANSWER(SECCOMP_RET_ALLOW),
		REFUSE(EPERM),

		/* The name of a thread. */
		UNLESS(SYS_prctl, 4),
		LOAD(WORD(0)),
		UNLESS(PR_SET_NAME, 1),
		ANSWER(SECCOMP_RET_ALLOW),
		REFUSE(EPERM),

		/* Our own limits and threads; uid 0 could reach those of others. */
		UNLESS(SYS_prlimit64, 4),
		LOAD(WORD(0)),
		UNLESS(0, 1),
		ANSWER(SECCOMP_RET_ALLOW),
		REFUSE(EPERM),
		UNLESS(SYS_tgkill, 4),
		LOAD(WORD(0)),
		UNLESS(self, 1),
		ANSWER(SECCOMP_RET_ALLOW),
		REFUSE(EPERM),

		NEVER(execve), NEVER(execveat), NEVER(ptrace), NEVER(process_vm_readv),
		NEVER(process_vm_writev), NEVER(mount), NEVER(umount2), NEVER(pivot_root), NEVER(chroot),
		NEVER(setns), NEVER(unshare), NEVER(init_module), NEVER(finit_module),
		NEVER(delete_module), NEVER(kexec_load), NEVER(bpf), NEVER(perf_event_open),
		NEVER(open_by_handle_at), NEVER(add_key), NEVER(request_key), NEVER(keyctl),
		NEVER(setuid), NEVER(setgid), NEVER(setresuid), NEVER(setresgid),
		 NEVER(reboot), NEVER(swapon), NEVER(clock_settime), NEVER(settimeofday),

		REFUSE(ENOSYS),
	};
	const struct sock_fprog program = {
		.len = OI_ARRAY_SIZE(filter),
		.filter = filter,
	};

	/* EINVAL: built without it, or not a kernel but an emulator of another
	 * architecture's programs, as when an image is baked for one. */
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) ? strerror(errno) : NULL;
}

#else

const char *oi_seccomp_limit(void)
{
	return "no list of system calls for this architecture";
}

#endif
