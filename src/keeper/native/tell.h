#ifndef TELL_H
#define TELL_H

#include "body.h"
#include "frame.h"
#include "process.h"
#include "record.h"
#include "stage.h"

/* What the daemon is told of a record. Of its state events, each takes the place of the one before it. */
void tell_failed(struct keeper *keeper, struct record *record, const struct definition *definition,
	enum stage stage, int error);
void tell_armed(struct keeper *keeper, struct record *record, const struct body *body);
void tell_died(struct keeper *keeper, struct record *record, pid_t pid, struct ending ending);
void tell_spent(struct keeper *keeper, struct record *record);
void tell_held(struct keeper *keeper, struct record *record);
void tell_removed(struct keeper *keeper, struct record *record);

/* One `record` of a list, into a buffer that may be too small: see frame_end(). */
void tell_record(struct keeper *keeper, const struct record *record, struct frame *frame, void *buffer, size_t room);

/* What the jail is told: the end of the next title, or nothing. */
void tell_receipt(const struct record *record, char receipt[RECEIPT_ROOM]);

#endif
