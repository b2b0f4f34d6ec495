/*
 * Probes, keeper, daemon, and what lies between them: src/keeper/PROTOCOL.md as a model for spin.
 * `npm run model` verifies it; README.md beside it says what is covered and what is left out.
 *
 *   World ── jails, bodies, commands, operators ──┐
 *                                                 ▼
 *   Daemon ══ orders ═══════════════════════► Keeper ── records, bodies, runs, queue
 *     │ ▲ ◄═════════════════ answers, events ═════╝ │
 *     ▼ │                                           ▼
 *    disk: history, state file                     markers
 *
 * One atomic step is what nobody can look into: a handler of the keeper's loop, a piece of the daemon's turn.
 * Daemon and keeper may be killed between any two of them. Time is left out: what waits for a moment may happen
 * at any moment. The assertions stand where something happens; what must hold when nothing can happen any more
 * is in `Rest`.
 */

/* ---- bounds: each may be set from outside */

#ifndef PROBES
#define PROBES 1 /* 1 or 2 */
#endif
#ifndef JAILS
#define JAILS 1 /* 1, or as many as probes */
#endif
#ifndef MODE0
#define MODE0 NEVER
#endif
#ifndef MODE1
#define MODE1 AFTER
#endif
#ifndef HUPS
#define HUPS 2 /* HUPs from inside; each may reach one body of a probe or all of them */
#endif
#ifndef FIRES
#define FIRES 0 /* `fire`, by an operator on the host */
#endif
#ifndef KILLS
#define KILLS 0 /* deaths of bodies by anything but HUP */
#endif
#ifndef STOPS
#define STOPS 0 /* jails stop, and start as a new instance */
#endif
#ifndef RELOADS
#define RELOADS 0 /* the file asks for another definition, for none, or for one again */
#endif
#ifndef FAULTS
#define FAULTS 2 /* times that the daemon or the keeper is killed */
#endif
#ifndef BUDGET
#define BUDGET 2 /* commands at once, over all jails */
#endif
#ifndef CONCURRENCY
#define CONCURRENCY 1 /* of `immediately` */
#endif

#define BODIES 4 /* of one probe, dead ones that are not reaped among them: orders wait until there is room */
#define TRIGGERS (HUPS + FIRES)
#ifndef ORDERS
#define ORDERS (2 * PROBES + 2) /* under way at once: the daemon's next turn waits until there is room */
#endif
#ifndef WORDS
#define WORDS 4 /* likewise, from the keeper; an answer takes the room that events leave it */
#endif
#ifndef QUEUE
#define QUEUE 10 /* events that are not acknowledged; never reached, which is asserted */
#endif

#include "words.pml"

#define NONE 15
#define MODE(p) ((p) == 0 -> MODE0 : MODE1)
#define JAIL(p) (JAILS == 1 -> 0 : (p))
#define B(whose, which) ((whose) * BODIES + (which)) /* a body, in the arrays */
#define LIVES(j, which) (up[j] && instance[j] == (which))
#define ALL_PROBES p : 0 .. PROBES - 1
#define ALL_BODIES b : 0 .. BODIES - 1
#define ALL_TRIGGERS t : 0 .. TRIGGERS - 1

/* Whether one of them is so. */
#if TRIGGERS == 1
#define ANY_TRIGGER(is) is(0)
#elif TRIGGERS == 2
#define ANY_TRIGGER(is) (is(0) || is(1))
#elif TRIGGERS == 3
#define ANY_TRIGGER(is) (is(0) || is(1) || is(2))
#else
#define ANY_TRIGGER(is) (is(0) || is(1) || is(2) || is(3))
#endif
#define ANY_BODY_OF(p, is) (is(B(p, 0)) || is(B(p, 1)) || is(B(p, 2)) || is(B(p, 3)))
#if PROBES == 1
#define ANY_PROBE(is) is(0)
#define ANY_BODY(is) ANY_BODY_OF(0, is)
#else
#define ANY_PROBE(is) (is(0) || is(1))
#define ANY_BODY(is) (ANY_BODY_OF(0, is) || ANY_BODY_OF(1, is))
#endif
#if JAILS == 1
#define ANY_JAIL(is) is(0)
#else
#define ANY_JAIL(is) (is(0) || is(1))
#endif

/* A tag: two bits, that of the body (title, uid, jail) and that of the rest (command, limits). */
#define SAME_BODY(one, other) (((one) >> 1) == ((other) >> 1))

/* ---- the world */

byte faults = FAULTS, hups = HUPS, fires = FIRES, kills = KILLS, stops = STOPS, reloads = RELOADS;

byte instance[JAILS];
bool up[JAILS];

bool file_wants[PROBES];
byte file_tag[PROBES];

byte body_state[PROBES * BODIES], body_instance[PROBES * BODIES], body_tag[PROBES * BODIES];

byte run_state[TRIGGERS], run_probe[TRIGGERS], run_instance[TRIGGERS];
bool run_orphan[TRIGGERS]; /* its keeper is dead */
byte run_epoch[TRIGGERS];

/* ---- the disk */

byte history_fired, history_ended, history_unknown; /* lines, by trigger */
byte history_last[PROBES];                          /* trigger + 1 */
byte disk_spent[PROBES];                            /* state.json: an instance, or 0 */
byte markers;

/* ---- what only the model knows: nobody acts on it */

byte owed[PROBES];       /* HUP-deaths of ready bodies of which nothing has come yet */
byte executed, window;   /* triggers; `window`: the keeper was killed between the death and the marker's command */
byte fired_in[PROBES];   /* the instance of the newest trigger */
byte ran_in[PROBES];     /* the instance in which a command of the probe was last executed */

/* ---- between the two */

chan orders = [ORDERS] of {mtype, byte, byte, byte};        /* order, probe or number, tag, instance */
chan stream = [WORDS + PROBES + 2] of {mtype, byte, byte, byte, byte};  /* word, probe or trigger, tag, instance, runs */
bool keeper_lives;
byte epoch; /* of the keeper that lives, or was the last to live */
bool life; /* of the daemon, so that what was said to another one is not taken for its own */

/* ---- the keeper's memory */

byte k_state[PROBES], k_tag[PROBES], k_instance[PROBES], k_armed[PROBES], k_entering[PROBES];
bool k_rearm[PROBES];
byte k_fired[PROBES]; /* trigger + 1: the newest since it was last armed by order */
bool b_folded[PROBES * BODIES];
byte k_gone[JAILS]; /* the instance whose pidfd says that it has ended */
bool connected, listing;
byte list_next;

/* The queue, and how many of it this daemon has been told. `acknowledge` counts from its beginning. */
byte q_length, q_told;
mtype q_word[QUEUE];
byte q_what[QUEUE], q_tag[QUEUE], q_instance[QUEUE], q_about[QUEUE];

#include "scratch.pml"
#include "keeper/queue.pml"
#include "keeper/record.pml"
#include "keeper/order.pml"
#include "keeper/loop.pml"
#include "keeper/world.pml"
#include "keeper/learn.pml"
#include "keeper/plan.pml"
#include "keeper/daemon.pml"
#include "keeper/rest.pml"

init {
	atomic {
		for (p : 0 .. PROBES - 1) {
			file_wants[p] = true; k_armed[p] = NONE; k_entering[p] = NONE
		}
		for (j : 0 .. JAILS - 1) {
			up[j] = true; instance[j] = 1
		}
		run World();
		run Keeper();
		run Daemon();
#ifndef CYCLES /* who looks for them looks for nothing else */
		run Rest()
#endif
	}
}
