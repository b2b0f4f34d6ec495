#include "table.h"

enum { FIRST_SIZE = 512 };

uint32_t hash_text(const char *text)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619u;
	return hash;
}

uint32_t hash_number(uint32_t number)
{
	return number * 2654435769u;
}

static struct node **bucket(const struct table *table, uint32_t hash)
{
	return &table->buckets[(hash ^ hash >> 16) & (table->size - 1)];
}

static struct node *same(struct node *node, uint32_t hash)
{
	while (node && node->hash != hash)
		node = node->next;
	return node;
}

struct node *table_find(const struct table *table, uint32_t hash)
{
	return table->size ? same(*bucket(table, hash), hash) : NULL;
}

struct node *table_again(const struct node *node)
{
	return same(node->next, node->hash);
}

static bool grow(struct table *table, struct arena *arena)
{
	struct table bigger = {.size = table->size ? table->size * 2 : FIRST_SIZE, .count = table->count};

	bigger.buckets = arena_take_clear(arena, bigger.size * sizeof *bigger.buckets);
	if (!bigger.buckets)
		return false;
	for (uint32_t i = 0; i < table->size; i++) {
		struct node *node = table->buckets[i], *next;

		for (; node; node = next) {
			next = node->next;
			node->next = *bucket(&bigger, node->hash);
			*bucket(&bigger, node->hash) = node;
		}
	}
	if (table->size)
		arena_give(arena, table->buckets, table->size * sizeof *table->buckets);
	*table = bigger;
	return true;
}

bool table_add(struct table *table, struct arena *arena, struct node *node, uint32_t hash)
{
	/* A table that cannot grow is slow, not wrong; one that is not there at all cannot be used. */
	if (table->count >= table->size && !grow(table, arena) && table->size == 0)
		return false;
	node->hash = hash;
	node->next = *bucket(table, hash);
	*bucket(table, hash) = node;
	table->count++;
	return true;
}

void table_remove(struct table *table, struct node *node)
{
	struct node **at = bucket(table, node->hash);

	while (*at != node)
		at = &(*at)->next;
	*at = node->next;
	table->count--;
}
