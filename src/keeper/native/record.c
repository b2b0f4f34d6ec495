/* A record itself: found by its key, made, changed and forgotten. What becomes of it is in record_*.c. */
#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <string.h>

#include "keeper.h"
#include "record_parts.h"

static const char *key_of(const struct record *record)
{
	return definition_text(record->definition, record->definition->key);
}

struct record *record_find(const struct keeper *keeper, const char *key)
{
	struct node *node = table_find(&keeper->records, hash_text(key));

	while (node && strcmp(key_of(OWNER(node, struct record, node)), key) != 0)
		node = table_again(node);
	return node ? OWNER(node, struct record, node) : NULL;
}

struct record *record_make(struct keeper *keeper, struct definition *definition)
{
	struct record *record = arena_take_clear(&keeper->arena, sizeof *record);

	if (!record)
		return NULL;
	record->definition = definition;
	record->cooling.ring = record_cooled;
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

void record_enter_state(struct record *record, enum state state)
{
	if (record->state != state)
		record->since = clock_wall();
	record->state = state;
}

void record_take_definition(struct keeper *keeper, struct record *record, struct definition *definition)
{
	definition_drop(&keeper->arena, record->definition);
	record->definition = definition;
}

void record_work_on(struct record *record)
{
	record->busy++;
}

void record_done_with(struct keeper *keeper, struct record *record)
{
	record->busy--;
	record_settle(keeper, record);
}

void record_retire_all(struct keeper *keeper, struct record *record, uint64_t folded)
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

void record_drop(struct keeper *keeper, struct record *record)
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
