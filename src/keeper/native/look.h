#ifndef LOOK_H
#define LOOK_H

#include <stdbool.h>
#include <sys/types.h>

#include "definition.h"
#include "stage.h"

/* What the keeper sees with its own eyes of a process that says it is ready. */

/* Whether it has got where it was to go, as far as the host can ask: 0, or errno and the stage. */
int look_where(const struct definition *definition, enum stage *stage);

/* Whether it can do nothing any more. It may still be about to lock itself up. */
bool look_locked(const struct definition *definition, pid_t pid);

#endif
