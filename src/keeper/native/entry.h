#ifndef ENTRY_H
#define ENTRY_H

#include "body.h"
#include "stage.h"
#include "timer.h"

/* An arming under way: the process that enters, and pipe R. It lives until that process is reaped. */
struct entry {
	struct child child; /* the entering process, on the host's side; pid 0: it is reaped, or is the body itself */
	struct body *body;  /* what it is to become */
	struct instance *instance;
	int report; /* our end of pipe R */
	uint64_t nonce;
	struct timer timer;
	int64_t deadline;
	bool unnamed;  /* there may be a clone of which the pid has not been read */
	bool no_clone; /* it failed before it made one */
	bool over;     /* ready, failed or given up */
};

/* Starts what may enter now, a few at a time. -1, or in how many ms there is more to start. */
int entries_start(struct keeper *keeper);

/* The arming of this body ends here, whether it waits or is under way. Tells the record. */
void entry_fail(struct keeper *keeper, struct body *body, enum stage stage, int error);

/* As it, but nobody is told: the record has no use for it any more. */
void entry_give_up(struct keeper *keeper, struct entry *entry);

/* Its clone has been reaped: by a HUP that came while it was only just ready, or by whatever else. */
void entry_body_died(struct keeper *keeper, struct entry *entry);

/* Reads what has been reported so far. */
void entry_read(struct keeper *keeper, struct entry *entry);

#endif
