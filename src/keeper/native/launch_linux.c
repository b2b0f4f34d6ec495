/*
 * Starting a child costs the same with one probe and with ten thousand.
 *
 * The keeper has a pidfd for each probe, and fork(2) copies the table of descriptors; a child that then closes
 * ten thousand of them takes a millisecond before it does anything useful. So the child is made with
 * CLONE_FILES, which copies nothing, and its first act is close_range(2) with CLOSE_RANGE_UNSHARE, which gives it
 * a table of its own holding only the numbers below a limit. What it needs must stand below that limit:
 *
 *     0 1 2   3 .. 15                    16 .. 111                112 ..
 *     stdio   what many children need    pads of four numbers     all else: pidfds, pipes, sockets
 *
 * A pad belongs to one child until that has left the common table, and it says so by a byte in a shared page.
 * Empty pads hold copies of /dev/null, so that nothing else is ever opened at their numbers.
 */
#ifdef __linux__
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "keeper.h"

#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x1000
#endif

enum { SHARED = 16, PADS = LAUNCH_PADS, PAD = 4, LIMIT = SHARED + PADS * PAD, UNSHARE = 2 };

int launcher_open(struct launcher *launcher)
{
	void *page = mmap(NULL, PADS, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return -1;
	launcher->left = page;
	/* Also what is left of the numbers that are shared: what is opened from now on, is ours alone. */
	for (int number = STDERR_FILENO + 1; number < LIMIT; number++)
		if (number >= SHARED || fcntl(number, F_GETFD) == -1)
			if (dup3(STDIN_FILENO, number, O_CLOEXEC) == -1)
				return -1;
	return 0;
}

static int pad_number(int pad)
{
	return SHARED + pad * PAD;
}

bool launch_tidy(struct keeper *keeper)
{
	struct launcher *launcher = &keeper->launcher;
	_Atomic unsigned char *left = launcher->left;

	for (int pad = 0; launcher->in_flight >> pad; pad++) {
		if (!(launcher->in_flight >> pad & 1) || !atomic_load(&left[pad]))
			continue;
		for (int i = 0; i < PAD; i++)
			(void)dup3(STDIN_FILENO, pad_number(pad) + i, O_CLOEXEC); /* both are open: cannot fail */
		launcher->in_flight &= ~(1 << pad);
	}
	return launcher->in_flight == 0;
}

void launch_ended(struct keeper *keeper, pid_t pid)
{
	struct launcher *launcher = &keeper->launcher;
	_Atomic unsigned char *left = launcher->left;

	for (int pad = 0; launcher->in_flight >> pad; pad++)
		if (launcher->in_flight >> pad & 1 && launcher->owner[pad] == pid)
			atomic_store(&left[pad], 1);
}

bool launch_possible(struct keeper *keeper)
{
	(void)launch_tidy(keeper);
	return keeper->launcher.in_flight != (1 << PADS) - 1;
}

static void move_in(_Atomic unsigned char *left, const int *from, const struct layout *layout)
{
	int gone = (int)syscall(SYS_close_range, LIMIT, ~0u, UNSHARE);

	if (gone == -1)
		_exit(127); /* before the byte is set: what stands in the pad is closed when we are reaped */
	atomic_store(left, 1);
	layout_arrange(layout, from, LIMIT);
}

pid_t launch(struct keeper *keeper, struct child *child, unsigned watch, const struct layout *layout)
{
	struct launcher *launcher = &keeper->launcher;
	_Atomic unsigned char *left = launcher->left;
	int from[LAUNCH_DESCRIPTORS];
	int pad = 0, used = 0, handle = -1;
	pid_t pid;

	if (!launch_possible(keeper)) {
		errno = EAGAIN;
		return -1;
	}
	while (launcher->in_flight >> pad & 1)
		pad++;
	for (int i = 0; i < layout->count; i++) {
		from[i] = layout->wanted[i];
		if (from[i] < SHARED)
			continue;
		from[i] = pad_number(pad) + used++;
		(void)dup3(layout->wanted[i], from[i], O_CLOEXEC); /* the number is open: cannot fail */
	}
	atomic_store(&left[pad], 0);
	launcher->in_flight |= 1 << pad;

	pid = (pid_t)syscall(SYS_clone, CLONE_FILES | CLONE_PIDFD | SIGCHLD, 0, &handle, 0, 0);
	if (pid == 0)
		move_in(&left[pad], from, layout);
	else if (pid == -1)
		atomic_store(&left[pad], 1);
	else {
		launcher->owner[pad] = pid;
		if (!child_watch(keeper, child, pid, handle, watch))
			pid = -1;
	}
	return pid;
}

#else
typedef int not_this_platform;
#endif
