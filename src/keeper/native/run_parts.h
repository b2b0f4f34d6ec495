#ifndef RUN_PARTS_H
#define RUN_PARTS_H

/* What run.c and run_end.c have in common, and nobody else uses. */

#include "run.h"

void run_changed(struct keeper *keeper, struct child *child); /* its process has ended */
void run_too_long(struct keeper *keeper, struct timer *timer);
void run_outcome_ready(struct keeper *keeper, void *run);

/* It never ran, and no process of it is left. */
void run_finish_unborn(struct keeper *keeper, struct run *run, enum stage stage, int error);

#endif
