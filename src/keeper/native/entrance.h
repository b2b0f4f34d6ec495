#ifndef ENTRANCE_H
#define ENTRANCE_H

#include "body.h"
#include "probe/arming.h"

/* What its child has besides FD_REPORT and FD_TARGET; both are closed by exec. */
enum { FD_IMAGE = FD_LIFE + 1, FD_LIFE_IN, FD_ENTRANCE_COUNT };

/* Copies all that the child needs out of the arena. */
void entrance_prepare(struct keeper *keeper, const struct body *body, uint64_t nonce);
_Noreturn void entrance_become_probe(struct keeper *keeper); /* in the child */

#endif
