/* The beginning: nothing is left of whoever started us, and everything is there that the loop needs. */
#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "keeper.h"
#include "set_up.h"

enum { PATH_OF_SOCKET_MAX = 103, DESCRIPTORS_MAX = 1 << 20 };
enum { BUDGET = 512, BRAKE = 100, BRAKE_WINDOW = 10000 };

_Noreturn void set_up_fail(int code, const char *what)
{
	if (errno)
		fprintf(stderr, "keeper: %s: %s\n", what, strerror(errno));
	else
		fprintf(stderr, "keeper: %s\n", what);
	exit(code);
}

/* Nothing of whoever started us: no signals, no descriptors, no terminal, no mask of his. */
static void forget_the_past(void)
{
	sigset_t all;
	int number;

	sigfillset(&all);
	/* HUP, INT and TERM too, on purpose: only `quit` and KILL end the keeper. */
	if (sigprocmask(SIG_SETMASK, &all, NULL) == -1)
		set_up_fail(EX_OSERR, "sigprocmask");
	for (number = 1; number < NSIG; number++)
		(void)signal(number, SIG_DFL); /* KILL, STOP and the C library's own say EINVAL */
	umask(077);
	do
		number = open("/dev/null", O_RDWR);
	while (number >= 0 && number <= STDERR_FILENO); /* those of 0 to 2 that were closed */
	if (number == -1 || close_from(STDERR_FILENO + 1) == -1)
		set_up_fail(EX_OSERR, "/dev/null");
	(void)setsid(); /* EPERM: it is a leader already, as the daemon starts it */
	if (self_harden() == -1)
		set_up_fail(EX_OSERR, "shutting others out of this process");
}

static size_t raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
		set_up_fail(EX_OSERR, "getrlimit");
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) == -1)
		set_up_fail(EX_OSERR, "setrlimit");
	return limit.rlim_cur > DESCRIPTORS_MAX ? DESCRIPTORS_MAX : (size_t)limit.rlim_cur;
}

static int open_directory(int at, const char *name)
{
	if (at != (int)AT_FDCWD && mkdirat(at, name, 0700) == -1 && errno != EEXIST)
		set_up_fail(EX_CANTCREAT, name);
	at = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (at == -1)
		set_up_fail(EX_CANTCREAT, name);
	return at;
}

static void open_state(struct keeper *keeper, const char *path)
{
	char whole[PATH_LONGEST + 1];

	keeper->state_directory = open_directory(AT_FDCWD, path);
	if (fchdir(keeper->state_directory) == -1 || !getcwd(whole, sizeof whole))
		set_up_fail(EX_CANTCREAT, path);
	keeper->running_directory = open_directory(keeper->state_directory, "running");
	keeper->output_directory = open_directory(keeper->state_directory, "output");
	/* We bind it by its short name, but others must be able to connect by the long one. */
	snprintf(keeper->socket_name, sizeof keeper->socket_name, "keeper.%s.sock", keeper->epoch);
	if (strlen(whole) + 1 + strlen(keeper->socket_name) > PATH_OF_SOCKET_MAX) {
		errno = ENAMETOOLONG;
		set_up_fail(EX_CANTCREAT, "the socket's path may have 103 bytes");
	}
}

static void draw_epoch(struct keeper *keeper)
{
	uint32_t number;

	if (getrandom(&number, sizeof number, 0) != sizeof number)
		set_up_fail(EX_OSERR, "getrandom");
	snprintf(keeper->epoch, sizeof keeper->epoch, "%08x", (unsigned)number);
}

/* Each jail gets one of its own; a host that allows none is found out now. */
static void check_image(void)
{
	const char *why;
	int image;

	if (image_open(&image, &why) == -1)
		set_up_fail(EX_OSERR, why);
	if (image != -1)
		close(image);
}

/* What must be so before anything else: nothing is held, nothing is told, and the limits are the usual ones. */
static void set_out(struct keeper *keeper)
{
	draw_epoch(keeper);
	keeper->started = clock_wall();
	keeper->budget = BUDGET;
	keeper->brake = BRAKE;
	keeper->brake_window = BRAKE_WINDOW;
	list_init(&keeper->queue.events);
	list_init(&keeper->record_list);
	list_init(&keeper->no_room);
	list_init(&keeper->removed);
	list_init(&keeper->entering_ring);
	list_init(&keeper->waiting);
	list_init(&keeper->runs);
	list_init(&keeper->unread);
}

void set_up(struct keeper *keeper, const char *path)
{
	forget_the_past();
	set_out(keeper);

	/* Low numbers for what children are given: see launch_linux.c. */
	open_state(keeper, path);
	check_image();
	if (launcher_open(&keeper->launcher) == -1)
		set_up_fail(EX_OSERR, "setting descriptors aside");
	if (enter_learn_home(&keeper->home) == -1)
		set_up_fail(EX_OSERR, "looking at its own namespaces");
	if (arena_open(&keeper->arena) == -1
		|| watch_open(&keeper->watch, &keeper->arena, raise_descriptors()) == -1)
		set_up_fail(EX_OSERR, "setting memory aside");
	if (listener_open(keeper, keeper->socket_name) == -1)
		set_up_fail(EX_CANTCREAT, keeper->socket_name);
	witness_listen(keeper);
}

void say_ready(const struct keeper *keeper)
{
	int nowhere;

	if (printf("ready %s\n", keeper->epoch) < 0 || fflush(stdout) == EOF)
		set_up_fail(EX_IOERR, "standard output");
	nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (nowhere == -1)
		set_up_fail(EX_OSERR, "/dev/null");
	for (int number = STDIN_FILENO; number <= STDERR_FILENO; number++)
		(void)dup2(nowhere, number);
	close(nowhere);
}
