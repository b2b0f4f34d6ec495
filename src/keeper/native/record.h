#ifndef RECORD_H
#define RECORD_H

#include "body.h"
#include "frame.h"
#include "list.h"
#include "queue.h"
#include "run.h"
#include "stage.h"
#include "timer.h"

/*
 * A probe's states.
 *
 *            arm                ready                 HUP (or fire)
 *   IDLE ──────────► ENTERING ─────────► ARMED ───────────────────────► RUNNING
 *    ▲  ▲               │ failed          │ died, by anything else        │
 *    │  └───────────────┘                 │                               ├─ never: ──────────► SPENT
 *    └────────────────────────────────────┘                               ├─ after: when the command has ended
 *                                                                         └─ immediately: at once
 *                 ENTERING ◄──── COOLING (cooldown, concurrency, budget, …) ◄────────┘
 *
 * The record's state decides, not the process: while a probe is replaced it is ARMED and has two of them, and
 * the first death by HUP is the trigger for both. disarm makes it REMOVING from anywhere, until no process is left;
 * then it is REMOVED, until no run is left either. A keeper that drains makes nothing ENTERING any more.
 */
enum state { IDLE, ENTERING, ARMED, RUNNING, COOLING, SPENT, REMOVING, REMOVED };
enum reason { NOT_HELD, HELD_COOLDOWN, HELD_CONCURRENCY, HELD_BRAKE, HELD_QUEUE, HELD_BUDGET };

/* How the newest run ended, for the receipt. */
struct outcome {
	enum { NO_OUTCOME, OUTCOME_EXIT, OUTCOME_SIGNAL, OUTCOME_NEVER_RAN } kind;
	int value;
	int64_t at;
};

/* A probe: its identity, its definition and state, its processes and its runs. */
struct record {
	struct node node; /* by key */
	struct list link; /* in the order of their making */
	struct list bodies, runs;
	struct list no_room; /* among those that wait for room in the queue, or to be forgotten */
	struct definition *definition;
	struct instance *instance; /* of the definition; NULL: not looked for yet */
	struct body *armed, *entering;
	struct event *state_event; /* the newest, if it is not acknowledged */
	struct timer cooling;
	enum state state;
	enum reason reason; /* of COOLING */
	int64_t since, until;
	uint64_t fired;    /* the newest trigger in its instance, until it comes back: what it may be spent by */
	int64_t triggered; /* CLOCK_MONOTONIC; -1: never */
	int64_t window;    /* of the brake: its beginning */
	uint32_t window_triggers, run_count;
	struct outcome outcome;
	uint8_t busy;  /* somebody works on it: not to be freed under his hands */
	bool rearm;    /* ordered while a command runs: arm it when that has ended, whatever `respawn` says */
	bool promised; /* the queue keeps room for its next trigger */
};

struct record *record_find(const struct keeper *keeper, const char *key);

/* Orders. They take the definition over; NULL, or why not. */
const char *record_arm(struct keeper *keeper, struct definition *definition);
const char *record_update(struct keeper *keeper, struct definition *definition);
void record_disarm(struct keeper *keeper, struct record *record);
const char *record_fire(struct keeper *keeper, struct record *record, char id[ID_ROOM]);

/* News of a body. */
void record_body_ready(struct keeper *keeper, struct body *body);
void record_body_failed(struct keeper *keeper, struct body *body, enum stage stage, int error);
void record_body_died(struct keeper *keeper, struct body *body, pid_t pid, struct ending ending);

/* News of a run: it has ended and is no longer in the list. */
void record_run_started(struct keeper *keeper, struct record *record);
void record_run_ended(struct keeper *keeper, struct record *record, struct outcome outcome);

/* Looks at the record, and does what follows. Harmless at any time; it may free the record. */
void record_settle(struct keeper *keeper, struct record *record);
void records_settle_queued(struct keeper *keeper); /* there is room in the queue again */
void records_settle_removed(struct keeper *keeper); /* the daemon has acknowledged something */
void records_settle_braked(struct keeper *keeper); /* the brake is another */

#endif
