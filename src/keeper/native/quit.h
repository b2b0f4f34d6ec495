#ifndef QUIT_H
#define QUIT_H

#include <stdbool.h>
#include <stdint.h>

struct keeper;

void quit_begin(struct keeper *keeper, uint64_t grace);
void drain_begin(struct keeper *keeper);

/* Asked at the end of every turn. */
bool quit_is_over(struct keeper *keeper);
bool drain_is_over(const struct keeper *keeper);

#endif
