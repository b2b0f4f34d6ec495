#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "arena.h"
#include "memory.h"
#include "shadow.h"

enum { PAGE = 4096, STEP = 1 << 20, SMALLEST = 32, BIG = 16 * PAGE };

/* Powers of two. Address space only: what is not used yet is PROT_NONE, so that a strict overcommit does not count it. */
static const unsigned char sizes_to_try[] = {36, 33, 30, 28};

int arena_open(struct arena *arena)
{
	void *base = NULL;
	size_t size = 0;

	memset(arena, 0, sizeof *arena);
	for (size_t i = 0; i < sizeof sizes_to_try / sizeof *sizes_to_try && !base; i++) {
		if (sizes_to_try[i] >= 8 * sizeof size)
			continue; /* a small processor */
		size = (size_t)1 << sizes_to_try[i];
		base = memory_reserve(size);
	}
	if (!base)
		return -1;
	arena->base = arena->top = arena->usable = base;
	arena->end = (char *)base + size;
	return 0;
}

/* Four sizes to each doubling: 32, 40, 48, 56, 64, 80, ... */
static unsigned size_class(size_t wanted, size_t *size)
{
	unsigned class = 0;
	size_t step = SMALLEST / 4;

	*size = SMALLEST;
	while (*size < wanted) {
		*size += step;
		if (++class % 4 == 0)
			step *= 2;
	}
	return class;
}

static void *carve(struct arena *arena, size_t size)
{
	char *block = arena->top;

	if (size > (size_t)(arena->end - block))
		return NULL;
	if (size > (size_t)(arena->usable - block)) {
		size_t more = (size - (size_t)(arena->usable - block) + STEP - 1) / STEP * STEP;

		if (more > (size_t)(arena->end - arena->usable))
			return NULL;
		if (mprotect(arena->usable, more, PROT_READ | PROT_WRITE) == -1)
			return NULL;
		arena->usable += more;
	}
	arena->top += size;
	return block;
}

void *arena_take(struct arena *arena, size_t wanted)
{
	size_t size;
	unsigned class = size_class(wanted, &size);
	void *block;

	if (class >= ARENA_CLASSES)
		return NULL;
	block = arena->free[class];
	if (block) {
		shadow_allow(block, sizeof block);
		memcpy(&arena->free[class], block, sizeof block);
	} else {
		block = carve(arena, size);
		if (!block)
			return NULL;
		shadow_forbid(block, size);
	}
	shadow_allow(block, wanted);
	return block;
}

void *arena_take_clear(struct arena *arena, size_t size)
{
	void *block = arena_take(arena, size);

	return block ? memset(block, 0, size) : NULL;
}

void arena_give(struct arena *arena, void *block, size_t wanted)
{
	size_t size;
	unsigned class = size_class(wanted, &size);

	/* A burst of big blocks must not stay resident: all but the page with the link goes back. */
	if (size >= BIG) {
		uintptr_t from = ((uintptr_t)block + sizeof block + PAGE - 1) & ~(uintptr_t)(PAGE - 1);
		uintptr_t to = ((uintptr_t)block + size) & ~(uintptr_t)(PAGE - 1);

		memory_release((void *)from, to - from);
	}
	memcpy(block, &arena->free[class], sizeof block);
	arena->free[class] = block;
	shadow_forbid(block, size);
}

void *arena_table(struct arena *arena, size_t size)
{
	size_t past = (size_t)(arena->top - arena->base) % PAGE;

	if (past && !carve(arena, PAGE - past))
		return NULL;
	return carve(arena, (size + PAGE - 1) / PAGE * PAGE);
}
