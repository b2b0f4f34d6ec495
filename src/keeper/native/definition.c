#include <string.h>

#include "definition_parts.h"

struct definition *definition_parse(struct arena *arena, const char *fields, size_t length, const char **why)
{
	struct definition *definition = arena_take(arena, sizeof *definition + length);

	if (!definition) {
		*why = "there is no memory";
		return NULL;
	}
	*definition = (struct definition){.refs = 1, .length = (uint32_t)length, .kill_after = 10000, .concurrency = 10};
	memcpy(definition->fields, fields, length);
	*why = definition_fill(definition);
	if (*why) {
		definition_drop(arena, definition);
		return NULL;
	}
	return definition;
}

struct definition *definition_keep(struct definition *definition)
{
	definition->refs++;
	return definition;
}

void definition_drop(struct arena *arena, struct definition *definition)
{
	if (definition && --definition->refs == 0)
		arena_give(arena, definition, sizeof *definition + definition->length);
}

int parse_groups(const char *text, uint32_t *groups, int room)
{
	int count = 0;

	while (*text) {
		uint64_t value = 0;
		const char *from = text;

		for (; *text >= '0' && *text <= '9' && value <= ID_MAX; text++)
			value = value * 10 + (uint64_t)(*text - '0');
		if (text == from || value > ID_MAX || count == room || (*text && *text != ','))
			return -1;
		if (groups)
			groups[count] = (uint32_t)value;
		count++;
		if (*text == ',' && *++text == '\0')
			return -1;
	}
	return count;
}
