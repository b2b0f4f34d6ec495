#ifndef QUEUE_H
#define QUEUE_H

#include "frame.h"
#include "list.h"

struct keeper;
struct record;

enum { QUEUE_ROOM = 65536, EVENT_MAX = 8192 };

/* The three events that one trigger causes: fired, started, finished. */
enum { TRIGGER_EVENTS = 3 };

/* One event as it goes over the wire, kept until the daemon has it on disk. */
struct event {
	struct list link;
	uint64_t seq;
	struct record *about; /* a state event: a newer one of this record takes its place */
	bool counted;         /* a trigger's: in the room that is promised to triggers */
	uint64_t ended;       /* the run whose end it tells: its marker goes with it; 0: of none */
	uint32_t length;
	char bytes[];
};

struct queue {
	struct list events;
	uint64_t newest;   /* seq */
	uint64_t acknowledged;
	uint32_t length;   /* events of all kinds */
	uint32_t triggers; /* those of triggers, which are never dropped */
	uint32_t promised; /* to triggers that may come and runs that have not ended */
};

/* Opens an event: `seq` and `at` are in it. Its number is queue.newest from then on. */
void event_begin(struct keeper *keeper, struct frame *frame, char buffer[EVENT_MAX], const char *verb);

void event_end_state(struct keeper *keeper, struct frame *frame, struct record *about); /* NULL: of no probe */
void event_end_trigger(struct keeper *keeper, struct frame *frame, uint64_t ended);

bool queue_promise(struct keeper *keeper);              /* room for one more trigger */
void queue_release(struct keeper *keeper, unsigned events);
void queue_acknowledge(struct keeper *keeper, uint64_t seq);
void queue_forget_record(struct keeper *keeper, struct record *record);

#endif
