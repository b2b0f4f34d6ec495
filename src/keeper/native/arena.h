#ifndef ARENA_H
#define ARENA_H

#include <stddef.h>

/*
 * Everything that grows with the number of probes. One mapping that no child inherits: so fork(2) costs the
 * same with one probe and with ten thousand, and a child never holds another jail's data.
 */
enum { ARENA_CLASSES = 80 };

struct arena {
	char *base, *top; /* handed out up to here */
	char *usable;     /* readable and writable up to here */
	char *end;
	void *free[ARENA_CLASSES];
};

int arena_open(struct arena *arena); /* 0, or -1 and errno */

/* NULL when there is no memory. What is handed out is not cleared. */
void *arena_take(struct arena *arena, size_t size);
void *arena_take_clear(struct arena *arena, size_t size);

/* `size` is what was asked for: blocks have no headers. */
void arena_give(struct arena *arena, void *block, size_t size);

/* Page-aligned, cleared and for ever; a page costs nothing until it is touched. */
void *arena_table(struct arena *arena, size_t size);

#endif
