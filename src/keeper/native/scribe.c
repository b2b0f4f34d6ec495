#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "keeper.h"

enum { FD_PIPE = 0, FD_DIRECTORY, FD_SCRIBE_COUNT, A_FEW = 4 };

struct scribe {
	struct child child; /* pid 0: not started yet */
	struct list link;   /* among those */
	int64_t since;
	uint64_t seq;  /* of the run, which may be forgotten before we are */
	uint64_t room; /* bytes to keep */
	int output;
};

/* ---- the child */

/* The file comes into being with the first byte: most commands say nothing. */
static int create(const char *id)
{
	return openat(FD_DIRECTORY, id, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

static bool write_all(int file, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t put = write(file, bytes, length);

		if (put == -1 && errno == EINTR)
			continue;
		if (put <= 0)
			return false; /* a full disk costs the output and nothing else */
		bytes += put;
		length -= (size_t)put;
	}
	return true;
}

static _Noreturn void write_down(const char *id, uint64_t room)
{
	static char chunk[65536];
	uint64_t lost = 0;
	int file = -1;
	bool sound = true;
	ssize_t got;

	self_name("scribe");
	while ((got = read(FD_PIPE, chunk, sizeof chunk)) != 0) {
		uint64_t length = (uint64_t)got, kept;

		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1)
			break;
		if (file == -1 && sound)
			sound = (file = create(id)) != -1;
		kept = !sound ? 0 : length < room ? length : room;
		if (kept > 0 && !write_all(file, chunk, (size_t)kept)) {
			sound = false;
			kept = 0;
		}
		room -= kept;
		lost += length - kept;
	}
	if (lost > 0 && file != -1) {
		int written = snprintf(
			chunk, sizeof chunk, "\n[jaildaemon: %" PRIu64 " more bytes were not kept]\n", lost);

		(void)write_all(file, chunk, (size_t)written);
	}
	_exit(0);
}

/* ---- the keeper's side */

static void changed(struct keeper *keeper, struct child *child)
{
	struct scribe *scribe = OWNER(child, struct scribe, child);

	if (!process_reap(child->handle).ended)
		return;
	child_forget(keeper, child);
	arena_give(&keeper->arena, scribe, sizeof *scribe);
}

/* True when the pipe is empty and nobody is left who could write into it. (POLLIN is said at its end, too, on BSD.) */
static bool silent(const struct scribe *scribe)
{
	struct pollfd look = {.fd = scribe->output, .events = POLLIN};
	int left = 1;

	return poll(&look, 1, 0) == 1 && look.revents & POLLHUP && ioctl(scribe->output, FIONREAD, &left) == 0
		&& left == 0;
}

static bool start(struct keeper *keeper, struct scribe *scribe)
{
	struct layout layout = {.wanted = {scribe->output, keeper->output_directory}, .count = FD_SCRIBE_COUNT};
	uint64_t room = scribe->room;
	char id[ID_ROOM];
	pid_t pid;

	run_id(keeper, scribe->seq, id);
	layout.close_on_exec = FD_SCRIBE_COUNT;
	pid = launch(keeper, &scribe->child, 0, &layout);
	if (pid == 0)
		write_down(id, room); /* the arena, and the scribe in it, are not here */
	return pid != -1;
}

bool scribe_wanted(struct keeper *keeper, uint64_t seq, uint64_t room, int output)
{
	struct scribe *scribe = arena_take_clear(&keeper->arena, sizeof *scribe);

	if (!scribe)
		return false;
	*scribe = (struct scribe){.child.changed = changed, .since = clock_now(), .seq = seq, .room = room, .output = output};
	list_append(&keeper->unread, &scribe->link);
	return true;
}

int scribes_start(struct keeper *keeper, int64_t before)
{
	for (int started = 0; !list_empty(&keeper->unread); started++) {
		struct scribe *scribe = OWNER(keeper->unread.next, struct scribe, link);
		bool needed;

		if (scribe->since > before)
			return -1;
		if (started == A_FEW)
			return 0;
		(void)launch_tidy(keeper); /* or our own copy of the pipe's other end would keep it from looking silent */
		needed = !silent(scribe);
		if (needed && (!launch_possible(keeper) || !start(keeper, scribe)))
			return 1;
		close(scribe->output);
		list_remove(&scribe->link);
		if (!needed)
			arena_give(&keeper->arena, scribe, sizeof *scribe);
	}
	return -1;
}
