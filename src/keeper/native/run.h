#ifndef RUN_H
#define RUN_H

#include "child.h"
#include "definition.h"
#include "frame.h"
#include "list.h"
#include "stage.h"
#include "timer.h"

enum { ID_ROOM = 40 };

/*
 * One trigger and its command.
 *
 *   queued ──the budget allows──► starting ──exec──► running ──► reaped, told, forgotten
 *      └──────cancelled──────────────┴──────never ran─────────────────┘
 */
struct run {
	struct child child; /* pid 0: queued */
	struct list of_record;
	struct list of_keeper; /* among those that wait, or those that run */
	struct record *record;
	struct definition *definition; /* as it was when the trigger came */
	uint64_t seq;
	int64_t fired_at, started_at; /* for people */
	int64_t began;                /* CLOCK_MONOTONIC */
	int outcome;                  /* pipe: what became of exec */
	int output;                   /* pipe: until a scribe has it */
	struct timer timer;           /* TERM, then KILL */
	enum stage stage;             /* where it failed before exec; STAGE_none: it did not */
	int error;
	int marker;      /* errno, if the marker could not be made */
	bool told;       /* `started` */
	bool by_host;    /* asked for by order, and not by the death of a probe */
	bool terminated; /* by the time limit or by quit: its group goes with it */
	bool timed_out;
	uint32_t folded;
};

struct run *run_make(struct keeper *keeper, struct record *record, bool by_host);
void run_count_folded(struct record *record, uint64_t seq);

/* Starts what waits, oldest first, as far as the budget allows. */
void runs_start(struct keeper *keeper);

void runs_terminate(struct keeper *keeper); /* all, and those that wait never start */

/* The three events of a trigger, for which the queue has promised room. */
void run_tell_fired(struct keeper *keeper, struct run *run); /* makes its number */
void run_tell_started(struct keeper *keeper, struct run *run);               /* once */
void run_tell_finished(struct keeper *keeper, struct run *run, struct ending ending);
void run_tell(struct keeper *keeper, const struct run *run, struct frame *frame); /* for `list` */

/* Its end is on the daemon's disk: no keeper after this one has to look for it. */
void run_remove_marker(struct keeper *keeper, uint64_t seq);

void run_id(const struct keeper *keeper, uint64_t seq, char id[ID_ROOM]);

#endif
