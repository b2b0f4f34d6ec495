/*
 * From one keeper to the next: what PROTOCOL.md says under that title, of one probe.
 * Words and promises are those of keeper.pml; README.md says what is covered.
 *
 *                 drain, list, disarm                    arm
 *   Keeper OLD ◄══════════════════════ Daemon ════════════════════════► Keeper NEW
 *       │       ═════════════════════►   │ ▲    ◄══════════════════════     │
 *       ▼         records, removed       ▼ │                                ▼
 *     bodies                     history, state file, markers             bodies
 *
 * OLD holds the probe when the model begins. Either keeper may be killed, the daemon within a turn too, and a
 * connection may be cut; a NEW that was killed has a successor. What one keeper does by itself is keeper.pml's to show,
 * and so it is short here.
 */

#ifndef MODE
#define MODE AFTER
#endif
#ifndef HUPS
#define HUPS 2
#endif
#ifndef FAULTS
#define FAULTS 1 /* times that the daemon or a keeper is killed */
#endif
#ifndef CUTS
#define CUTS 0 /* connections that are lost although both ends live */
#endif
#ifndef STOPS
#define STOPS 0 /* the jail stops, and starts as a new instance */
#endif
#ifndef RELOADS
#define RELOADS 0 /* the probe is taken out of the file, or put back */
#endif
/* OLD is of another version; or, SAME_VERSION, of this one, and an operator asks for another. */

#define TRIGGERS HUPS
#define SLOTS 3  /* for bodies, in each keeper */
#define ORDERS 4 /* under way at once, to each; a turn waits until there is room */
#define WORDS 3  /* likewise, from each */
#define QUEUE 10  /* events that are not acknowledged; never reached, which is asserted */

#include "words.pml"

#define OLD 0
#define NEW 1
#define NONE 15
#define BOTH k : OLD .. NEW
#define LIVES(which) (up && instance == (which))
#define B(k, which) ((k) * SLOTS + (which))
#define Q(k, which) ((k) * QUEUE + (which))
#define ALL_SLOTS b : 0 .. SLOTS - 1
#define ALL_TRIGGERS t : 0 .. TRIGGERS - 1

#if TRIGGERS == 1
#define ANY_TRIGGER(is) is(0)
#elif TRIGGERS == 2
#define ANY_TRIGGER(is) (is(0) || is(1))
#else
#define ANY_TRIGGER(is) (is(0) || is(1) || is(2))
#endif
#define ANY_BODY_OF(k, is) (is(B(k, 0)) || is(B(k, 1)) || is(B(k, 2)))
#define EITHER(is) (is(OLD) || is(NEW))

/* ---- the world */

byte faults = FAULTS, hups = HUPS, cuts = CUTS, stops = STOPS, reloads = RELOADS;
#ifdef SAME_VERSION
byte replaces = 1;
#endif
byte instance = 1;
bool up = true, file_wants = true;

byte body_state[2 * SLOTS], body_instance[2 * SLOTS];
byte run_state[TRIGGERS], run_in[TRIGGERS], run_instance[TRIGGERS]; /* run_in: OLD or NEW */
bool run_orphan[TRIGGERS]; /* its keeper is dead */

/* ---- the disk */

byte history_fired, history_ended, history_unknown; /* lines, by trigger */
byte disk_spent;                                    /* state.json: an instance, or 0 */
byte markers;

/* ---- what only the model knows */

byte owed[2];          /* HUP-deaths of ready bodies of which nothing has come yet */
byte executed, window; /* triggers; `window`: its keeper was killed between the death and the marker's command */
byte ran_in, fired_in; /* of `never`: the instance in which a command was last executed, and of the newest trigger */

/* ---- between them */

chan orders[2] = [ORDERS] of {mtype, byte};           /* order, number or instance */
chan stream[2] = [WORDS] of {mtype, byte, byte, byte}; /* word, trigger or record, instance, runs */
bool open[2]; /* the connection, as long as both ends have it */
byte life[2]; /* of the connection, so that what was said on another one is not taken for this one's */

/* ---- a keeper's memory */

bool lives[2], draining[2], connected[2], listing[2];
byte k_state[2], k_instance[2], k_armed[2], k_entering[2], k_fired[2];
bool k_rearm[2], b_folded[2 * SLOTS];
byte k_gone[2];
byte q_length[2], q_told[2];
mtype q_word[2 * QUEUE];
byte q_what[2 * QUEUE], q_instance[2 * QUEUE];

#include "scratch.pml"
#include "drain/record.pml"
#include "drain/world.pml"
#include "drain/keeper.pml"
#include "drain/learn.pml"
#include "drain/daemon.pml"
#include "drain/rest.pml"

init {
	atomic {
		for (k : OLD .. NEW) {
			k_armed[k] = NONE; k_entering[k] = NONE
		}
		lives[OLD] = true;
		k_state[OLD] = ARMED; k_instance[OLD] = 1; k_armed[OLD] = 0;
		body_state[0] = READY; body_instance[0] = 1;
		run World();
		run Keeper(OLD);
		run Keeper(NEW);
		run Daemon();
#ifndef CYCLES
		run Rest()
#endif
	}
}
