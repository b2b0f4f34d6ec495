#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <limits.h>
#include <string.h>
#include <time.h>

#include "keeper.h"

enum { FIRST_ROOM = 256 };

static int64_t read_clock(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now); /* cannot fail for these clocks */
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_now(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_wall(void)
{
	return read_clock(CLOCK_REALTIME);
}

static void put(struct timers *timers, uint32_t place, struct timer *timer)
{
	timers->heap[place] = timer;
	timer->place = place;
}

static void settle(struct timers *timers, struct timer *timer)
{
	uint32_t at = timer->place, child;

	for (; at > 1 && timers->heap[at / 2]->due > timer->due; at /= 2)
		put(timers, at, timers->heap[at / 2]);
	for (; (child = at * 2) <= timers->count; at = child) {
		if (child < timers->count && timers->heap[child + 1]->due < timers->heap[child]->due)
			child++;
		if (timers->heap[child]->due >= timer->due)
			break;
		put(timers, at, timers->heap[child]);
	}
	put(timers, at, timer);
}

static bool make_room(struct keeper *keeper)
{
	struct timers *timers = &keeper->timers;
	uint32_t room = timers->room ? timers->room * 2 : FIRST_ROOM;
	struct timer **heap;

	if (timers->count + 1 < timers->room)
		return true;
	heap = arena_take(&keeper->arena, room * sizeof *heap);
	if (!heap)
		return false;
	if (timers->room) {
		memcpy(heap, timers->heap, timers->room * sizeof *heap);
		arena_give(&keeper->arena, timers->heap, timers->room * sizeof *heap);
	}
	timers->heap = heap;
	timers->room = room;
	return true;
}

bool timer_set(struct keeper *keeper, struct timer *timer, int64_t due)
{
	struct timers *timers = &keeper->timers;

	if (!timer->place) {
		if (!make_room(keeper))
			return false;
		put(timers, ++timers->count, timer);
	}
	timer->due = due;
	settle(timers, timer);
	return true;
}

void timer_clear(struct keeper *keeper, struct timer *timer)
{
	struct timers *timers = &keeper->timers;
	struct timer *last;

	if (!timer->place)
		return;
	last = timers->heap[timers->count--];
	if (last != timer) {
		put(timers, timer->place, last);
		settle(timers, last);
	}
	timer->place = 0;
}

int timers_wait(const struct timers *timers)
{
	int64_t wait;

	if (timers->count == 0)
		return -1;
	wait = timers->heap[1]->due - clock_now();
	return wait <= 0 ? 0 : wait >= INT_MAX ? INT_MAX : (int)wait + 1; /* the fraction of this ms */
}

void timers_ring(struct keeper *keeper)
{
	struct timers *timers = &keeper->timers;
	int64_t now;

	if (timers->count == 0)
		return;
	now = clock_now();
	while (timers->count > 0 && timers->heap[1]->due <= now) {
		struct timer *timer = timers->heap[1];

		timer_clear(keeper, timer);
		timer->ring(keeper, timer);
	}
}
