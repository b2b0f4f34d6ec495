/*
 * The keeper: holds the probes, runs the commands, and tells the daemon. It decides nothing that a daemon could
 * decide, waits for nobody, and outlives everybody but the host.
 */
#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <sysexits.h>
#include <unistd.h>

#include "keeper.h"
#include "set_up.h"

enum { UNREAD_MAX = 50, STAND_BACK_MAX = 10, LULL = 2, SOON = 1 }; /* ms */

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
			more = sooner(more, keeper->launching ? SOON : STAND_BACK_MAX);
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
		set_up_fail(EX_USAGE, "usage: keeper STATE_DIR");
	set_up(&keeper, words[1]);
	say_ready(&keeper);
	loop(&keeper);
	(void)unlinkat(keeper.state_directory, keeper.socket_name, 0);
	return EX_OK;
}
