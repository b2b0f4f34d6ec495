#ifdef __linux__
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
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

bool process_each_child(struct keeper *keeper, void each(struct keeper *keeper, pid_t pid))
{
	char path[64], chunk[4096];
	ssize_t got;
	long pid = 0;
	int file;

	snprintf(path, sizeof path, "/proc/self/task/%ld/children", (long)getpid());
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file == -1)
		return errno == ENOENT; /* not in this kernel: what is not found here ends by itself, at the end of its pipe */
	while ((got = read(file, chunk, sizeof chunk)) > 0)
		for (ssize_t i = 0; i < got; i++) {
			if (chunk[i] >= '0' && chunk[i] <= '9') {
				pid = pid * 10 + (chunk[i] - '0');
				continue;
			}
			each(keeper, (pid_t)pid);
			pid = 0;
		}
	close(file);
	return true;
}

#else
typedef int not_this_platform;
#endif
