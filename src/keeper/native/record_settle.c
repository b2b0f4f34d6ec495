/* What follows from what is: looked at whenever something has happened to a record. */
#ifdef __linux__
#define _GNU_SOURCE
#endif

#include "keeper.h"
#include "record_parts.h"

bool record_is_spent_unknown(const struct keeper *keeper, const struct record *record)
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
		record_enter_state(record, REMOVED);
		if (!keeper->quitting || keeper->draining)
			tell_removed(keeper, record);
	}
	if (record->run_count > 0)
		return;
	if (keeper->quitting || !record_is_spent_unknown(keeper, record))
		record_drop(keeper, record);
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
			record_enter_state(record, SPENT);
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
	record->fired = 0; /* it comes back: by that trigger it is not spent, whatever it becomes later */
	record->rearm = false;
	record_want(keeper, record);
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

void records_settle_braked(struct keeper *keeper)
{
	struct list *link, *next;

	for (link = keeper->record_list.next; link != &keeper->record_list; link = next) {
		struct record *record = OWNER(link, struct record, link);

		next = link->next;
		if (record->state == COOLING && record->reason == HELD_BRAKE)
			record_settle(keeper, record);
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
