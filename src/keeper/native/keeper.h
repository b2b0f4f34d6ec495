#ifndef KEEPER_H
#define KEEPER_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "body.h"
#include "child.h"
#include "command.h"
#include "connection.h"
#include "enter.h"
#include "entrance.h"
#include "entry.h"
#include "witness.h"
#include "image.h"
#include "instance.h"
#include "launch.h"
#include "life.h"
#include "listener.h"
#include "look.h"
#include "order.h"
#include "queue.h"
#include "quit.h"
#include "record.h"
#include "run.h"
#include "scribe.h"
#include "self.h"
#include "table.h"
#include "tell.h"
#include "timer.h"
#include "watch.h"

/* All that the keeper knows. What grows with the number of probes is in the arena, and only pointed to from here. */
struct keeper {
	char epoch[9];
	char socket_name[32];
	int64_t started;
	int state_directory, running_directory, output_directory;
	struct home home;

	struct arena arena;
	struct watch watch;
	struct timers timers;
	struct launcher launcher;
	struct table children;

	int listener, spare;
	struct connection connections[CONNECTIONS];
	struct connection *daemon; /* one of them; NULL: none */
	uint64_t connection_order;

	struct queue queue;

	struct table records, instances;
	struct list record_list;
	uint32_t record_count;
	struct list no_room;       /* records that wait for room in the queue */
	struct list removed;       /* records that are kept until the daemon knows that they are spent */
	struct list entering_ring; /* instances with bodies that wait to enter */
	unsigned entering, unnamed;
	uint32_t bodies; /* of all records: processes of probes, and those that are to become one */
	bool strays; /* there may be a child that nobody here knows */

	uint32_t budget, brake;
	int64_t brake_window;
	struct list waiting, runs; /* of all records: over the budget, and started */
	struct list unread;        /* scribes not started yet */
	uint32_t running;
	uint32_t launching;        /* of those, the ones that have not come to their exec yet */
	int64_t launched;          /* when one last began or ended to do so */
	int64_t last_end;

	bool draining, quitting;
	bool grace_over; /* of quit: no command begins any more */
	struct timer grace, patience;
	int64_t quit_at;

	/* Copied out for the child that is about to be started. */
	struct entrance entrance;
	struct command command;
};

#endif
