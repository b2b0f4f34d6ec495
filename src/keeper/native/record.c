/*
 * A probe's states.
 *
 *            arm                ready                 HUP (or fire)
 *   IDLE ──────────► ENTERING ─────────► ARMED ───────────────────────► RUNNING
 *    ▲  ▲               │ failed          │ died, by anything else        │
 *    │  └───────────────┘                 │                               ├─ never: ──────────► SPENT
 *    └────────────────────────────────────┘                               ├─ after: when the command has ended
 *                                                                         └─ immediately: at once
 *                 ENTERING ◄──── COOLING (cooldown, concurrency, budget, …) ◄────────┘
 *
 * The record's state decides, not the process: while a probe is replaced it is ARMED and has two of them, and
 * the first death by HUP is the trigger for both. disarm makes it REMOVING from anywhere, until no process is left;
 * then it is REMOVED, until no run is left either. A keeper that drains makes nothing ENTERING any more.
 */
#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "keeper.h"

static const char *key_of(const struct record *record)
{
	return definition_text(record->definition, record->definition->key);
}

static void enter_state(struct record *record, enum state state)
{
	if (record->state != state)
		record->since = clock_wall();
	record->state = state;
}

/* ---- arming, or waiting until it may be */

static void idle(struct keeper *keeper, struct record *record)
{
	if (record->promised)
		queue_release(keeper, TRIGGER_EVENTS);
	record->promised = false;
	enter_state(record, IDLE);
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
	int64_t now = clock_now();

	*until = record->triggered + (int64_t)definition->cooldown;
	if (record->triggered >= 0 && now < *until)
		return HELD_COOLDOWN;
	*until = record->window + keeper->brake_window;
	if (keeper->brake && record->window_triggers >= keeper->brake && now < *until)
		return HELD_BRAKE;
	*until = 0;
	if (definition->respawn == RESPAWN_IMMEDIATELY && record->run_count >= definition->concurrency)
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

	enter_state(record, COOLING);
	record->reason = reason;
	record->until = wall;
	if (reason == HELD_QUEUE && list_empty(&record->no_room))
		list_append(&keeper->no_room, &record->no_room);
	if (until)
		(void)timer_set(keeper, &record->cooling, until); /* no memory: it waits for the next order */
	if (news)
		tell_held(keeper, record);
}

/* A process for the definition in force; also beside one that is armed, which it will replace. */
static void want(struct keeper *keeper, struct record *record)
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
		idle(keeper, record);
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
			enter_state(record, ENTERING);
		return;
	}
	if (!record->armed)
		idle(keeper, record);
	tell_failed(keeper, record, definition, stage, error);
}

/* ---- what follows from what is */

static void drop(struct keeper *keeper, struct record *record)
{
	timer_clear(keeper, &record->cooling);
	list_remove(&record->no_room);
	if (record->promised)
		queue_release(keeper, TRIGGER_EVENTS);
	queue_forget_record(keeper, record);
	connection_skip_record(keeper, record);
	table_remove(&keeper->records, &record->node);
	list_remove(&record->link);
	keeper->record_count--;
	instance_drop(keeper, record->instance);
	definition_drop(&keeper->arena, record->definition);
	arena_give(&keeper->arena, record, sizeof *record);
}

/* It is spent, and the daemon may not know that yet. */
static bool is_spent_unknown(const struct keeper *keeper, const struct record *record)
{
	return record->definition->respawn == RESPAWN_NEVER && record->fired > keeper->queue.acknowledged;
}

/*
 * From when no process is left, nothing can trigger it: that is news, and the end of its runs is told of anyhow. It is
 * forgotten when the daemon knows that it is spent: an order to arm it again may be under way.
 */
static void remove_further(struct keeper *keeper, struct record *record)
{
	if (!list_empty(&record->bodies))
		return;
	if (record->state == REMOVING) {
		enter_state(record, REMOVED);
		if (!keeper->quitting)
			tell_removed(keeper, record);
	}
	if (record->run_count > 0)
		return;
	if (keeper->quitting || !is_spent_unknown(keeper, record))
		drop(keeper, record);
	else if (list_empty(&record->no_room))
		list_append(&keeper->removed, &record->no_room);
}

void record_settle(struct keeper *keeper, struct record *record)
{
	enum respawn respawn = (enum respawn)record->definition->respawn;

	if (record->busy)
		return;
	switch (record->state) {
	case REMOVING:
	case REMOVED:
		remove_further(keeper, record);
		return;
	case RUNNING:
		if (respawn != RESPAWN_IMMEDIATELY && record->run_count > 0)
			return;
		if (respawn == RESPAWN_NEVER && !record->rearm) {
			enter_state(record, SPENT);
			tell_spent(keeper, record);
			return;
		}
		break;
	case COOLING:
		break;
	case IDLE:
	case ENTERING:
	case ARMED:
	case SPENT:
		return;
	}
	if (record->rearm)
		record->fired = 0;
	record->rearm = false;
	want(keeper, record);
}

static void cooled(struct keeper *keeper, struct timer *timer)
{
	record_settle(keeper, OWNER(timer, struct record, cooling));
}

void records_settle_queued(struct keeper *keeper)
{
	while (!list_empty(&keeper->no_room)) {
		struct record *record = OWNER(keeper->no_room.next, struct record, no_room);

		list_remove(&record->no_room);
		record_settle(keeper, record);
		if (record->state == COOLING && record->reason == HELD_QUEUE)
			return; /* no more room; it has gone to the end of the line */
	}
}

void records_settle_removed(struct keeper *keeper)
{
	struct list *link, *next;

	for (link = keeper->removed.next; link != &keeper->removed; link = next) {
		next = link->next;
		record_settle(keeper, OWNER(link, struct record, no_room));
	}
}

static void work_on(struct record *record)
{
	record->busy++;
}

static void done_with(struct keeper *keeper, struct record *record)
{
	record->busy--;
	record_settle(keeper, record);
}

static void retire_all(struct keeper *keeper, struct record *record, uint64_t folded)
{
	struct list *link, *next;

	record->armed = record->entering = NULL;
	for (link = record->bodies.next; link != &record->bodies; link = next) {
		struct body *body = OWNER(link, struct body, of_record);

		next = link->next;
		if (!body->folded)
			body->folded = folded;
		body_retire(keeper, body);
	}
}

/* ---- the trigger */

static void trigger(struct keeper *keeper, struct record *record, bool by_host, char id[ID_ROOM])
{
	struct run *run = run_make(keeper, record, by_host);
	int64_t now = clock_now();
	uint64_t seq;

	if (!run)
		return; /* the machine is out of memory */
	if (record->promised)
		record->promised = false;
	else
		keeper->queue.promised += TRIGGER_EVENTS; /* of a process retired long ago: it counts all the same */
	run_tell_fired(keeper, run);
	seq = run->seq;
	record->fired = seq;
	run_id(keeper, seq, id);

	if (now >= record->window + keeper->brake_window) {
		record->window = now;
		record->window_triggers = 0;
	}
	record->window_triggers++;
	record->triggered = now;
	if (record->state != REMOVING) {
		enter_state(record, RUNNING);
		record->rearm = false;
		timer_clear(keeper, &record->cooling);
		list_remove(&record->no_room);
	}
	runs_start(keeper);
	retire_all(keeper, record, seq); /* the run may be over by now, if it could not start */
}

bool record_fire(struct keeper *keeper, struct record *record, char id[ID_ROOM])
{
	if (record->state != ARMED)
		return false;
	work_on(record);
	trigger(keeper, record, true, id);
	done_with(keeper, record);
	return true;
}

/* ---- news of bodies */

void record_body_ready(struct keeper *keeper, struct body *body)
{
	struct record *record = body->record;

	if (record->entering != body)
		return;
	work_on(record);
	record->entering = NULL;
	if (record->armed)
		body_retire(keeper, record->armed);
	record->armed = body;
	enter_state(record, ARMED);
	tell_armed(keeper, record, body);
	done_with(keeper, record);
}

void record_body_failed(struct keeper *keeper, struct body *body, enum stage stage, int error)
{
	struct record *record = body->record;

	if (record->entering != body)
		return; /* given up before it failed */
	record->entering = NULL;
	if (!record->armed)
		idle(keeper, record);
	tell_failed(keeper, record, body->definition, stage, error);
}

void record_body_died(struct keeper *keeper, struct body *body, pid_t pid, struct ending ending)
{
	struct record *record = body->record;
	bool was_armed = record->armed == body, was_entering = record->entering == body;
	char id[ID_ROOM];

	if (was_armed)
		record->armed = NULL;
	if (was_entering)
		record->entering = NULL;
	if (ending.signal && ending.value == SIGHUP && body->ready) {
		if (body->folded) {
			run_count_folded(record, body->folded);
			return;
		}
		work_on(record);
		body->folded = UINT64_MAX; /* this one has had its say */
		trigger(keeper, record, false, id);
		done_with(keeper, record);
		return;
	}
	if (was_armed && record->entering) {
		enter_state(record, ENTERING); /* it was being replaced: the newer one is on its way */
	} else if (was_armed || (was_entering && !record->armed)) {
		idle(keeper, record);
		tell_died(keeper, record, pid, ending);
	} else if (was_entering) {
		tell_died(keeper, record, pid, ending);
	}
}

void record_run_started(struct keeper *keeper, struct record *record)
{
	if (record->state == COOLING && record->reason == HELD_BUDGET)
		record_settle(keeper, record);
}

void record_run_ended(struct keeper *keeper, struct record *record, struct outcome outcome)
{
	record->run_count--;
	record->outcome = outcome;
	record_settle(keeper, record);
}

/* ---- orders */

struct record *record_find(const struct keeper *keeper, const char *key)
{
	struct node *node = table_find(&keeper->records, hash_text(key));

	while (node && strcmp(key_of(OWNER(node, struct record, node)), key) != 0)
		node = table_again(node);
	return node ? OWNER(node, struct record, node) : NULL;
}

static struct record *make(struct keeper *keeper, struct definition *definition)
{
	struct record *record = arena_take_clear(&keeper->arena, sizeof *record);

	if (!record)
		return NULL;
	record->definition = definition;
	record->cooling.ring = cooled;
	record->triggered = record->window = -1;
	record->since = clock_wall();
	list_init(&record->link);
	list_init(&record->bodies);
	list_init(&record->runs);
	list_init(&record->no_room);
	if (!table_add(&keeper->records, &keeper->arena, &record->node, hash_text(key_of(record)))) {
		arena_give(&keeper->arena, record, sizeof *record);
		return NULL;
	}
	list_append(&keeper->record_list, &record->link);
	keeper->record_count++;
	return record;
}

static void take_definition(struct keeper *keeper, struct record *record, struct definition *definition)
{
	definition_drop(&keeper->arena, record->definition);
	record->definition = definition;
}

/*
 * Whether the daemon did not know, when it gave the order, that the probe was triggered: what is spent by that stays
 * spent, in that instance.
 */
static bool crosses_trigger(const struct keeper *keeper, struct record *record, const struct definition *definition)
{
	const struct definition *older = record->definition;

	if (strcmp(definition_text(older, older->instance), definition_text(definition, definition->instance)) != 0)
		record->fired = 0;
	return is_spent_unknown(keeper, record) && definition->respawn == RESPAWN_NEVER;
}

const char *record_arm(struct keeper *keeper, struct definition *definition)
{
	struct record *record = record_find(keeper, definition_text(definition, definition->key));
	bool crossed = record && crosses_trigger(keeper, record, definition);

	if (record)
		take_definition(keeper, record, definition);
	else
		record = make(keeper, definition);
	if (!record) {
		definition_drop(&keeper->arena, definition);
		return "there is no memory";
	}
	work_on(record);
	list_remove(&record->no_room);
	switch (record->state) {
	case REMOVING: /* it is wanted again; what was being taken away still goes */
	case REMOVED:
	case IDLE:
	case SPENT:
		enter_state(record, RUNNING);
		record->rearm = !crossed;
		break;
	case RUNNING:
		record->rearm |= !crossed;
		break;
	case COOLING:
		break;
	case ENTERING:
	case ARMED:
		if (record->entering) {
			struct body *older = record->entering;

			record->entering = NULL;
			body_retire(keeper, older);
		}
		want(keeper, record);
		break;
	}
	done_with(keeper, record);
	return NULL;
}

const char *record_update(struct keeper *keeper, struct definition *definition)
{
	struct record *record = record_find(keeper, definition_text(definition, definition->key));
	const char *why = NULL;

	if (!record)
		why = "there is no such probe";
	else if (record->state == REMOVING || record->state == REMOVED)
		why = "it is being removed";
	if (why) {
		definition_drop(&keeper->arena, definition);
		return why;
	}
	take_definition(keeper, record, definition);
	for (struct list *link = record->bodies.next; link != &record->bodies; link = link->next) {
		struct body *body = OWNER(link, struct body, of_record);

		if (body != record->armed && body != record->entering)
			continue;
		definition_drop(&keeper->arena, body->definition);
		body->definition = definition_keep(definition);
	}
	record_settle(keeper, record);
	return NULL;
}

void record_disarm(struct keeper *keeper, struct record *record)
{
	if (record->state == REMOVING || record->state == REMOVED)
		return;
	work_on(record);
	enter_state(record, REMOVING);
	record->rearm = false;
	timer_clear(keeper, &record->cooling);
	list_remove(&record->no_room);
	retire_all(keeper, record, 0);
	done_with(keeper, record);
}
