/* The keeper: one handler of its loop at a time, or its death: keeper.c. */

/* With it die its probes, what it had still to tell, and what it had not forked yet. Forked commands go on. */
inline die()
{
	printf("KEEPER KILLED\n");
	do
	:: nempty(orders) -> orders?word, what, tag, inst
	:: empty(orders) -> break
	od;
	for (ALL_PROBES) {
		k_state[p] = ABSENT; k_tag[p] = 0; k_instance[p] = 0; k_armed[p] = NONE; k_entering[p] = NONE;
		k_rearm[p] = false; k_fired[p] = 0;
		owed[p] = 0; /* the window */
		for (ALL_BODIES) {
#ifdef NO_PARENT_DEATH_SIGNAL
			if
			:: body_state[B(p, b)] != READY -> body_state[B(p, b)] = FREE; clear_body(p, b)
			:: else
			fi
#else
			body_state[B(p, b)] = FREE;
			clear_body(p, b)
#endif
		}
	}
	for (ALL_TRIGGERS) {
		if
		:: run_state[t] == QUEUED -> window = window | BIT(t); run_state[t] = OVER; forget_run(t)
		:: run_state[t] == ZOMBIE -> run_state[t] = OVER
		:: run_state[t] >= FORKED && run_state[t] <= EXECUTED -> run_orphan[t] = true
		:: else
		fi
	}
	do
	:: q_length > 0 -> forget_entry(0)
	:: else -> break
	od;
	for (j : 0 .. JAILS - 1) {
		k_gone[j] = 0
	}
	q_told = 0; life = false;
	keeper_lives = false; connected = false; listing = false; list_next = 0
}

inline tell_gone()
{
	for (j : 0 .. JAILS - 1) {
		if
		:: k_gone[j] != 0 -> append(gone, j, 0, k_gone[j], 0); k_gone[j] = 0
		:: else
		fi
	}
}

#define IS_QUEUED(t) (run_state[t] == QUEUED)
#define HAS_ENDED(t) (keeper_lives && run_state[t] == ZOMBIE)
#define TAKES_ROOM(t) (!run_orphan[t] && run_state[t] >= FORKED && run_state[t] <= ZOMBIE -> 1 : 0)
#if TRIGGERS == 1
#define ROOM_TAKEN 0
#elif TRIGGERS == 2
#define ROOM_TAKEN (TAKES_ROOM(0) + TAKES_ROOM(1))
#elif TRIGGERS == 3
#define ROOM_TAKEN (TAKES_ROOM(0) + TAKES_ROOM(1) + TAKES_ROOM(2))
#else
#define ROOM_TAKEN (TAKES_ROOM(0) + TAKES_ROOM(1) + TAKES_ROOM(2) + TAKES_ROOM(3))
#endif
#define MAY_START (keeper_lives && ANY_TRIGGER(IS_QUEUED) && ROOM_TAKEN < BUDGET)
#define IS_FREE(body) (body_state[body] == FREE)
#define HAS_ROOM_FOR(p) ANY_BODY_OF(p, IS_FREE)
#define HAS_ROOM (HAS_ROOM_FOR(0) && HAS_ROOM_FOR(PROBES - 1))
#define NEWS_OF(body) \
	((body_state[body] == READY && k_entering[(body) / BODIES] == (body) % BODIES) || body_state[body] >= DEAD_BY_HUP)

#ifdef EVENTS_BETWEEN_RECORDS
#define EVENTS_MAY_BE_TOLD true
#else
#define EVENTS_MAY_BE_TOLD (list_next == 0)
#endif

/* What a handler has brought about is told at the end of the loop's turn, as far as there is room. */
inline flush()
{
	if
	:: connected && EVENTS_MAY_BE_TOLD -> tell_events()
	:: else
	fi
}

/* What follows for each record that a handler has worked on. */
inline settle_all()
{
	for (nth : 0 .. PROBES - 1) {
		if
		:: (unsettled & BIT(nth)) != 0 -> settle(nth)
		:: else
		fi
	}
	unsettled = 0
}

/* What it may do; it does one of these at a time. */
#define MAY_TAKE_ORDER (keeper_lives && len(orders) > 0 && !listing && HAS_ROOM && len(stream) <= WORDS)
#define MAY_TELL_LIST \
	(keeper_lives && listing && len(stream) < WORDS + PROBES + 2 && (list_next > 0 || q_told == q_length))
#define HAS_GONE(j) (keeper_lives && k_gone[j] != 0)
#define HAS_NEWS_OF(body) (keeper_lives && NEWS_OF(body))
#define MAY_TELL_EVENTS (keeper_lives && connected && q_told < q_length && len(stream) < WORDS && EVENTS_MAY_BE_TOLD)
#define KEEPER_GOES_ON (MAY_TAKE_ORDER || MAY_TELL_LIST || ANY_JAIL(HAS_GONE) || ANY_BODY(HAS_NEWS_OF) || \
	ANY_TRIGGER(HAS_ENDED) || MAY_TELL_EVENTS || MAY_START)

#define TAKES_ORDER 1
#define TELLS_LIST 2
#define HEARS_OF_JAIL 3
#define HEARS_OF_BODY 4
#define HEARS_OF_RUN 5

proctype Keeper()
{
	byte now, it;

end:	do
	:: atomic {
		if
		:: MAY_TAKE_ORDER -> now = TAKES_ORDER
		:: MAY_TELL_LIST -> now = TELLS_LIST
		:: ANY_JAIL(HAS_GONE) -> now = HEARS_OF_JAIL
		:: HAS_NEWS_OF(0) -> now = HEARS_OF_BODY; it = 0
		:: HAS_NEWS_OF(1) -> now = HEARS_OF_BODY; it = 1
		:: HAS_NEWS_OF(2) -> now = HEARS_OF_BODY; it = 2
		:: HAS_NEWS_OF(3) -> now = HEARS_OF_BODY; it = 3
#if PROBES > 1
		:: HAS_NEWS_OF(4) -> now = HEARS_OF_BODY; it = 4
		:: HAS_NEWS_OF(5) -> now = HEARS_OF_BODY; it = 5
		:: HAS_NEWS_OF(6) -> now = HEARS_OF_BODY; it = 6
		:: HAS_NEWS_OF(7) -> now = HEARS_OF_BODY; it = 7
#endif
		:: HAS_ENDED(0) -> now = HEARS_OF_RUN; it = 0
#if TRIGGERS > 1
		:: HAS_ENDED(1) -> now = HEARS_OF_RUN; it = 1
#endif
#if TRIGGERS > 2
		:: HAS_ENDED(2) -> now = HEARS_OF_RUN; it = 2
#endif
#if TRIGGERS > 3
		:: HAS_ENDED(3) -> now = HEARS_OF_RUN; it = 3
#endif
		fi;
		d_step {
			if
			:: now == TAKES_ORDER -> take_order()
			:: now == TELLS_LIST -> tell_list()
			:: now == HEARS_OF_JAIL -> tell_gone()
			:: now == HEARS_OF_BODY -> news_of_body(it / BODIES, it % BODIES)
			:: now == HEARS_OF_RUN -> run_ended(it)
			fi;
			settle_all();
			now = 0; it = 0;
			flush()
		}
	   }
	:: d_step { MAY_TELL_EVENTS -> flush() }
	:: d_step { MAY_START -> start_run() }
#ifndef KEEPER_LIVES
	:: d_step { keeper_lives && faults > 0 -> faults--; die() }
#endif
	od
}
