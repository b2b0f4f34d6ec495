#ifndef TABLE_H
#define TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"

/* A hash table of nodes that live inside the things they find. */
struct node {
	struct node *next;
	uint32_t hash;
};

struct table {
	struct node **buckets;
	uint32_t size, count;
};

uint32_t hash_text(const char *text);
uint32_t hash_number(uint32_t number);

/* The first node with that hash, then the next one; the caller compares what the hash stands for. */
struct node *table_find(const struct table *table, uint32_t hash);
struct node *table_again(const struct node *node);

bool table_add(struct table *table, struct arena *arena, struct node *node, uint32_t hash);
void table_remove(struct table *table, struct node *node);

#endif
