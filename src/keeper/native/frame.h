#ifndef FRAME_H
#define FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A frame: its length in 4 bytes, big endian; verb NUL, then name=value NUL as often as you like. */
enum { FRAME_MAX = 262144, FRAME_HEAD = 4 };

/* Writing one, into a buffer of the caller's. What does not fit makes it `full`. */
struct frame {
	char *bytes;
	size_t room, used;
	bool full;
};

void frame_begin(struct frame *frame, void *buffer, size_t room, const char *verb);
void frame_text(struct frame *frame, const char *name, const char *value);
void frame_number(struct frame *frame, const char *name, int64_t value);
size_t frame_end(struct frame *frame); /* its whole length; 0 if it did not fit */

/* Reading the fields of one: both are NUL-terminated where they stand, the name at its `=`. */
struct field {
	const char *name, *value;
	size_t name_length;
};

uint32_t frame_length(const void *head);
bool frame_sound(const char *body, size_t length);            /* a verb, then fields, each with a name and a NUL */
bool field_next(const char **at, const char *end, struct field *field);
bool field_is(const struct field *field, const char *name);
bool parse_number(const char *text, uint64_t max, uint64_t *number); /* decimal digits, and nothing else */

#endif
