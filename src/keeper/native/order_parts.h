#ifndef ORDER_PARTS_H
#define ORDER_PARTS_H

/* What order.c and order_*.c have in common, and nobody else uses. */

#include <stdbool.h>
#include <stdint.h>

#include "run.h"

struct keeper;
struct connection;

/* The fields of one order that are not a definition's. Those that it does not have are refused. */
struct order {
	const char *verb;
	const char *fields, *end;
	const char *key;
	uint64_t ref, version, budget, brake, brake_window, seq, grace;
	bool has_ref;
	char fired[ID_ROOM]; /* by `fire`, for the answer */
};

/* Which fields an order has. */
enum { KEY = 1, VERSION = 2, BUDGET = 4, BRAKE = 8, BRAKE_WINDOW = 16, SEQ = 32, GRACE = 64, DEFINITION = 128 };

struct verb {
	const char *word;
	unsigned fields;
	const char *(*carry_out)(struct keeper *, struct connection *, struct order *); /* NULL, or why not */
};

const struct verb *verb_find(const char *word);   /* NULL: there is no such verb */
bool verb_comes_first(const struct verb *verb);   /* hello: from anybody who may connect; all else is the daemon's */

/* `ref` and `key` are looked for first, so that the refusal of a bad order can name them. NULL, or why not. */
const char *order_look(struct order *order);
const char *order_take_fields(struct order *order, unsigned wanted);

#endif
