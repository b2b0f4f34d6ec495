#ifndef TIMER_H
#define TIMER_H

#include <stdbool.h>
#include <stdint.h>

struct keeper;

/* A min-heap of moments of CLOCK_MONOTONIC, in ms. The timers live inside the things that wait. */
struct timer {
	int64_t due;
	uint32_t place; /* in the heap, from 1; 0: not set */
	void (*ring)(struct keeper *keeper, struct timer *timer);
};

struct timers {
	struct timer **heap; /* heap[1] is the next */
	uint32_t count, room;
};

int64_t clock_now(void);  /* CLOCK_MONOTONIC, ms */
int64_t clock_wall(void); /* CLOCK_REALTIME, ms: for stamps only */

/* Sets it, or moves it. False when there is no memory. */
bool timer_set(struct keeper *keeper, struct timer *timer, int64_t due);
void timer_clear(struct keeper *keeper, struct timer *timer);

int timers_wait(const struct timers *timers); /* ms until the next, for watch_turn(); -1: none */
void timers_ring(struct keeper *keeper);      /* all that are due */

#endif
