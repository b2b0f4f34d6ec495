#include <string.h>

#include "frame.h"

static void put(struct frame *frame, const char *bytes, size_t length)
{
	if (frame->full || length > frame->room - frame->used) {
		frame->full = true;
		return;
	}
	memcpy(frame->bytes + frame->used, bytes, length);
	frame->used += length;
}

void frame_begin(struct frame *frame, void *buffer, size_t room, const char *verb)
{
	*frame = (struct frame){.bytes = buffer, .room = room, .used = FRAME_HEAD, .full = room < FRAME_HEAD};
	put(frame, verb, strlen(verb) + 1);
}

void frame_text(struct frame *frame, const char *name, const char *value)
{
	put(frame, name, strlen(name));
	put(frame, "=", 1);
	put(frame, value, strlen(value) + 1);
}

void frame_number(struct frame *frame, const char *name, int64_t value)
{
	char digits[24], *at = digits + sizeof digits;
	uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;

	*--at = '\0';
	do
		*--at = (char)('0' + rest % 10);
	while (rest /= 10);
	if (value < 0)
		*--at = '-';
	frame_text(frame, name, at);
}

size_t frame_end(struct frame *frame)
{
	size_t length = frame->used - FRAME_HEAD;

	if (frame->full || length > FRAME_MAX)
		return 0;
	for (int i = 0; i < FRAME_HEAD; i++)
		frame->bytes[i] = (char)(length >> 8 * (FRAME_HEAD - 1 - i));
	return frame->used;
}

uint32_t frame_length(const void *head)
{
	const unsigned char *byte = head;

	return (uint32_t)byte[0] << 24 | (uint32_t)byte[1] << 16 | (uint32_t)byte[2] << 8 | byte[3];
}

bool frame_sound(const char *body, size_t length)
{
	const char *at = body, *end = body + length;
	struct field field;

	if (length == 0 || body[length - 1] != '\0' || body[0] == '\0')
		return false;
	at += strlen(at) + 1;
	while (at < end)
		if (!field_next(&at, end, &field))
			return false;
	return true;
}

bool field_next(const char **at, const char *end, struct field *field)
{
	const char *equals;

	if (*at >= end)
		return false;
	equals = strchr(*at, '=');
	if (!equals || equals == *at)
		return false;
	field->name = *at;
	field->name_length = (size_t)(equals - *at);
	field->value = equals + 1;
	*at = equals + strlen(equals) + 1;
	return true;
}

bool field_is(const struct field *field, const char *name)
{
	return strlen(name) == field->name_length && memcmp(name, field->name, field->name_length) == 0;
}

bool parse_number(const char *text, uint64_t max, uint64_t *number)
{
	uint64_t value = 0;

	if (*text == '\0')
		return false;
	for (; *text; text++) {
		uint64_t digit = (uint64_t)(unsigned char)*text - '0';

		if (digit > 9 || digit > max || value > (max - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*number = value;
	return true;
}
