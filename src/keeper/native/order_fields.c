/* The fields of an order that has no definition; those of a definition are definition.c's. */
#include <stddef.h>
#include <string.h>

#include "frame.h"
#include "order_parts.h"

static const struct {
	const char *name;
	unsigned bit;
	uint64_t max;
	size_t at;
} fields[] = {
	{"key", KEY, 0, offsetof(struct order, key)},
	{"version", VERSION, UINT32_MAX, offsetof(struct order, version)},
	{"budget", BUDGET, UINT32_MAX, offsetof(struct order, budget)},
	{"brake", BRAKE, UINT32_MAX, offsetof(struct order, brake)},
	{"brake_window", BRAKE_WINDOW, UINT32_MAX, offsetof(struct order, brake_window)},
	{"seq", SEQ, UINT64_MAX, offsetof(struct order, seq)},
	{"grace", GRACE, UINT32_MAX, offsetof(struct order, grace)},
};

enum { FIELDS = sizeof fields / sizeof *fields };

const char *order_look(struct order *order)
{
	const char *at = order->fields, *why = NULL;
	struct field field;

	while (field_next(&at, order->end, &field)) {
		if (field_is(&field, "key"))
			order->key = field.value;
		if (!field_is(&field, "ref"))
			continue;
		if (order->has_ref || !parse_number(field.value, UINT64_MAX >> 1, &order->ref))
			why = "ref is no number, or stands there twice";
		else
			order->has_ref = true;
	}
	return why;
}

const char *order_take_fields(struct order *order, unsigned wanted)
{
	const char *at = order->fields;
	struct field field;
	unsigned seen = 0;

	if (wanted & DEFINITION)
		return NULL;
	while (field_next(&at, order->end, &field)) {
		char *member;
		int i = 0;

		if (field_is(&field, "ref"))
			continue;
		while (i < FIELDS && !field_is(&field, fields[i].name))
			i++;
		if (i == FIELDS || !(wanted & fields[i].bit))
			return "a field is unknown";
		if (seen & fields[i].bit)
			return "a field stands there twice";
		seen |= fields[i].bit;
		member = (char *)order + fields[i].at;
		if (fields[i].max == 0)
			memcpy(member, &field.value, sizeof field.value);
		else if (!parse_number(field.value, fields[i].max, (uint64_t *)(void *)member))
			return "a number is none, or out of range";
	}
	return seen == wanted ? NULL : "a field is missing";
}
