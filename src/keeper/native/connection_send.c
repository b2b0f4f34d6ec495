/* What is told on a connection: the queue's events, the records of a list, and answers, as far as he takes them. */
#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "connection_parts.h"

static void tell_records(struct keeper *keeper, struct connection *connection)
{
	struct frame frame;
	char buffer[128];

	while (connection->next_record && connection_has_room(connection)) {
		struct record *record = connection->next_record;
		size_t length;

		/* Straight into what is left; a record with very many runs waits until all of it is. */
		tell_record(keeper, record, &frame, connection->out + connection->out_used, connection_room(connection));
		length = frame_end(&frame);
		if (length == 0 && connection->out_used > 0)
			return;
		connection->out_used += length;
		connection->listed += length > 0;
		connection->next_record = connection_record_after(keeper, &record->link);
	}
	if (connection->next_record || !connection_has_room(connection))
		return;
	frame_begin(&frame, buffer, sizeof buffer, "listed");
	frame_number(&frame, "records", (int64_t)connection->listed);
	frame_number(&frame, "seq", (int64_t)keeper->queue.newest);
	connection_answer(connection, &frame);
	connection->listing = false;
}

static void tell_events(struct keeper *keeper, struct connection *connection)
{
	while (connection->next_event && connection->next_event->length <= connection_room(connection)) {
		struct event *event = connection->next_event;

		memcpy(connection->out + connection->out_used, event->bytes, event->length);
		connection->out_used += event->length;
		connection_skip_event(keeper, event);
	}
}

/* False: the other end is gone. */
static bool send_out(struct connection *connection)
{
	while (connection->out_sent < connection->out_used) {
		ssize_t sent = send(connection->socket, connection->out + connection->out_sent,
			connection->out_used - connection->out_sent, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (sent == -1)
			return false;
		connection->out_sent += (size_t)sent;
	}
	memmove(connection->out, connection->out + connection->out_sent, connection->out_used - connection->out_sent);
	connection->out_used -= connection->out_sent;
	connection->out_sent = 0;
	return true;
}

static void flush(struct keeper *keeper, struct connection *connection)
{
	bool was_full = connection->full;

	for (;;) {
		/*
		 * Events first: a record that is told knows of them already. What happens between two records is told
		 * after the list, or it would be taken for older than the record that it is about.
		 */
		if (connection == keeper->daemon && !(connection->listing && connection->listed > 0))
			tell_events(keeper, connection);
		if (connection->listing && (!connection->next_event || connection->listed > 0))
			tell_records(keeper, connection);
		if (connection->out_used == 0)
			break;
		if (!send_out(connection)) {
			connection_drop(keeper, connection);
			return;
		}
		if (connection->out_used > 0)
			break; /* he takes no more for now */
	}
	if (connection->closing && connection->out_used == 0) {
		connection_drop(keeper, connection);
		return;
	}
	connection->full = connection->out_used > 0;
	if (connection->full != was_full)
		(void)watch_change(
			&keeper->watch, connection->socket, WATCH_READ | (connection->full ? WATCH_WRITE : 0));
}

bool connections_flush(struct keeper *keeper)
{
	bool more = false;

	for (int i = 0; i < CONNECTIONS; i++) {
		struct connection *connection = &keeper->connections[i];

		if (connection->socket == -1)
			continue;
		flush(keeper, connection);
		/* A list that is told now has kept back what was ordered after it. */
		more = more || (connection->socket != -1 && orders_wait(connection));
	}
	return more;
}
