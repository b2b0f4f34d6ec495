#ifndef ENTRY_PARTS_H
#define ENTRY_PARTS_H

/* What entry.c, entry_start.c and entry_hear.c have in common, and nobody else uses. */

#include "entry.h"

void entry_report_ready(struct keeper *keeper, void *entry);             /* something has come up pipe R */
void entry_enterer_changed(struct keeper *keeper, struct child *child);  /* the entering process has ended */
void entry_too_long(struct keeper *keeper, struct timer *timer);
void entry_give_up_late(struct keeper *keeper, struct entry *entry);

void entry_named(struct keeper *keeper, struct entry *entry); /* its clone can be named, or there is none */
void entry_over(struct keeper *keeper, struct entry *entry);
void entry_free_if_over(struct keeper *keeper, struct entry *entry);

#endif
