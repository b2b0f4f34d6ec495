/*
 * The keeper: holds the probes, runs the commands, and tells the daemon. It decides nothing that a daemon could
 * decide, waits for nobody, and outlives everybody but the host.
 */
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

enum { PATH_OF_SOCKET_MAX = 103, DESCRIPTORS_MAX = 1 << 20, UNREAD_MAX = 50 };
enum { STAND_BACK_MAX = 10, LULL = 2 }; /* ms */
enum { BUDGET = 512, BRAKE = 100, BRAKE_WINDOW = 10000 };

static _Noreturn void fail(int code, const char *what)
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
		fail(EX_OSERR, "sigprocmask");
	for (number = 1; number < NSIG; number++)
		(void)signal(number, SIG_DFL); /* KILL, STOP and the C library's own say EINVAL */
	umask(077);
	do
		number = open("/dev/null", O_RDWR);
	while (number >= 0 && number <= STDERR_FILENO); /* those of 0 to 2 that were closed */
	if (number == -1 || close_from(STDERR_FILENO + 1) == -1)
		fail(EX_OSERR, "/dev/null");
	(void)setsid(); /* EPERM: it is a leader already, as the daemon starts it */
	if (self_harden() == -1)
		fail(EX_OSERR, "shutting others out of this process");
}

static size_t raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
		fail(EX_OSERR, "getrlimit");
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) == -1)
		fail(EX_OSERR, "setrlimit");
	return limit.rlim_cur > DESCRIPTORS_MAX ? DESCRIPTORS_MAX : (size_t)limit.rlim_cur;
}

static int open_directory(int at, const char *name)
{
	if (at != (int)AT_FDCWD && mkdirat(at, name, 0700) == -1 && errno != EEXIST)
		fail(EX_CANTCREAT, name);
	at = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (at == -1)
		fail(EX_CANTCREAT, name);
	return at;
}

static void open_state(struct keeper *keeper, const char *path)
{
	char whole[PATH_LONGEST + 1];

	keeper->state_directory = open_directory(AT_FDCWD, path);
	if (fchdir(keeper->state_directory) == -1 || !getcwd(whole, sizeof whole))
		fail(EX_CANTCREAT, path);
	keeper->running_directory = open_directory(keeper->state_directory, "running");
	keeper->output_directory = open_directory(keeper->state_directory, "output");
	/* We bind it by its short name, but others must be able to connect by the long one. */
	snprintf(keeper->socket_name, sizeof keeper->socket_name, "keeper.%s.sock", keeper->epoch);
	if (strlen(whole) + 1 + strlen(keeper->socket_name) > PATH_OF_SOCKET_MAX) {
		errno = ENAMETOOLONG;
		fail(EX_CANTCREAT, "the socket's path may have 103 bytes");
	}
}

static void draw_epoch(struct keeper *keeper)
{
	uint32_t number;

	if (getrandom(&number, sizeof number, 0) != sizeof number)
		fail(EX_OSERR, "getrandom");
	snprintf(keeper->epoch, sizeof keeper->epoch, "%08x", (unsigned)number);
}

/* Each jail gets one of its own; a host that allows none is found out now. */
static void check_image(void)
{
	const char *why;
	int image;

	if (image_open(&image, &why) == -1)
		fail(EX_OSERR, why);
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

static void set_up(struct keeper *keeper, const char *path)
{
	forget_the_past();
	set_out(keeper);

	/* Low numbers for what children are given: see launch_linux.c. */
	open_state(keeper, path);
	check_image();
	if (launcher_open(&keeper->launcher) == -1)
		fail(EX_OSERR, "setting descriptors aside");
	if (enter_learn_home(&keeper->home) == -1)
		fail(EX_OSERR, "looking at its own namespaces");
	if (arena_open(&keeper->arena) == -1
		|| watch_open(&keeper->watch, &keeper->arena, raise_descriptors()) == -1)
		fail(EX_OSERR, "setting memory aside");
	if (listener_open(keeper, keeper->socket_name) == -1)
		fail(EX_CANTCREAT, keeper->socket_name);
	witness_listen(keeper);
}

/* One line for whoever has started us, and then no word to anybody but the daemon. */
static void say_ready(const struct keeper *keeper)
{
	int nowhere;

	if (printf("ready %s\n", keeper->epoch) < 0 || fflush(stdout) == EOF)
		fail(EX_IOERR, "standard output");
	nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (nowhere == -1)
		fail(EX_OSERR, "/dev/null");
	for (int number = STDIN_FILENO; number <= STDERR_FILENO; number++)
		(void)dup2(nowhere, number);
	close(nowhere);
}

static int sooner(int one, int other)
{
	return one == -1 ? other : other == -1 || one < other ? one : other;
}

/*
 * A command that is on its way to its exec should not share the processors with the processes that its trigger
 * also brings about: the next probe, the scribe, and a daemon that wakes to write things down. They are put off
 * until it is there, and the daemon for a moment longer; but not for long, whatever happens.
 */
static int stand_back(const struct keeper *keeper, int64_t now, int64_t since, int moment)
{
	int64_t end = since + STAND_BACK_MAX;

	if (since == -1)
		return 0;
	if (!keeper->launching && keeper->launched + moment < end)
		end = keeper->launched + moment;
	return end > now ? (int)(end - now) : 0;
}

/*
 * Deaths, and the commands that follow from them, come before all else. Entering and reading outputs are put
 * off while there are any; but no output for long, since its command stands still when the pipe is full.
 */
static void loop(struct keeper *keeper)
{
	int64_t since = -1; /* when the present standing back began */
	int more = -1;

	do {
		bool urgent = watch_turn(keeper, sooner(more, timers_wait(&keeper->timers)));
		int64_t now;
		int wait;

		connections_read(keeper);
		timers_ring(keeper);
		runs_start(keeper);
		now = clock_now();
		if (since == -1 && keeper->launching)
			since = now;
		wait = stand_back(keeper, now, since, 0);
		more = wait ? wait : urgent ? 0 : entries_start(keeper);
		more = sooner(more, scribes_start(keeper, wait || urgent ? now - UNREAD_MAX : now));
		/* As long as we hold ends of a child's pipes for it, their end, which says that it executes, is not told. */
		if (!launch_tidy(keeper))
			more = sooner(more, STAND_BACK_MAX);
		wait = stand_back(keeper, now, since, LULL);
		if (wait) {
			more = sooner(more, wait);
		} else {
			since = -1;
			if (connections_flush(keeper))
				more = 0;
		}
	} while (!quit_is_over(keeper) && !drain_is_over(keeper));
}

int main(int count, char **words)
{
	static struct keeper keeper;

	errno = 0;
	if (count != 2)
		fail(EX_USAGE, "usage: keeper STATE_DIR");
	set_up(&keeper, words[1]);
	say_ready(&keeper);
	loop(&keeper);
	(void)unlinkat(keeper.state_directory, keeper.socket_name, 0);
	return EX_OK;
}
