#ifndef WATCH_H
#define WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"

struct child;
struct keeper;

/* What can be waited for. That the other end of a descriptor is closed is always told. */
enum {
	WATCH_READ = 1,
	WATCH_WRITE = 2,
	WATCH_EDGE = 4,   /* tell only news: what cannot be dealt with yet must not make the loop spin */
	WATCH_URGENT = 8, /* before all others of the same turn: the death of a probe */
};

typedef void watch_ready(struct keeper *keeper, void *owner);

struct watch_slot {
	watch_ready *ready;
	void *owner;
	uint32_t life; /* counts up at each use of the number: tells a stale event */
	bool urgent;
};

struct watch {
	int queue;
	struct watch_slot *slots; /* by descriptor */
	size_t count;
};

int watch_open(struct watch *watch, struct arena *arena, size_t descriptors);
int watch_add(struct watch *watch, int descriptor, unsigned what, watch_ready *ready, void *owner);
int watch_change(struct watch *watch, int descriptor, unsigned what);

/* A child: child_ready() is called when it has ended, and again when it can be reaped only later. */
int watch_child(struct watch *watch, struct child *child, unsigned what);
void watch_child_over(struct watch *watch, struct child *child); /* forgets it, and closes its handle where that is a descriptor */

/* Forgets and closes it, and sets it to -1; does nothing to -1. A child may still hold a copy. */
void watch_close(struct watch *watch, int *descriptor);

/* Waits up to `timeout` ms and serves what is ready. True if something urgent was. */
bool watch_turn(struct keeper *keeper, int timeout);

#endif
