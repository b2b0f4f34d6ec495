/*
 * The floor: the least that can do the main job. It has waiting programs, and when SIGCHLD tells that one was killed
 * by HUP, it spawns that one's command. No jail, no lock-down, no output, no limits, no history, and nobody to tell.
 *
 *     floor WAITER FIRST FIFO GATE SHELL LIST IMMEDIATELY
 *
 * The last three say how many probes have a command for the shell, a command without a shell, and one without a shell
 * whose probe comes back at once; the others come back when their command has ended.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PIDS = 1 << 22, COMMAND = 1 << 30, NUMBER = 16, TEXT = 4096 };

static const char *waiter, *first, *fifo, *gate;
static int shells, lists, probes;
static posix_spawnattr_t attributes;
static char *const environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};

/* Whose process this is: the probe's index plus one, with COMMAND if it is the command. Pages come as they are used. */
static int *owners;

static void start(const char *path, char *const *argv, int owner)
{
	pid_t pid;

	if (posix_spawn(&pid, path, NULL, &attributes, argv, environment) != 0) {
		fprintf(stderr, "floor: cannot start %s\n", path);
		exit(1);
	}
	owners[pid] = owner;
}

static void start_waiter(int index)
{
	char title[NUMBER];

	snprintf(title, sizeof title, "B%d", index);
	start(waiter, (char *[]){title, NULL}, index + 1);
}

static void start_command(int index)
{
	char number[NUMBER], text[TEXT];

	snprintf(number, sizeof number, "%d", index);
	snprintf(text, sizeof text, "exec %s %s %s %d", first, fifo, gate, index);
	if (index < shells)
		start("/bin/sh", (char *[]){"/bin/sh", "-c", text, NULL}, (index + 1) | COMMAND);
	else
		start(first, (char *[]){(char *)first, (char *)fifo, (char *)gate, number, NULL}, (index + 1) | COMMAND);
}

static void ended(pid_t pid, int status)
{
	int index = (owners[pid] & ~COMMAND) - 1;
	bool at_once = index >= shells + lists;

	if (owners[pid] & COMMAND) {
		if (!at_once)
			start_waiter(index);
	} else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGHUP) {
		start_command(index);
		if (at_once)
			start_waiter(index);
	}
}

int main(int argc, char **argv)
{
	sigset_t watched, none;
	siginfo_t news;
	int status;

	if (argc != 8)
		return 64;
	waiter = argv[1];
	first = argv[2];
	fifo = argv[3];
	gate = argv[4];
	shells = atoi(argv[5]);
	lists = atoi(argv[6]);
	probes = shells + lists + atoi(argv[7]);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fcntl(STDOUT_FILENO, F_SETFD, FD_CLOEXEC);
	owners = mmap(NULL, PIDS * sizeof *owners, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (owners == MAP_FAILED)
		return 71;
	sigemptyset(&none);
	sigemptyset(&watched);
	sigaddset(&watched, SIGCHLD);
	sigprocmask(SIG_BLOCK, &watched, NULL);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigmask(&attributes, &none);

	for (int index = 0; index < probes; index++)
		start_waiter(index);
	(void)!write(STDOUT_FILENO, "ready\n", 6);

	for (;;) {
		pid_t pid;

		if (sigwaitinfo(&watched, &news) != SIGCHLD)
			continue;
		/* By name first, which costs the same with ten thousand children; then those whose signals were merged. */
		if (waitpid(news.si_pid, &status, WNOHANG) == news.si_pid)
			ended(news.si_pid, status);
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
			ended(pid, status);
	}
}
