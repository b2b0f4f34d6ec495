/*
 * Runs a test file, and takes note of the end of all that lose their parent meanwhile: daemons that have detached
 * themselves, probes whose keeper was killed. The machine's first process may do so late, or never, if the machine is a
 * container; and as long as nobody has, the first process of such a probe's PID namespace cannot end.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static pid_t start(char **argv, const sigset_t *mask)
{
	pid_t pid = fork();

	if (pid == -1)
		die("fork");
	if (pid > 0)
		return pid;
	if (sigprocmask(SIG_SETMASK, mask, NULL) == -1)
		die("sigprocmask");
	execv(argv[0], argv);
	die(argv[0]);
	return -1;
}

/* Ends as the one ended that was started; others may be left. */
static void reap(pid_t started)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == started)
			exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

int main(int argc, char **argv)
{
	sigset_t awaited, before;
	pid_t started;

	if (argc < 2) {
		fputs("usage: reaper PROGRAM [ARGUMENT...]\n", stderr);
		return EXIT_FAILURE;
	}
	if (prctl(PR_SET_CHILD_SUBREAPER, 1UL) == -1)
		die("prctl");
	(void)sigemptyset(&awaited);
	(void)sigaddset(&awaited, SIGCHLD);
	(void)sigaddset(&awaited, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &awaited, &before) == -1)
		die("sigprocmask");
	started = start(argv + 1, &before);
	for (;;) {
		int caught = sigwaitinfo(&awaited, NULL);

		if (caught == SIGCHLD)
			reap(started);
		else if (caught > 0 && kill(started, caught) == -1)
			die("kill");
	}
}
