/* What the daemon orders of one probe. */
#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <string.h>

#include "keeper.h"
#include "record_parts.h"

/*
 * Whether the daemon did not know, when it gave the order, that the probe was triggered: what is spent by that stays
 * spent, in that instance.
 */
static bool crosses_trigger(const struct keeper *keeper, struct record *record, const struct definition *definition)
{
	const struct definition *older = record->definition;

	if (strcmp(definition_text(older, older->instance), definition_text(definition, definition->instance)) != 0)
		record->fired = 0;
	return record_is_spent_unknown(keeper, record) && definition->respawn == RESPAWN_NEVER;
}

const char *record_arm(struct keeper *keeper, struct definition *definition)
{
	struct record *record = record_find(keeper, definition_text(definition, definition->key));
	bool crossed = record && crosses_trigger(keeper, record, definition);

	if (record)
		record_take_definition(keeper, record, definition);
	else
		record = record_make(keeper, definition);
	if (!record) {
		definition_drop(&keeper->arena, definition);
		return "there is no memory";
	}
	record_work_on(record);
	list_remove(&record->no_room);
	switch (record->state) {
	case REMOVING: /* it is wanted again; what was being taken away still goes */
	case REMOVED:
	case IDLE:
	case SPENT:
		record_enter_state(record, RUNNING);
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
		record_want(keeper, record);
		break;
	}
	record_done_with(keeper, record);
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
	record_take_definition(keeper, record, definition);
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
	record_work_on(record);
	record_enter_state(record, REMOVING);
	record->rearm = false;
	timer_clear(keeper, &record->cooling);
	list_remove(&record->no_room);
	record_retire_all(keeper, record, 0);
	record_done_with(keeper, record);
}

const char *record_fire(struct keeper *keeper, struct record *record, char id[ID_ROOM])
{
	bool triggered;

	if (record->state != ARMED)
		return "it is not armed";
	record_work_on(record);
	triggered = record_trigger(keeper, record, true, id);
	record_done_with(keeper, record);
	return triggered ? NULL : "there is no memory";
}
