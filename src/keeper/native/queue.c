#include <string.h>

#include "keeper.h"

void event_begin(struct keeper *keeper, struct frame *frame, char buffer[EVENT_MAX], const char *verb)
{
	frame_begin(frame, buffer, EVENT_MAX, verb);
	frame_number(frame, "seq", (int64_t)++keeper->queue.newest);
	frame_number(frame, "at", clock_wall());
}

static void forget(struct keeper *keeper, struct event *event)
{
	struct queue *queue = &keeper->queue;

	connection_skip_event(keeper, event);
	if (event->about)
		event->about->state_event = NULL;
	if (event->counted)
		queue->triggers--;
	queue->length--;
	list_remove(&event->link);
	arena_give(&keeper->arena, event, sizeof *event + event->length);
}

static struct event *append(struct keeper *keeper, struct frame *frame)
{
	size_t length = frame_end(frame);
	struct event *event = length ? arena_take(&keeper->arena, sizeof *event + length) : NULL;

	if (!event)
		return NULL; /* the machine is out of memory: the number stays free, which the daemon sees */
	*event = (struct event){.seq = keeper->queue.newest, .length = (uint32_t)length};
	memcpy(event->bytes, frame->bytes, length);
	list_append(&keeper->queue.events, &event->link);
	keeper->queue.length++;
	connection_see_event(keeper, event);
	return event;
}

void event_end_state(struct keeper *keeper, struct frame *frame, struct record *about)
{
	struct event *event;

	if (about && about->state_event)
		forget(keeper, about->state_event);
	event = append(keeper, frame);
	if (event && about) {
		event->about = about;
		about->state_event = event;
	}
}

void event_end_trigger(struct keeper *keeper, struct frame *frame, uint64_t ended)
{
	struct event *event = append(keeper, frame);

	if (!event)
		return;
	event->counted = true;
	event->ended = ended;
	keeper->queue.triggers++;
}

bool queue_promise(struct keeper *keeper)
{
	struct queue *queue = &keeper->queue;

	if (queue->triggers + queue->promised + TRIGGER_EVENTS > QUEUE_ROOM)
		return false;
	queue->promised += TRIGGER_EVENTS;
	return true;
}

void queue_release(struct keeper *keeper, unsigned events)
{
	keeper->queue.promised -= events;
}

void queue_acknowledge(struct keeper *keeper, uint64_t seq)
{
	struct queue *queue = &keeper->queue;

	if (seq > queue->newest)
		seq = queue->newest; /* what has not been told yet, nobody has */
	if (seq > queue->acknowledged)
		queue->acknowledged = seq;
	while (!list_empty(&queue->events)) {
		struct event *event = OWNER(queue->events.next, struct event, link);

		if (event->seq > seq)
			break;
		if (event->ended)
			run_remove_marker(keeper, event->ended);
		forget(keeper, event);
	}
}

void queue_forget_record(struct keeper *keeper, struct record *record)
{
	(void)keeper;
	/* The event stays to be told: only its place is no longer taken by a newer one. */
	if (record->state_event)
		record->state_event->about = NULL;
	record->state_event = NULL;
}
