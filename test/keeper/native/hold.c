/*
 * hold PID: hangs the process up and keeps what is left of it, so that its parent hears of its death only when we end, at
 * the end of our input. Says `dead` when it is.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int count, char **words)
{
	pid_t pid = count == 2 ? (pid_t)atol(words[1]) : 0;
	siginfo_t info;
	char byte;
	int status;

	if (pid <= 1 || ptrace(PTRACE_SEIZE, pid, NULL, NULL) == -1 || kill(pid, SIGHUP) == -1)
		return 1;
	if (waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status) || WSTOPSIG(status) != SIGHUP)
		return 1;
	if (ptrace(PTRACE_CONT, pid, NULL, (void *)SIGHUP) == -1)
		return 1;
	if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) == -1)
		return 1;
	if (printf("dead\n") < 0 || fflush(stdout) == EOF)
		return 1;
	return read(STDIN_FILENO, &byte, 1) == 0 ? 0 : 1;
}
