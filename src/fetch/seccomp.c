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
/* The compiler counts the instructions that a jump skips. */
#define LENGTH(...) (sizeof((struct sock_filter[]){ __VA_ARGS__ }) / sizeof(struct sock_filter))
/* The instructions run only if the loaded word is @value, has a bit of @value, or is not above it. */
#define IF_EQUAL(value, ...)                                                                      \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value), 0, LENGTH(__VA_ARGS__)), __VA_ARGS__
#define IF_ANY_BIT(value, ...)                                                                    \
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (uint32_t)(value), 0, LENGTH(__VA_ARGS__)), __VA_ARGS__
#define IF_UP_TO(value, ...)                                                                      \
	BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, (uint32_t)(value), LENGTH(__VA_ARGS__), 0), __VA_ARGS__
#define PASS ANSWER(SECCOMP_RET_ALLOW)
#define CALL(name, ...) IF_EQUAL(SYS_##name, __VA_ARGS__)
#define ALLOW(name) IF_EQUAL(SYS_##name, PASS)
#define NEVER(name) IF_EQUAL(SYS_##name, ANSWER(SECCOMP_RET_KILL_PROCESS))

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
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
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
		CALL(oi_clone3, REFUSE(ENOSYS)),
		CALL(clone, LOAD(WORD(0)), IF_ANY_BIT(CLONE_THREAD, PASS), REFUSE(EPERM)),

		/* The internet, and the list of interfaces that the resolver sorts addresses by. Not
		 * AF_UNIX: systemd and dbus take the word of uid 0, which we may well still be. */
		CALL(socket, LOAD(WORD(0)), IF_EQUAL(AF_INET, PASS), IF_EQUAL(AF_INET6, PASS),
		     IF_EQUAL(AF_NETLINK, PASS), REFUSE(EAFNOSUPPORT)),

		/* Non-blocking sockets by another name, and how much is there to read. */
		CALL(ioctl, LOAD(WORD(1)), IF_EQUAL(FIONBIO, PASS), IF_EQUAL(FIONREAD, PASS), REFUSE(ENOTTY)),

		/* Not F_SETOWN and F_SETSIG, by which bytes on a pipe become a signal of any kind to
		 * anybody; nor leases, which hold up who opens the file. */
		CALL(fcntl, LOAD(WORD(1)), IF_UP_TO(F_SETLKW, PASS), IF_EQUAL(F_DUPFD_CLOEXEC, PASS),
		     REFUSE(EPERM)),

		/* What can be read can be opened, and is root's own as we are: Landlock does not keep
		 * us from making it setuid, or everybody's to write. */
		CALL(fchmod, LOAD(WORD(1)),
		     IF_ANY_BIT(S_ISUID | S_ISGID | S_IWGRP | S_IWOTH, REFUSE(EPERM)), PASS),

		/* The name of a thread. */
		CALL(prctl, LOAD(WORD(0)), IF_EQUAL(PR_SET_NAME, PASS), REFUSE(EPERM)),

		/* Our own limits and threads; uid 0 could reach those of others. */
		CALL(prlimit64, LOAD(WORD(0)), IF_EQUAL(0, PASS), REFUSE(EPERM)),
		CALL(tgkill, LOAD(WORD(0)), IF_EQUAL(self, PASS), REFUSE(EPERM)),

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
