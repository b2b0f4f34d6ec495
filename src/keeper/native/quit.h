#ifndef QUIT_H
#define QUIT_H

#include <stdbool.h>
#include <stdint.h>

struct keeper;

void quit_begin(struct keeper *keeper, uint64_t grace);
bool quit_is_over(struct keeper *keeper); /* asked at the end of every turn */

#endif
