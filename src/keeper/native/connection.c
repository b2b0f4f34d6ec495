#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "connection_parts.h"

/* What one answer or one record may need; an event is at most EVENT_MAX. */
enum { ANSWER_ROOM = 16384, READ_AT_ONCE = 65536 };

bool connection_has_room(const struct connection *connection)
{
	return connection_room(connection) >= ANSWER_ROOM;
}

void connection_drop(struct keeper *keeper, struct connection *connection)
{
	if (keeper->daemon == connection) {
		keeper->daemon = NULL;
		keeper->last_end = clock_now(); /* quit waits for another one from here on */
	}
	watch_close(&keeper->watch, &connection->socket);
	arena_give(&keeper->arena, connection->in, CONNECTION_IN);
	arena_give(&keeper->arena, connection->out, CONNECTION_OUT);
	*connection = (struct connection){.socket = -1};
}

bool connection_answer(struct connection *connection, struct frame *frame)
{
	size_t length = frame_end(frame);

	if (length == 0 || length > connection_room(connection))
		return false;
	memcpy(connection->out + connection->out_used, frame->bytes, length);
	connection->out_used += length;
	return true;
}

void connection_tell_look(struct keeper *keeper)
{
	struct frame frame;
	char buffer[64];

	if (!keeper->daemon || !connection_has_room(keeper->daemon))
		return; /* he looks by himself, too */
	frame_begin(&frame, buffer, sizeof buffer, "look");
	(void)connection_answer(keeper->daemon, &frame);
}

/* ---- the cursors: where in the queue, and where in the list */

void connection_see_event(struct keeper *keeper, struct event *event)
{
	if (keeper->daemon && !keeper->daemon->next_event)
		keeper->daemon->next_event = event;
}

void connection_skip_event(struct keeper *keeper, struct event *event)
{
	struct connection *daemon = keeper->daemon;

	if (!daemon || daemon->next_event != event)
		return;
	daemon->next_event = event->link.next == &keeper->queue.events
		? NULL : OWNER(event->link.next, struct event, link);
}

void connection_skip_record(struct keeper *keeper, struct record *record)
{
	for (int i = 0; i < CONNECTIONS; i++)
		if (keeper->connections[i].next_record == record)
			keeper->connections[i].next_record = connection_record_after(keeper, &record->link);
}

void connection_list(struct keeper *keeper, struct connection *connection)
{
	connection->listing = true;
	connection->listed = 0;
	connection->next_record = connection_record_after(keeper, &keeper->record_list);
}

void connection_make_daemon(struct keeper *keeper, struct connection *connection)
{
	struct list *events = &keeper->queue.events;
	struct connection *older = keeper->daemon;

	if (older && older != connection) {
		struct frame frame;
		char buffer[64];

		frame_begin(&frame, buffer, sizeof buffer, "superseded");
		older->closing = connection_answer(older, &frame);
		older->listing = false;
		older->next_event = NULL;
		if (!older->closing)
			connection_drop(keeper, older);
	}
	keeper->daemon = connection;
	connection->next_event = list_empty(events) ? NULL : OWNER(events->next, struct event, link);
}

/* ---- receiving */

void connection_serve(struct keeper *keeper, void *owner)
{
	struct connection *connection = owner;
	size_t space = CONNECTION_IN - connection->in_used;
	ssize_t got;

	if (space == 0) { /* a whole frame waits for room to be answered: hear no more until then */
		(void)watch_change(&keeper->watch, connection->socket, WATCH_WRITE);
		connection->full = true;
		return;
	}
	got = recv(connection->socket, connection->in + connection->in_used,
		space < READ_AT_ONCE ? space : READ_AT_ONCE, MSG_DONTWAIT);
	if (got == 0 || (got == -1 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
		connection_drop(keeper, connection);
		return;
	}
	if (got > 0 && !connection->closing) /* of one that was superseded nothing counts any more */
		connection->in_used += (size_t)got;
	orders_read(keeper, connection);
}

void connections_read(struct keeper *keeper)
{
	for (int i = 0; i < CONNECTIONS; i++)
		if (keeper->connections[i].socket != -1)
			orders_read(keeper, &keeper->connections[i]);
}
