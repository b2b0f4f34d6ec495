#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <inttypes.h>
#include <stdio.h>

#include "keeper.h"

void run_id(const struct keeper *keeper, uint64_t seq, char id[ID_ROOM])
{
	snprintf(id, ID_ROOM, "%s-%" PRIu64, keeper->epoch, seq);
}

static void begin(struct keeper *keeper, const struct run *run, struct frame *frame, char buffer[EVENT_MAX],
	const char *verb)
{
	char id[ID_ROOM];

	run_id(keeper, run->seq, id);
	event_begin(keeper, frame, buffer, verb);
	frame_text(frame, "key", definition_text(run->definition, run->definition->key));
	frame_text(frame, "id", id);
}

static void end(struct keeper *keeper, struct frame *frame, uint64_t ended)
{
	queue_release(keeper, 1);
	event_end_trigger(keeper, frame, ended);
}

void run_tell_fired(struct keeper *keeper, struct run *run)
{
	struct frame frame;
	char buffer[EVENT_MAX];

	run->seq = keeper->queue.newest + 1; /* of this very event */
	begin(keeper, run, &frame, buffer, "fired");
	frame_text(&frame, "instance", definition_text(run->definition, run->definition->instance));
	frame_text(&frame, "by", run->by_host ? "host" : "jail");
	if (run->definition->respawn == RESPAWN_NEVER)
		frame_number(&frame, "once", 1);
	end(keeper, &frame, 0);
}

void run_tell_started(struct keeper *keeper, struct run *run)
{
	struct frame frame;
	char buffer[EVENT_MAX];

	if (run->told)
		return;
	run->told = true;
	begin(keeper, run, &frame, buffer, "started");
	frame_number(&frame, "pid", run->child.pid);
	if (run->marker)
		frame_number(&frame, "marker", run->marker);
	end(keeper, &frame, 0);
}

void run_tell_finished(struct keeper *keeper, struct run *run, struct ending ending)
{
	struct frame frame;
	char buffer[EVENT_MAX];

	if (!run->told)
		queue_release(keeper, 1); /* of the `started` that never was */
	begin(keeper, run, &frame, buffer, "finished");
	frame_number(&frame, "duration", run->began ? clock_now() - run->began : 0);
	if (run->stage != STAGE_none) {
		frame_text(&frame, "stage", stage_word(run->stage));
		frame_number(&frame, "errno", run->error);
	} else {
		frame_number(&frame, ending.signal ? "signal" : "exit", ending.value);
	}
	if (run->timed_out)
		frame_number(&frame, "timedout", 1);
	if (run->folded)
		frame_number(&frame, "folded", run->folded);
	end(keeper, &frame, run->seq);
}

void run_tell(struct keeper *keeper, const struct run *run, struct frame *frame)
{
	char id[ID_ROOM], line[128];

	run_id(keeper, run->seq, id);
	snprintf(line, sizeof line, "%s %ld %" PRId64 " %" PRId64, id, (long)run->child.pid, run->fired_at,
		run->started_at);
	frame_text(frame, "run", line);
}
