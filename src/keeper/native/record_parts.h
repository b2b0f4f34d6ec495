#ifndef RECORD_PARTS_H
#define RECORD_PARTS_H

/* What record.c and record_*.c have in common, and nobody else uses. */

#include "record.h"

struct record *record_make(struct keeper *keeper, struct definition *definition);
void record_drop(struct keeper *keeper, struct record *record);
void record_take_definition(struct keeper *keeper, struct record *record, struct definition *definition);
void record_enter_state(struct record *record, enum state state);

/* Between these two it is not settled, and so not freed. */
void record_work_on(struct record *record);
void record_done_with(struct keeper *keeper, struct record *record);

/* A process for the definition in force; also beside one that is armed, which it will replace. */
void record_want(struct keeper *keeper, struct record *record);
void record_cooled(struct keeper *keeper, struct timer *timer);
void record_idle(struct keeper *keeper, struct record *record); /* it has none, until the daemon orders */

/* All its processes go; what they are folded into: the number of a trigger, or 0. */
void record_retire_all(struct keeper *keeper, struct record *record, uint64_t folded);

bool record_trigger(struct keeper *keeper, struct record *record, bool by_host, char id[ID_ROOM]); /* false: no memory */

/* It is spent, and the daemon may not know that yet. */
bool record_is_spent_unknown(const struct keeper *keeper, const struct record *record);

#endif
