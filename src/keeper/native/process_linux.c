#ifdef __linux__
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

int process_handle(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

bool process_is_child(pid_t pid)
{
	siginfo_t info;

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

int process_kill(int handle, int signal)
{
	return (int)syscall(SYS_pidfd_send_signal, handle, signal, NULL, 0);
}

bool process_has_ended(int handle)
{
	struct pollfd look = {.fd = handle, .events = POLLIN};

	return process_kill(handle, 0) == -1 || poll(&look, 1, 0) == 1;
}

bool process_start_time(pid_t pid, uint64_t *start)
{
	enum { START = 22, AFTER_NAME = 2 };
	char text[1024], *at;
	ssize_t got;
	int file;

	snprintf(text, sizeof text, "/proc/%ld/stat", (long)pid);
	file = open(text, O_RDONLY | O_CLOEXEC);
	if (file == -1)
		return false;
	got = read(file, text, sizeof text - 1);
	close(file);
	if (got <= 0)
		return false;
	text[got] = '\0';
	at = strrchr(text, ')'); /* the name before it may hold anything */
	for (int field = AFTER_NAME; at && field < START; field++)
		at = strchr(at + 1, ' ');
	if (!at)
		return false;
	*start = strtoull(at, NULL, 10);
	return true;
}

bool process_is_locked(pid_t pid)
{
	char text[4096], *at;
	ssize_t got;
	int file;

	snprintf(text, sizeof text, "/proc/%ld/status", (long)pid);
	file = open(text, O_RDONLY | O_CLOEXEC);
	if (file == -1)
		return false;
	got = read(file, text, sizeof text - 1);
	close(file);
	if (got <= 0)
		return false;
	text[got] = '\0';
	/* The name stands before it, but with its newlines escaped: no title can write this line. */
	at = strstr(text, "\nSeccomp:\t");
	return at && at[10] != '0';
}

static struct ending wait_for(int handle, int options)
{
	siginfo_t info = {0};
	struct ending ending = {0};

	if (waitid((idtype_t)P_PIDFD, (id_t)handle, &info, WEXITED | WNOHANG | options) == -1 || info.si_pid == 0)
		return ending;
	ending.ended = true;
	ending.signal = info.si_code != CLD_EXITED;
	ending.value = info.si_status;
	return ending;
}

struct ending process_look(int handle)
{
	return wait_for(handle, WNOWAIT);
}

struct ending process_reap(int handle)
{
	return wait_for(handle, 0);
}

int close_from(int first)
{
	return (int)syscall(SYS_close_range, first, ~0u, 0);
}

int process_harden(void)
{
	if (prctl(PR_SET_DUMPABLE, 0) == -1)
		return -1;
	/* An empty session keyring: children that get none of their own must not see the administrator's. */
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) == -1 && errno != ENOSYS && errno != EDQUOT)
		return -1;
	return 0;
}

#else
typedef int not_this_platform;
#endif
