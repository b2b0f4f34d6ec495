#ifndef CONNECTION_H
#define CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"
#include "list.h"

struct keeper;
struct event;
struct record;

enum { CONNECTIONS = 8, CONNECTION_IN = FRAME_HEAD + FRAME_MAX, CONNECTION_OUT = 2 * FRAME_MAX };

/*
 * One who speaks to us; at most one of them is the daemon. Nothing here grows with what he does or leaves
 * undone: events wait in the queue and records in their list until there is room to tell them, and while
 * he does not take his answers his orders are not read.
 */
struct connection {
	int socket; /* -1: free */
	bool closing; /* told that it is over: only what is in `out` is still sent */
	bool full;    /* he does not take what he gets */
	bool listing;
	char *in, *out; /* in the arena */
	size_t in_used, in_read, out_used, out_sent;
	struct event *next_event;   /* to be told; NULL: none */
	struct record *next_record; /* of a list; NULL: past the last */
	uint64_t listed;
	uint64_t order; /* counts up: the oldest goes when all are taken */
};

void connection_serve(struct keeper *keeper, void *connection); /* something has come in */
void connection_drop(struct keeper *keeper, struct connection *connection);
void connections_read(struct keeper *keeper);  /* carries out what had to wait for room */
bool connections_flush(struct keeper *keeper); /* sends what can be sent; true: orders wait no longer */

/* An answer. False: it does not fit, which a caller prevents by looking first. */
bool connection_answer(struct connection *connection, struct frame *frame);
bool connection_has_room(const struct connection *connection);

/* The kernel told of jails: a hint, to be had only by who listens now. */
void connection_tell_look(struct keeper *keeper);

/* hello: from now on it is the daemon's, and all that is not acknowledged is told. */
void connection_make_daemon(struct keeper *keeper, struct connection *connection);
void connection_list(struct keeper *keeper, struct connection *connection);

void connection_see_event(struct keeper *keeper, struct event *event);   /* a new one */
void connection_skip_event(struct keeper *keeper, struct event *event);  /* it is about to be forgotten */
void connection_skip_record(struct keeper *keeper, struct record *record);

#endif
