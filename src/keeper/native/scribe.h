#ifndef SCRIBE_H
#define SCRIBE_H

#include <stdbool.h>
#include <stdint.h>

struct keeper;

/*
 * A scribe reads a command's output to its end and keeps the first bytes of it. It is a process of its own, so
 * that a full or slow disk, and the death of the keeper, cost the command nothing. It is started when there is
 * nothing more urgent to do (a pipe holds 64 KiB meanwhile), and not at all if by then the command has ended
 * without a word.
 */
bool scribe_wanted(struct keeper *keeper, uint64_t seq, uint64_t room, int output); /* takes `output` over */

/* Starts some of those that have waited since `before`. -1, or in how many ms there are more to start. */
int scribes_start(struct keeper *keeper, int64_t before);

#endif
