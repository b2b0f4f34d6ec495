#ifndef FILTER_H
#define FILTER_H

/* The two seccomp filters. What is not named ends the process: a probe has no use for an error code. */

#include <stddef.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Numbers mean nothing without the architecture: a 32-bit call of the same number is another call. */
#define CHECK_ARCHITECTURE \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)), \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0), \
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS), \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))

#define ALLOW(name) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##name, 0, 1), \
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

#define KILL BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)

static const struct sock_filter until_go[] = {
	CHECK_ARCHITECTURE,
	ALLOW(read), ALLOW(write), ALLOW(close), ALLOW(seccomp), ALLOW(rt_sigsuspend), ALLOW(exit), ALLOW(exit_group),
	KILL,
};

static const struct sock_filter for_weeks[] = {
	CHECK_ARCHITECTURE,
	ALLOW(rt_sigsuspend), ALLOW(exit), ALLOW(exit_group),
	KILL,
};

#endif
