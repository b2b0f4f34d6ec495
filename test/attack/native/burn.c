/*
 * burn PID spin|grow: writes a program of its own over a process's, one that needs no system call: it computes for ever,
 * or its stack grows for ever. Before that it takes off what limits it can.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "inject.h"
#include "report.h"

#if defined(__x86_64__)
/* jmp . */
static const unsigned char spin[] = {0xeb, 0xfe};
/* push %rax; jmp .-1 */
static const unsigned char grow[] = {0x50, 0xeb, 0xfd};
#else
/* b . */
static const unsigned char spin[] = {0x00, 0x00, 0x00, 0x14};
/* str x0, [sp, #-16]!; b .-4 */
static const unsigned char grow[] = {0xe0, 0x0f, 0x1f, 0xf8, 0xff, 0xff, 0xff, 0x17};
#endif

/* With it root may give himself any limit, and with all capabilities he needs no probe to do harm. */
static int give_up_resource_capability(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data) == -1)
		return -1;
	data[0].effective &= ~(1u << CAP_SYS_RESOURCE);
	return (int)syscall(SYS_capset, &header, data);
}

/* The soft limit can always be raised up to the hard one. */
static void lift(int pid, const char *name, enum __rlimit_resource which)
{
	struct rlimit limit;

	if (prlimit(pid, which, NULL, &limit) == -1) {
		tell(name, -1);
		return;
	}
	limit.rlim_cur = limit.rlim_max;
	(void)prlimit(pid, which, &limit, NULL);
	limit.rlim_cur = limit.rlim_max = RLIM_INFINITY;
	tell(name, prlimit(pid, which, &limit, NULL));
}

static int write_over(int pid, const unsigned char *code, size_t length)
{
	struct user_regs_struct registers;
	char path[64];
	int memory;
	ssize_t written;

	snprintf(path, sizeof path, "/proc/%d/mem", pid);
	memory = open(path, O_RDWR);
	if (memory == -1 || !get_registers(pid, &registers))
		return -1;
	written = pwrite(memory, code, length, (off_t)where(&registers));
	close(memory);
	aim(&registers, where(&registers), 0, (long[6]){0});
	return written == (ssize_t)length && set_registers(pid, &registers) ? 0 : -1;
}

int main(int count, char **arguments)
{
	int pid;

	if (count != 3)
		return 64;
	pid = atoi(arguments[1]);
	tell("give up", give_up_resource_capability());
	lift(pid, "lift cpu", RLIMIT_CPU);
	lift(pid, "lift stack", RLIMIT_STACK);
	lift(pid, "lift memory", RLIMIT_AS);
	tell("seize", ptrace(PTRACE_SEIZE, pid, 0, 0));
	ptrace(PTRACE_INTERRUPT, pid, 0, 0);
	waitpid(pid, NULL, __WALL);
	if (strcmp(arguments[2], "spin") == 0)
		tell("write over", write_over(pid, spin, sizeof spin));
	else
		tell("write over", write_over(pid, grow, sizeof grow));
	tell("let go", ptrace(PTRACE_DETACH, pid, 0, 0));
	return 0;
}
