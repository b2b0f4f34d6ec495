/*
 * jaildaemon chroot, without the words: it changes the root, then becomes the command.
 *
 * It is started by the command line's own process, which waits for it, and has nothing open but what that was given.
 */
#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include "change_root.h"
#include "end_with.h"
#include "explain.h"
#include "wish.h"

/* What a shell says of a command that cannot be run. */
enum { CANNOT_RUN = 126, NOT_FOUND = 127 };

/* In the name of who was in the foreground, and is not as soon as that is done. */
static int give_terminal(pid_t group)
{
	int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC);

	signal(SIGTTOU, SIG_IGN);
	return terminal == -1 || tcsetpgrp(terminal, group) == -1 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int enter(const struct wish *wish, struct root_fault *fault)
{
	int error = (wish->mount ? change_root_mount : change_root)(wish->dirname, wish->rule, fault);

	if (error || chdir("/") == 0) /* chroot(2) itself has left it outside */
		return error;
	fault->call = "chdir(2)";
	return errno;
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
	struct wish wish = wish_read(argc, argv);
	struct root_fault fault;
	int error;

	if (wish.foreground)
		return give_terminal(wish.foreground);
	end_with(wish.parent);
	error = enter(&wish, &fault);
	if (error) {
		explain_root(wish.dirname, error, &fault, wish.mount);
		return error == EPERM || error == EACCES ? EX_NOPERM : EXIT_FAILURE;
	}
	limit_files(wish.files);
	error = run(wish.command);
	explain_command(wish.dirname, *wish.command ? *wish.command : "the shell", error);
	return error == ENOENT ? NOT_FOUND : CANNOT_RUN;
}
