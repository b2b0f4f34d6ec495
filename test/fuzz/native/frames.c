/*
 * The keeper's frames under libFuzzer: the whole keeper is linked, but for its main loop, and gets what a daemon
 * could send over a real socket. An input is one connection; its first byte says whether the rest are bytes as they
 * come, in pieces (p), or frames (f).
 *
 * No process is ever started (launch() is replaced by one that fails), so an armed probe cannot come about here;
 * what follows a trigger is tried by the sanitized keeper with real probes, see ../sanitized.test.ts.
 */
#define _GNU_SOURCE
#include "set_up.c"

#include <sys/socket.h>
#include <sys/un.h>

enum { ANSWERS = 1 << 16, DESCRIPTORS = 4096 };

static struct keeper keeper;
static char folder[] = "/tmp/jd-fuzz-XXXXXX";

pid_t __wrap_launch(struct keeper *of, struct child *child, unsigned watch, const struct layout *layout)
{
	(void)of, (void)child, (void)watch, (void)layout;
	errno = EAGAIN;
	return -1;
}

static void check(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "frames: %s: %s\n", what, strerror(errno));
	abort();
}

static void remove_folder(void)
{
	static const char *const parts[] = {"running", "output"};
	char path[128];

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, parts[i]);
		(void)rmdir(path);
	}
	snprintf(path, sizeof path, "%s/%s", folder, keeper.socket_name);
	(void)unlink(path);
	(void)rmdir(folder);
}

int LLVMFuzzerInitialize(int *count, char ***words)
{
	(void)count, (void)words;
	check(mkdtemp(folder) != NULL, "mkdtemp");
	set_out(&keeper);
	int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	open_state(&keeper, folder);
	check(enter_learn_home(&keeper.home) == 0, "enter_learn_home");
	check(arena_open(&keeper.arena) == 0, "arena_open");
	check(watch_open(&keeper.watch, &keeper.arena, DESCRIPTORS) == 0, "watch_open");
	check(listener_open(&keeper, keeper.socket_name) == 0, "listener_open");
	check(fchdir(here) == 0, "fchdir");
	close(here);
	atexit(remove_folder);
	return 0;
}

static int knock(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s/%s", folder, keeper.socket_name);
	check(client != -1 && connect(client, (struct sockaddr *)&address, sizeof address) == 0, "connect");
	return client;
}

static void turn(void)
{
	while (watch_turn(&keeper, 0))
		;
	timers_ring(&keeper);
	runs_start(&keeper);
	(void)entries_start(&keeper);
	(void)scribes_start(&keeper, clock_now());
	connections_flush(&keeper);
}

/* Answers are taken and forgotten. */
static void listen_to(int client)
{
	static char answers[ANSWERS];

	while (recv(client, answers, sizeof answers, 0) > 0)
		;
}

/* Nothing of one input may be there for the next. */
static void clear_up(void)
{
	struct list *link, *next;

	for (int i = 0; i < CONNECTIONS; i++)
		if (keeper.connections[i].socket != -1)
			connection_drop(&keeper, &keeper.connections[i]);
	for (link = keeper.record_list.next; link != &keeper.record_list; link = next) {
		next = link->next;
		record_disarm(&keeper, OWNER(link, struct record, link));
	}
	queue_acknowledge(&keeper, UINT64_MAX);
	keeper.draining = keeper.quitting = false;
	timer_clear(&keeper, &keeper.grace);
	timer_clear(&keeper, &keeper.patience);
	keeper.budget = BUDGET;
	check(keeper.record_count == 0 && list_empty(&keeper.queue.events), "records or events are left over");
}

static void say(int client, const void *bytes, size_t size)
{
	for (size_t sent = 0; sent < size;) {
		ssize_t more = send(client, (const char *)bytes + sent, size - sent, MSG_NOSIGNAL);

		if (more == -1 && errno != EAGAIN)
			return; /* it has been closed: its frame could not be trusted */
		sent += more > 0 ? (size_t)more : 0;
		turn();
		listen_to(client);
	}
	turn();
}

/* Whatever bytes: each piece begins with its length, 0 to 254, or 255 for all there is. */
static void say_pieces(int client, const uint8_t *data, size_t size)
{
	while (size > 0) {
		size_t piece = *data == 255 ? size - 1 : *data;

		data++, size--;
		if (piece > size)
			piece = size;
		say(client, data, piece);
		data += piece, size -= piece;
	}
}

/* Frames whose lengths are right, so that what is in them is looked at: 0xff stands between two. */
static void say_frames(int client, const uint8_t *data, size_t size)
{
	while (size > 0) {
		const uint8_t *end = memchr(data, 0xff, size);
		size_t length = end ? (size_t)(end - data) : size;
		uint8_t head[FRAME_HEAD] = {length >> 24 & 255, length >> 16 & 255, length >> 8 & 255, length & 255};

		say(client, head, sizeof head);
		say(client, data, length);
		length += end != NULL;
		data += length, size -= length;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int client = knock();

	turn();
	if (size > 0 && *data == 'p')
		say_pieces(client, data + 1, size - 1);
	else if (size > 0)
		say_frames(client, data + 1, size - 1);
	turn();
	listen_to(client);
	close(client);
	turn();
	clear_up();
	return 0;
}
