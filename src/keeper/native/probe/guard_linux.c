/*
 * The guard: between its birth and its lock the clone can be seen in the jail and is not locked up yet. Root of a jail
 * that has no user namespace of its own may trace whom it likes there, and who stops the clone in time has a process
 * that is none of the jail's: not in its cgroup, not under its seccomp filter or its label. So the clone is born with a
 * tracer, and a process has only one: a child of the entering process, on the host's side, lets it make the few system
 * calls that lead to its lock, kills it at any other, and lets go of it when it is locked. Memory that somebody inside
 * writes to meanwhile, with the clone's instructions in it, changes nothing about that. Nor does stopping it.
 *
 * In a jail with a user namespace of its own nobody may trace what was not executed in there, and no guard is needed.
 */
#ifdef __linux__
#include <stddef.h>
#include <linux/prctl.h>
#include <linux/ptrace.h>
#include <linux/wait.h>

#include "parts_linux.h"
#include "processor.h"

enum { SIGNAL_TRAP = 5, SYSTEM_CALL = SIGNAL_TRAP | 0x80 };

static long ptrace(long request, long pid, long address, long data)
{
	return call(__NR_ptrace, request, pid, address, data, 0);
}

/* What wait_in_jail() does, and the ways in which it fails. */
static int may_call(const struct ptrace_syscall_info *info)
{
	if (info->arch != ARCHITECTURE) /* a 32-bit call of the same number is another call */
		return 0;
	switch (info->entry.nr) {
	case __NR_prctl:
		return info->entry.args[0] == PR_SET_PDEATHSIG || info->entry.args[0] == PR_SET_SECCOMP;
	case __NR_setsid:
	case __NR_write:
	case __NR_rt_sigprocmask:
	case __NR_close:
	case __NR_seccomp:
	case __NR_exit:
	case __NR_exit_group:
		return 1;
	default:
		return 0;
	}
}

static int is_lock(const struct ptrace_syscall_info *info)
{
	return info->entry.nr == __NR_seccomp
		|| (info->entry.nr == __NR_prctl && info->entry.args[0] == PR_SET_SECCOMP);
}

/* At the beginning or the end of a system call. Gives whether the clone has locked itself up. */
static int judge(long clone, int *locking)
{
	struct ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, clone, sizeof info, (long)&info) < 0)
		info.op = PTRACE_SYSCALL_INFO_NONE;
	if (info.op == PTRACE_SYSCALL_INFO_EXIT)
		return *locking && info.exit.rval == 0;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY && may_call(&info))
		*locking = is_lock(&info);
	else if (call2(__NR_kill, clone, SIGNAL_KILL) < 0)
		leave(1); /* a security label shields it from us; nothing does from PTRACE_O_EXITKILL */
	return 0;
}

/*
 * Until it holds neither: the two are seen in any order, and the end of the guard is the end of whom it still holds. The
 * entering process stops once more after the clone has begun, and may come to that when the clone is locked, or dead.
 */
static _Noreturn void guard(long entering, const struct processors *all)
{
	int holds_entering = 1, holds_clone = 1, locking = 0;

	while (holds_entering || holds_clone) {
		int status;
		long who = call(__NR_wait4, -1, (long)&status, __WALL, 0, 0);
		int stopped = (status & 0xff) == 0x7f, signal = status >> 8 & 0xff, event = status >> 16;

		if (who == -INTERRUPTED)
			continue;
		if (who < 0 || (who == entering && !stopped)) /* it has made no clone, or was killed: the keeper sees to that */
			leave(0);
		if (who == entering && event == PTRACE_EVENT_FORK) {
			ptrace(PTRACE_DETACH, entering, 0, 0);
			holds_entering = 0;
		} else if (!stopped) {
			holds_clone = 0;
		} else if (who != entering && !event && signal == SYSTEM_CALL && judge(who, &locking)) {
			untie(who, all);
			ptrace(PTRACE_DETACH, who, 0, 0);
			holds_clone = 0;
		} else {
			/* Also from a stop that somebody has ordered: it would give him time. */
			ptrace(who == entering ? PTRACE_CONT : PTRACE_SYSCALL, who, 0, event || signal == SYSTEM_CALL ? 0 : signal);
		}
	}
	leave(0);
}

void start_guard(const struct arming_order *order, struct guarded *guarded)
{
	long entering = call0(__NR_getpid);
	struct processors all;
	char byte = 0;

	must(order, STAGE_guard, call2(__NR_pipe2, (long)guarded->ends, 0));
	tie(&all);
	guarded->pid = call(__NR_clone, SIGNAL_CHILD, 0, 0, 0, 0);
	if (guarded->pid == 0) {
		long options = PTRACE_O_TRACEFORK | PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL;
		long seized = ptrace(PTRACE_SEIZE, entering, 0, options);

		if (seized < 0)
			untie(entering, &all);
		call3(__NR_write, guarded->ends[1], (long)&byte, 1);
		call3(__NR_close_range, 0, ~0u, 0);
		if (seized < 0)
			leave(1);
		guard(entering, &all);
	}
	must(order, STAGE_guard, guarded->pid);
}

/*
 * A host on which nobody may trace (Yama's scope 3, a keeper without the capability) has no guard, and nobody who would
 * have to be feared: the byte comes all the same.
 */
void await_guard(const struct arming_order *order, const struct guarded *guarded)
{
	long got;
	char byte;

	call1(__NR_close, guarded->ends[1]);
	do
		got = call3(__NR_read, guarded->ends[0], (long)&byte, 1);
	while (got == -INTERRUPTED);
	must(order, STAGE_guard, got == 1 ? 0 : -NO_SUCH_PROCESS);
	call1(__NR_close, guarded->ends[0]);
}

#else
typedef int not_this_platform;
#endif
