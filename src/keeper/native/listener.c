#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "keeper.h"

static bool trusted(int socket)
{
	uid_t uid;

	return self_ask_peer(socket, &uid) == 0 && (uid == 0 || uid == geteuid());
}

/* A free place; if there is none, that of the oldest who is not the daemon. */
static struct connection *place(struct keeper *keeper)
{
	struct connection *oldest = NULL;

	for (int i = 0; i < CONNECTIONS; i++) {
		struct connection *connection = &keeper->connections[i];

		if (connection->socket == -1)
			return connection;
		if (connection != keeper->daemon && (!oldest || connection->order < oldest->order))
			oldest = connection;
	}
	connection_drop(keeper, oldest);
	return oldest;
}

/* Out of descriptors: who knocks is turned away by means of the spare one, or we should be told of him for ever. */
static int accept_one(struct keeper *keeper)
{
	int socket = accept4(keeper->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (socket != -1 || (errno != EMFILE && errno != ENFILE))
		return socket;
	close(keeper->spare);
	socket = accept4(keeper->listener, NULL, NULL, SOCK_CLOEXEC);
	if (socket != -1)
		close(socket);
	keeper->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return -1;
}

static void welcome(struct keeper *keeper, void *owner)
{
	struct connection *connection;
	int socket = accept_one(keeper);

	(void)owner;
	if (socket == -1)
		return;
	if (!trusted(socket)) {
		close(socket);
		return;
	}
	connection = place(keeper);
	*connection = (struct connection){.socket = socket, .order = ++keeper->connection_order};
	connection->in = arena_take(&keeper->arena, CONNECTION_IN);
	connection->out = arena_take(&keeper->arena, CONNECTION_OUT);
	if (connection->in && connection->out
		&& watch_add(&keeper->watch, socket, WATCH_READ, connection_serve, connection) == 0)
		return;
	if (connection->in)
		arena_give(&keeper->arena, connection->in, CONNECTION_IN);
	if (connection->out)
		arena_give(&keeper->arena, connection->out, CONNECTION_OUT);
	*connection = (struct connection){.socket = -1};
	close(socket);
}

int listener_open(struct keeper *keeper, const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	for (int i = 0; i < CONNECTIONS; i++)
		keeper->connections[i] = (struct connection){.socket = -1};
	strncpy(address.sun_path, name, sizeof address.sun_path - 1);
	keeper->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (keeper->listener == -1 || bind(keeper->listener, (struct sockaddr *)&address, sizeof address) == -1)
		return -1;
	if (chmod(name, 0600) == -1 || listen(keeper->listener, SOMAXCONN) == -1)
		return -1;
	keeper->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (keeper->spare == -1)
		return -1;
	return watch_add(&keeper->watch, keeper->listener, WATCH_READ, welcome, NULL);
}
