#ifndef ENTRY_PARTS_H
#define ENTRY_PARTS_H

/* What entry.c and entry_start.c have in common, and nobody else uses. */

#include "entry.h"

void entry_report_ready(struct keeper *keeper, void *entry);             /* something has come up pipe R */
void entry_enterer_changed(struct keeper *keeper, struct child *child);  /* the entering process has ended */
void entry_too_long(struct keeper *keeper, struct timer *timer);
void entry_free_if_over(struct keeper *keeper, struct entry *entry);

#endif
