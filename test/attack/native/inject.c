/*
 * inject PID CALL: seizes a process, and makes it make a system call. With `patch` as the call, writes the call over
 * the program's own text instead, through /proc/PID/mem, and lets it run into it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "inject.h"
#include "report.h"

static const struct {
	const char *name;
	long number;
	long arguments[6];
} calls[] = {
	{"getpid", SYS_getpid, {0}},
	{"openat", SYS_openat, {AT_FDCWD, 0, O_RDONLY}},
	{"socket", SYS_socket, {1, 1, 0}},
	{"clone", SYS_clone, {SIGCHLD}},
	{"clone as sibling", SYS_clone, {CLONE_PARENT | SIGCHLD}},
	{"kill all", SYS_kill, {-1, SIGHUP}},
	{"kill itself", SYS_kill, {0, SIGHUP}},
	{"unshare", SYS_unshare, {CLONE_NEWUSER}},
	{"mmap", SYS_mmap, {0, 4096, 7, 0x22, -1}},
	{"prctl", SYS_prctl, {4, 1}},
	{"exit", SYS_exit, {0}},
};

static void tell_end(int pid, int status)
{
	if (WIFSIGNALED(status))
		say("end", "signal %s", sigabbrev_np(WTERMSIG(status)));
	else if (WIFEXITED(status))
		say("end", "exit %d", WEXITSTATUS(status));
	else
		say("end", "it goes on: %d stopped by %s", pid, sigabbrev_np(WSTOPSIG(status)));
}

/* Where its last system call was made; in a jail of another user namespace we never come so far. */
static int aim_at(int pid, const char *name)
{
	struct user_regs_struct registers;

	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		if (strcmp(calls[i].name, name) != 0)
			continue;
		if (!get_registers(pid, &registers))
			return -1;
		aim(&registers, where(&registers) - INSTRUCTION, calls[i].number, calls[i].arguments);
		return set_registers(pid, &registers) ? 0 : -1;
	}
	errno = EINVAL;
	return -1;
}

#if defined(__x86_64__)
/* mov $39, %eax; syscall: getpid(2) */
static const unsigned char getpid_code[] = {0xb8, 39, 0, 0, 0, 0x0f, 0x05};
#else
/* mov x8, #172; svc 0 */
static const unsigned char getpid_code[] = {0x88, 0x15, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4};
#endif

static int patch(int pid)
{
	struct user_regs_struct registers;
	char path[64];
	int memory, written;

	snprintf(path, sizeof path, "/proc/%d/mem", pid);
	memory = open(path, O_RDWR);
	if (memory == -1 || !get_registers(pid, &registers))
		return -1;
	/* Before the instruction, to which a call that was broken off goes back, and after it. */
	written = (int)pwrite(memory, getpid_code, sizeof getpid_code, (off_t)where(&registers) - INSTRUCTION);
	close(memory);
	return written == (int)sizeof getpid_code ? 0 : -1;
}

int main(int count, char **arguments)
{
	int pid, status;

	if (count != 3)
		return 64;
	pid = atoi(arguments[1]);
	if (ptrace(PTRACE_SEIZE, pid, 0, 0) == -1) {
		tell("seize", -1);
		return 0;
	}
	ptrace(PTRACE_INTERRUPT, pid, 0, 0);
	waitpid(pid, &status, __WALL);
	if (strcmp(arguments[2], "patch") == 0)
		tell("patch", patch(pid));
	else
		tell("aim", aim_at(pid, arguments[2]));
	if (ptrace(PTRACE_SYSCALL, pid, 0, 0) == -1)
		tell("go on", -1);
	/* A locked process does not even come to the stop at the call: the kernel asks seccomp first. */
	for (int stops = 0; stops < 4; stops++) {
		struct user_regs_struct registers;

		if (waitpid(pid, &status, __WALL) != pid) {
			tell("wait", -1);
			return 0;
		}
		if (!WIFSTOPPED(status))
			break;
		if (get_registers(pid, &registers))
			say("stop", "%ld", result_in(&registers));
		ptrace(PTRACE_SYSCALL, pid, 0, 0);
	}
	tell_end(pid, status);
	return 0;
}
