/* A keeper: what it is told, one handler of its loop at a time, and its two ends: order_verbs.c, connection.c, quit.c, keeper.c. */

inline answer(k, the_word, the_what, the_instance, the_runs)
{
	if
	:: connected[k] -> stream[k]!the_word, the_what, the_instance, the_runs
	:: else
	fi
}

inline tell_events(k)
{
	do
	:: connected[k] && q_told[k] < q_length[k] && len(stream[k]) < WORDS ->
		stream[k]!q_word[Q(k, q_told[k])], q_what[Q(k, q_told[k])], q_instance[Q(k, q_told[k])], 0;
		q_told[k]++
	:: else -> break
	od
}

/* Its one record, if it has one, and that this is all. */
inline tell_list(k)
{
	count_runs(k);
	inst = (k_armed[k] != NONE && k_entering[k] == NONE -> body_instance[B(k, k_armed[k])] : k_instance[k]);
	flag = (k_state[k] == RUNNING && MODE == NEVER && !k_rearm[k]);
	answer(k, listed, (flag -> 16 : 0) + k_state[k], inst, runs);
	listing[k] = false
}

inline take_arm(k, the_instance)
{
	must(WITHIN_BOUNDS, !draining[k]); /* it would be refused, and nobody orders it */
	look_for_unknown_trigger(k);
	found = found && k_instance[k] == the_instance;
	if
	:: k_state[k] == ABSENT -> k_state[k] = IDLE
	:: else
	fi;
	if
	:: k_instance[k] != the_instance -> k_fired[k] = 0
	:: else
	fi;
	k_instance[k] = the_instance;
	if
	:: k_state[k] == REMOVING || k_state[k] == REMOVED || k_state[k] == IDLE || k_state[k] == SPENT ->
		k_state[k] = RUNNING; k_rearm[k] = !found
	:: k_state[k] == RUNNING -> k_rearm[k] = k_rearm[k] || !found
	:: k_state[k] == COOLING
	:: k_state[k] == ENTERING || k_state[k] == ARMED ->
		if
		:: k_entering[k] != NONE -> b = k_entering[k]; k_entering[k] = NONE; kill_body(B(k, b))
		:: else
		fi;
		want(k)
	fi;
	settle(k)
}

inline take_disarm(k)
{
	if
	:: k_state[k] == ABSENT -> answer(k, refused, 0, 0, 0)
	:: k_state[k] == REMOVING || k_state[k] == REMOVED
	:: else ->
		k_state[k] = REMOVING; k_rearm[k] = false;
		retire_all(k, false);
#ifdef REMOVED_TOO_EARLY
		tell_state(k, removed, 0, k_instance[k]);
#endif
		settle(k)
	fi
}

inline take_hello(k, whose)
{
	if
	:: open[k] && whose == life[k] ->
		connected[k] = true; listing[k] = false; life[k] = 0;
		n = 0;
		do
		:: n < q_length[k] && q_word[Q(k, n)] == nil -> forget_entry(k, n)
		:: n < q_length[k] && q_word[Q(k, n)] != nil -> n++
		:: n >= q_length[k] -> break
		od;
		q_told[k] = 0;
		answer(k, hello, draining[k], 0, 0)
	:: else
	fi
}

inline take_ack(k, count)
{
	must(WITHIN_BOUNDS, count <= q_told[k]);
	for (n : 1 .. count) {
		if
		:: q_word[Q(k, 0)] == finished -> remove_marker(q_what[Q(k, 0)])
		:: else
		fi;
		forget_entry(k, 0);
		q_told[k]--
	}
	settle(k)
}

inline take_order(k)
{
	orders[k]?word, what;
	printf("keeper %d: takes %e %d\n", k, word, what);
	if
	:: word == hello -> take_hello(k, what)
	:: word == list -> listing[k] = connected[k]
	:: word == arm -> take_arm(k, what)
	:: word == disarm -> take_disarm(k)
	:: word == ack -> take_ack(k, what)
	:: word == drain ->
		draining[k] = true;
		if
		:: k_state[k] == COOLING -> settle(k)
		:: else
		fi
	fi
}

/* ---- its ends */

inline forget_orders(k)
{
	do
	:: nempty(orders[k]) -> orders[k]?word, what
	:: empty(orders[k]) -> break
	od
}

inline close(k)
{
	k_armed[k] = NONE; k_entering[k] = NONE;
	for (ALL_SLOTS) {
		body_state[B(k, b)] = FREE; body_instance[B(k, b)] = 0; b_folded[B(k, b)] = false
	}
	forget_orders(k);
	open[k] = false; connected[k] = false; listing[k] = false; life[k] = 0; k_gone[k] = 0;
	do
	:: q_length[k] > 0 -> forget_entry(k, 0)
	:: else -> break
	od;
	drop(k);
	q_told[k] = 0; draining[k] = false; lives[k] = false
}

/* With it die its probes, what it had still to tell, and what it had not forked yet. Forked commands go on. */
inline die(k)
{
	printf("KEEPER %d KILLED\n", k);
	owed[k] = 0; /* the window */
	for (ALL_TRIGGERS) {
		if
		:: run_in[t] == k && run_state[t] == QUEUED -> window = window | BIT(t); run_state[t] = OVER; run_instance[t] = 0
		:: run_in[t] == k && run_state[t] == ZOMBIE -> run_state[t] = OVER; run_orphan[t] = true
		:: run_in[t] == k && (run_state[t] >= FORKED && run_state[t] <= EXECUTED || (markers & BIT(t)) != 0) -> run_orphan[t] = true
		:: else
		fi
	}
	close(k)
}

#define IS_FREE(body) (body_state[body] == FREE)
#define NEWS_OF(k, s) ((body_state[B(k, s)] == READY && k_entering[k] == s) || body_state[B(k, s)] >= DEAD_BY_HUP)
#define IS_QUEUED(t) (run_state[t] == QUEUED)
#define HAS_ENDED(t) (run_state[t] == ZOMBIE)
#define IS_OPEN(t) (run_state[t] >= QUEUED && run_state[t] <= ZOMBIE && !run_orphan[t])
#define STILL_RUNS(k, t) (IS_OPEN(t) && run_in[t] == (k))

#define MAY_TAKE_ORDER(k) \
	(lives[k] && len(orders[k]) > 0 && !listing[k] && ANY_BODY_OF(k, IS_FREE) && len(stream[k]) < WORDS)
#define MAY_TELL_LIST(k) (lives[k] && listing[k] && len(stream[k]) < WORDS && q_told[k] == q_length[k])
#define MAY_TELL_EVENTS(k) (lives[k] && connected[k] && q_told[k] < q_length[k] && len(stream[k]) < WORDS)
#define HAS_GONE(k) (lives[k] && k_gone[k] != 0)
#define HAS_NEWS(k) (lives[k] && (NEWS_OF(k, 0) || NEWS_OF(k, 1) || NEWS_OF(k, 2)))
#if TRIGGERS == 1
#define HAS_RUNS(k) STILL_RUNS(k, 0)
#elif TRIGGERS == 2
#define HAS_RUNS(k) (STILL_RUNS(k, 0) || STILL_RUNS(k, 1))
#else
#define HAS_RUNS(k) (STILL_RUNS(k, 0) || STILL_RUNS(k, 1) || STILL_RUNS(k, 2))
#endif
#ifdef ENDS_UNTOLD
#define ALL_IS_KNOWN(k) true
#else
#define ALL_IS_KNOWN(k) (q_length[k] == 0)
#endif
/* It has no process of a probe, no command, and no event that is not acknowledged; and it has given its answers. */
#ifdef ENDS_UNREAPED
#define IS_PAST(body) (body_state[body] == FREE || body_state[body] >= DEAD_BY_HUP)
#else
#define IS_PAST(body) IS_FREE(body)
#endif
#define MAY_END(k) \
	(lives[k] && draining[k] && IS_PAST(B(k, 0)) && IS_PAST(B(k, 1)) && IS_PAST(B(k, 2)) && !HAS_RUNS(k) && ALL_IS_KNOWN(k) && \
	!listing[k])
#define KEEPER_GOES_ON(k) \
	(MAY_TAKE_ORDER(k) || MAY_TELL_LIST(k) || MAY_TELL_EVENTS(k) || HAS_GONE(k) || HAS_NEWS(k) || HAS_RUNS(k) || MAY_END(k))

proctype Keeper(byte me)
{
	byte it;

end:	do
	:: d_step { MAY_TAKE_ORDER(me) -> k = me; take_order(k); tell_events(k); n = 0; k = 0 }
	:: d_step { MAY_TELL_LIST(me) -> k = me; tell_list(k); n = 0 }
	:: d_step { HAS_GONE(me) -> k = me; append(k, gone, 0, k_gone[k]); k_gone[k] = 0; tell_events(k); n = 0 }
	:: atomic {
		if
		:: lives[me] && NEWS_OF(me, 0) -> it = 0
		:: lives[me] && NEWS_OF(me, 1) -> it = 1
		:: lives[me] && NEWS_OF(me, 2) -> it = 2
		fi;
		d_step { k = me; news_of_body(k, it); tell_events(k); it = 0 }
	   }
	:: atomic {
		if
		:: HAS_ENDED(0) && run_in[0] == me -> it = 0
#if TRIGGERS > 1
		:: HAS_ENDED(1) && run_in[1] == me -> it = 1
#endif
#if TRIGGERS > 2
		:: HAS_ENDED(2) && run_in[2] == me -> it = 2
#endif
		fi;
		d_step { run_ended(it); k = me; tell_events(k); it = 0 }
	   }
	:: d_step { MAY_TELL_EVENTS(me) -> k = me; tell_events(k); n = 0 }
	:: d_step { IS_QUEUED(0) && run_in[0] == me -> run_state[0] = FORKED }
#if TRIGGERS > 1
	:: d_step { IS_QUEUED(1) && run_in[1] == me -> run_state[1] = FORKED }
#endif
#if TRIGGERS > 2
	:: d_step { IS_QUEUED(2) && run_in[2] == me -> run_state[2] = FORKED }
#endif
	:: d_step { MAY_END(me) -> printf("keeper %d ends\n", me); close(me) }
#ifndef KEEPERS_LIVE
	:: d_step { lives[me] && faults > 0 -> faults--; k = me; die(k) }
#endif
	od
}
