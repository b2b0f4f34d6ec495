/* A record gets a process, or waits until it may have one. */
#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <string.h>

#include "keeper.h"
#include "record_parts.h"

void record_idle(struct keeper *keeper, struct record *record)
{
	if (record->promised)
		queue_release(keeper, TRIGGER_EVENTS);
	record->promised = false;
	record_enter_state(record, IDLE);
}

/* Over the budget one trigger of each probe may wait its turn, and no more. */
static bool waits_its_turn(const struct keeper *keeper, const struct record *record)
{
	const struct list *newest = record->runs.prev;

	return keeper->running >= keeper->budget && newest != &record->runs
		&& OWNER(newest, struct run, of_record)->began == 0;
}

/* Why the probe must stay away for now, and until when (CLOCK_MONOTONIC; 0: until something happens). */
static enum reason must_wait(struct keeper *keeper, struct record *record, int64_t *until)
{
	const struct definition *definition = record->definition;
	uint64_t cap = definition->respawn == RESPAWN_IMMEDIATELY ? definition->concurrency : 1;
	int64_t now = clock_now();

	*until = record->triggered + (int64_t)definition->cooldown;
	if (record->triggered >= 0 && now < *until)
		return HELD_COOLDOWN;
	*until = record->window + keeper->brake_window;
	if (keeper->brake && record->window_triggers >= keeper->brake && now < *until)
		return HELD_BRAKE;
	*until = 0;
	if (record->run_count >= cap)
		return HELD_CONCURRENCY;
	if (waits_its_turn(keeper, record))
		return HELD_BUDGET;
	if (!record->promised && !queue_promise(keeper))
		return HELD_QUEUE;
	record->promised = true;
	return NOT_HELD;
}

static void hold(struct keeper *keeper, struct record *record, enum reason reason, int64_t until)
{
	int64_t wall = until ? clock_wall() + until - clock_now() : 0;
	bool news = record->state != COOLING || record->reason != reason;

	record_enter_state(record, COOLING);
	record->reason = reason;
	record->until = wall;
	if (reason == HELD_QUEUE && list_empty(&record->no_room))
		list_append(&keeper->no_room, &record->no_room);
	if (until)
		(void)timer_set(keeper, &record->cooling, until); /* no memory: it waits for the next order */
	if (news)
		tell_held(keeper, record);
}

void record_want(struct keeper *keeper, struct record *record)
{
	const struct definition *definition = record->definition;
	const char *name = definition_text(definition, definition->instance);
	enum stage stage = STAGE_fork;
	int error = ENOMEM;
	enum reason reason;
	int64_t until;

	timer_clear(keeper, &record->cooling);
	list_remove(&record->no_room);
	if (keeper->draining) {
		record_idle(keeper, record);
		return;
	}
	if (!record->armed) {
		reason = must_wait(keeper, record, &until);
		if (reason != NOT_HELD) {
			hold(keeper, record, reason, until);
			return;
		}
	}
	if (record->instance && strcmp(record->instance->name, name) != 0) {
		instance_drop(keeper, record->instance);
		record->instance = NULL;
	}
	if (!record->instance)
		record->instance = instance_keep(keeper, definition, &stage, &error);
	if (record->instance && record->instance->gone) {
		stage = STAGE_gone;
		error = ESRCH;
	} else if (record->instance) {
		record->entering = body_make(keeper, record);
	}
	if (record->entering) {
		if (!record->armed)
			record_enter_state(record, ENTERING);
		return;
	}
	if (!record->armed)
		record_idle(keeper, record);
	tell_failed(keeper, record, definition, stage, error);
}

void record_cooled(struct keeper *keeper, struct timer *timer)
{
	record_settle(keeper, OWNER(timer, struct record, cooling));
}
