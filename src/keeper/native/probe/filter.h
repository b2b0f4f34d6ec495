#ifndef FILTER_H
#define FILTER_H

/*
 * For a keeper that runs under a seccomp filter itself (in a container): there the kernel refuses strict mode, and
 * the probe gets a filter of its own that says the same. What is not named ends the process.
 *
 * Strict mode is preferred because it costs nothing. A filter is compiled, and takes a page, for each probe; and
 * Linux 6.18 was seen to lock up for good when thousands of them were freed at once (their works fill the kernel's
 * queue, and the one that they all wait for stands behind them).
 */

#include <stddef.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include "parts_linux.h"

#define ALLOW(name) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##name, 0, 1), \
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static const struct sock_filter strict[] = {
	/* Numbers mean nothing without the architecture: a 32-bit call of the same number is another call. */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	ALLOW(read), ALLOW(exit),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
};

#endif
