/*
 * jaildaemon chroot, without the words: it changes the root, then becomes the command.
 *
 *     chroot -p PARENT [-k] [-o 0|1|2] [-n FILES] DIR [COMMAND [ARGUMENT...]]
 *
 *     chroot -t GROUP
 *
 * It is started by the command line's own process, PARENT, which waits for it, and has nothing open but what that
 * was given. -k: the root mount (--kernel); -o: --open-directories; -n: the soft limit of open files to go back to. -t: nothing but to give the terminal to a process group, which Node cannot.
 */
#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/prctl.h>
#elif defined(__FreeBSD__) || defined(__DragonFly__)
#include <sys/procctl.h>
#include <sys/wait.h>
#endif

#include "explain.h"

/* sysexits(3), and what a shell says of a command that cannot be run. */
enum { FAILED = 1, USAGE = 64, NOT_PERMITTED = 77, CANNOT_RUN = 126, NOT_FOUND = 127 };

struct wish {
	pid_t parent;
	int rule;
	bool mount;
	rlim_t files;
	const char *dirname;
	char **command;
};

static _Noreturn void usage(void)
{
	fputs("this program is a part of jaildaemon(8): see jaildaemon chroot --help\n", stderr);
	exit(USAGE);
}

static long number(const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (*text == '\0' || *end != '\0' || value < 0)
		usage();
	return value;
}

/* In the name of who was in the foreground, and is not as soon as that is done. */
static _Noreturn void give_terminal(pid_t group)
{
	int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC);

	signal(SIGTTOU, SIG_IGN);
	exit(terminal == -1 || tcsetpgrp(terminal, group) == -1 ? FAILED : EXIT_SUCCESS);
}

static struct wish read_arguments(int argc, char **argv)
{
	struct wish wish = {.rule = -1};
	int option;

	/* "+": what follows the directory is the command's own. Only glibc needs to be told. */
	while ((option = getopt(argc, argv, "+p:ko:n:t:")) != -1)
		switch (option) {
		case 'p':
			wish.parent = (pid_t)number(optarg);
			break;
		case 'k':
			wish.mount = true;
			break;
		case 'o':
			wish.rule = (int)number(optarg);
			break;
		case 'n':
			wish.files = (rlim_t)number(optarg);
			break;
		case 't':
			give_terminal((pid_t)number(optarg));
		default:
			usage();
		}
	if (optind >= argc || !wish.parent)
		usage();
	/* A directory that is left open leads back to a root that is to be out of reach. */
	if (wish.rule == -1)
		wish.rule = wish.mount ? OPEN_REFUSED : OPEN_UNLESS_UNDER;
	wish.dirname = argv[optind];
	wish.command = argv + optind + 1;
	return wish;
}

/* Who kills the process that was asked for the command, means the command. */
static void end_with(pid_t parent)
{
#if defined(__linux__)
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* cannot fail for a signal that exists */
#elif defined(PROC_PDEATHSIG_CTL)
	int deadly = SIGKILL;

	(void)procctl(P_PID, 0, PROC_PDEATHSIG_CTL, &deadly);
#endif
	if (getppid() != parent)
		_exit(FAILED);
}

/* The process that started us has raised it for itself. */
static void limit_files(rlim_t files)
{
	struct rlimit limit;

	if (files == 0 || getrlimit(RLIMIT_NOFILE, &limit) == -1 || limit.rlim_cur <= files)
		return;
	limit.rlim_cur = files;
	(void)setrlimit(RLIMIT_NOFILE, &limit); /* a lower one is never refused */
}

static int run(char **command)
{
	char *shell[] = {getenv("SHELL"), "-i", NULL};

	if (!*command) {
		if (!shell[0] || !*shell[0])
			shell[0] = "/bin/sh";
		command = shell;
	}
	execvp(*command, command);
	return errno;
}

int main(int argc, char **argv)
{
	struct wish wish = read_arguments(argc, argv);
	struct root_fault fault;
	int error;

	end_with(wish.parent);
	error = (wish.mount ? change_root_mount : change_root)(wish.dirname, wish.rule, &fault);
	if (!error && chdir("/") == -1) { /* chroot(2) itself has left it outside */
		fault.call = "chdir(2)";
		error = errno;
	}
	if (error) {
		explain_root(wish.dirname, error, &fault, wish.mount);
		return error == EPERM || error == EACCES ? NOT_PERMITTED : FAILED;
	}
	limit_files(wish.files);
	error = run(wish.command);
	explain_command(wish.dirname, *wish.command ? *wish.command : "the shell", error);
	return error == ENOENT ? NOT_FOUND : CANNOT_RUN;
}
