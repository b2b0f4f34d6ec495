/*
 * The child's side of a command: from fork(2), which has taken everything from it but five descriptors, to exec.
 * It may hang in here, in a directory that does not answer; the keeper does not.
 */
#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "self.h"

enum { SOFT_DESCRIPTORS = 1024 };

static void report(enum stage stage, int error)
{
	struct command_report report = {.stage = stage, .error = error};

	(void)!write(FD_OUTCOME, &report, sizeof report); /* the keeper is gone: nobody asks */
}

static _Noreturn void give_in(enum stage stage)
{
	report(stage, errno);
	_exit(127);
}

/* By it the next keeper finds the command, should this one be killed. Only its pid is still missing in it. */
static int make_marker(const struct command *command)
{
	char *marker = command->marker;

	for (pid_t pid = getpid(); pid > 0; pid /= 10)
		*--marker = (char)('0' + pid % 10);
	return symlinkat(marker, FD_RUNNING, command->id) == -1 ? errno : 0;
}

static void limit_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
		give_in(STAGE_limit);
	limit.rlim_cur = limit.rlim_max < SOFT_DESCRIPTORS ? limit.rlim_max : SOFT_DESCRIPTORS;
	if (setrlimit(RLIMIT_NOFILE, &limit) == -1)
		give_in(STAGE_limit);
}

static void become(struct command *command)
{
	const struct definition *definition = command->definition;
	int count;

	if (!definition->run_as)
		return;
	count = parse_groups(definition_text(definition, definition->run_groups), command->groups, WORDS_MAX);
	/* A keeper without root runs commands as itself, and keeps its groups. */
	if (self_set_groups((gid_t)definition->run_gid, command->groups, count) == -1
		&& (errno != EPERM || geteuid() == 0))
		give_in(STAGE_groups);
	if (setregid((gid_t)definition->run_gid, (gid_t)definition->run_gid) == -1)
		give_in(STAGE_setgid);
	if (setreuid((uid_t)definition->run_uid, (uid_t)definition->run_uid) == -1)
		give_in(STAGE_setuid);
}

static const char *search_path(char **environment)
{
	for (; *environment; environment++)
		if (strncmp(*environment, "PATH=", 5) == 0)
			return *environment + 5;
	return "/bin:/usr/bin";
}

/* As execvp(3), but in the PATH that the command gets. Returns only when nothing could be executed. */
static void execute(char **arguments, char **environment)
{
	const char *name = *arguments, *at = search_path(environment);
	int worst = ENOENT;

	if (strchr(name, '/') || *name == '\0') {
		execve(name, arguments, environment);
		return;
	}
	for (;;) {
		size_t length = strcspn(at, ":");
		char path[PATH_LONGEST + 1];

		if (snprintf(path, sizeof path, "%.*s%s%s", (int)length, at, length ? "/" : "", name) < (int)sizeof path)
			execve(path, arguments, environment);
		if (errno == EACCES)
			worst = EACCES; /* as the shell says it, if no other is found */
		else if (errno != ENOENT && errno != ENOTDIR)
			return;
		if (at[length] == '\0')
			break;
		at += length + 1;
	}
	errno = worst;
}

_Noreturn void command_execute(struct command *command)
{
	const char *cwd = definition_text(command->definition, command->definition->cwd);
	sigset_t none;
	int marker;

	if (setsid() == -1)
		give_in(STAGE_setsid);
	umask(022);
	marker = make_marker(command); /* while we may still write there */
	if (getppid() != command->keeper) {
		/* It was killed, and the next one may have looked before there was a marker: this must not run beside it. */
		(void)unlinkat(FD_RUNNING, command->id, 0);
		_exit(127);
	}
	limit_descriptors();
	become(command);
	if (chdir(*cwd ? cwd : "/") == -1)
		give_in(STAGE_chdir);

	report(STAGE_none, marker);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL); /* the keeper has blocked all signals, and handles none */
	execute(command->arguments, command->environment);
	give_in(STAGE_exec);
}
