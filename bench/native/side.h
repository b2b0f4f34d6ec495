#ifndef SIDE_H
#define SIDE_H

/* One of the two that are compared, seen from outside: a supervisor and its probes, found by /proc. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct side {
	const char *name;
	pid_t supervisor;
	pid_t *probes; /* by index; 0: not there, or not ready */
	int count;
	int missing; /* how many of them are 0 */
	pid_t seen; /* processes up to this one have been looked at */
};

uint64_t now(void);

/* Finds probes 0 to count - 1 among all processes. */
void side_open(struct side *side, const char *name, pid_t supervisor, int count);

/* Kills a probe by HUP and returns when that was. */
uint64_t side_hup(struct side *side, int index);

/* Looks at the processes that have come since: is every probe there and ready? */
bool side_complete(struct side *side);

/* The same for a probe of this title, whatever its index. */
bool side_has(struct side *side, const char *title);

/* Returns when every probe is back; ends the program when that takes too long. */
void side_await(struct side *side);

_Noreturn void give_up(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
