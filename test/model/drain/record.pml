/* A keeper: its queue, bodies, record: queue.c, body.c, record*.c. All of one `k`: OLD or NEW. */

#define IS_HIS_RUN(k, which) \
	(run_state[which] >= QUEUED && run_state[which] <= ZOMBIE && !run_orphan[which] && run_in[which] == (k))

inline count_runs(k)
{
	runs = 0; n = 0;
	for (ALL_TRIGGERS) {
		if
		:: IS_HIS_RUN(k, t) -> runs = runs | BIT(t); n++
		:: else
		fi
	}
}

/* ---- the queue */

inline forget_entry(k, at)
{
	for (i : at + 1 .. q_length[k] - 1) {
		q_word[Q(k, i - 1)] = q_word[Q(k, i)]; q_what[Q(k, i - 1)] = q_what[Q(k, i)];
		q_instance[Q(k, i - 1)] = q_instance[Q(k, i)]
	}
	q_length[k]--;
	q_word[Q(k, q_length[k])] = 0; q_what[Q(k, q_length[k])] = 0; q_instance[Q(k, q_length[k])] = 0
}

inline append(k, the_word, the_what, the_instance)
{
	must(WITHIN_BOUNDS, q_length[k] < QUEUE);
	printf("keeper %d: event %e %d instance %d\n", k, the_word, the_what, the_instance);
	q_word[Q(k, q_length[k])] = the_word; q_what[Q(k, q_length[k])] = the_what; q_instance[Q(k, q_length[k])] = the_instance;
	q_length[k]++
}

#define IS_STATE(word) \
	((word) == armed || (word) == held || (word) == died || (word) == failed || (word) == spent || (word) == removed)

/* A state event takes the place of the older one. */
inline tell_state(k, the_word, the_what, the_instance)
{
	nth = 0;
	do
	:: nth < q_length[k] && IS_STATE(q_word[Q(k, nth)]) ->
		if
		:: nth < q_told[k] -> q_word[Q(k, nth)] = nil; q_what[Q(k, nth)] = 0; q_instance[Q(k, nth)] = 0
		:: else -> forget_entry(k, nth)
		fi;
		break
	:: nth < q_length[k] && !IS_STATE(q_word[Q(k, nth)]) -> nth++
	:: nth >= q_length[k] -> break
	od;
	append(k, the_word, the_what, the_instance)
}

/* ---- bodies and records */

inline kill_body(which)
{
	if
	:: body_state[which] == READY -> body_state[which] = DEAD
	:: body_state[which] == ENTERS -> body_state[which] = DEAD_ENTERING
	:: else
	fi
}

inline retire_all(k, folded)
{
	k_armed[k] = NONE; k_entering[k] = NONE;
	for (ALL_SLOTS) {
		if
		:: body_state[B(k, b)] != FREE -> b_folded[B(k, b)] = b_folded[B(k, b)] || folded; kill_body(B(k, b))
		:: else
		fi
	}
}

/* Sets `found`: it is spent, and the daemon may not know that yet. */
inline look_for_unknown_trigger(k)
{
	found = false;
	for (i : 0 .. q_length[k] - 1) {
		found = found || (MODE == NEVER && q_word[Q(k, i)] == fired && q_what[Q(k, i)] + 1 == k_fired[k])
	}
}

inline want(k)
{
	count_runs(k);
	if
	:: draining[k] -> k_state[k] = IDLE
	:: !draining[k] && k_armed[k] == NONE && MODE == IMMEDIATELY && n >= 1 ->
		if
		:: k_state[k] != COOLING -> k_state[k] = COOLING; tell_state(k, held, 0, k_instance[k])
		:: else
		fi
	:: else ->
		b = 0;
		do
		:: b < SLOTS && body_state[B(k, b)] != FREE -> b++
		:: b < SLOTS && body_state[B(k, b)] == FREE -> break
		:: b >= SLOTS -> must(WITHIN_BOUNDS, false); break
		od;
		body_state[B(k, b)] = ENTERS; body_instance[B(k, b)] = k_instance[k]; b_folded[B(k, b)] = false;
		k_entering[k] = b;
		if
		:: k_armed[k] == NONE -> k_state[k] = ENTERING
		:: else
		fi
	fi
}

inline drop(k)
{
	k_state[k] = ABSENT; k_instance[k] = 0; k_fired[k] = 0; k_rearm[k] = false
}

inline settle(k)
{
	count_runs(k);
	if
	:: k_state[k] == REMOVING || k_state[k] == REMOVED ->
		flag = false;
		for (ALL_SLOTS) {
			flag = flag || body_state[B(k, b)] != FREE
		}
		if
		:: !flag && k_state[k] == REMOVING ->
			k_state[k] = REMOVED;
#ifndef REMOVED_TOO_EARLY
			tell_state(k, removed, 0, k_instance[k])
#endif
		:: else
		fi;
		look_for_unknown_trigger(k);
		if
		:: k_state[k] == REMOVED && n == 0 && !found -> drop(k)
		:: else
		fi
	:: k_state[k] == RUNNING && MODE != IMMEDIATELY && n > 0
	:: k_state[k] == RUNNING && MODE == NEVER && n == 0 && !k_rearm[k] ->
		k_state[k] = SPENT;
		tell_state(k, spent, 0, k_instance[k])
	:: (k_state[k] == RUNNING && (MODE == IMMEDIATELY || n == 0) && (MODE != NEVER || k_rearm[k])) || k_state[k] == COOLING ->
		if
		:: k_rearm[k] -> k_fired[k] = 0
		:: else
		fi;
		k_rearm[k] = false;
		want(k)
	:: else
	fi
}

inline trigger(k)
{
	t = 0;
	do
	:: t < TRIGGERS && run_state[t] != NOT_YET -> t++
	:: t < TRIGGERS && run_state[t] == NOT_YET -> break
	:: t >= TRIGGERS -> must(ONE_COMMAND, false); break
	od;
	printf("keeper %d: trigger %d\n", k, t);
	k_fired[k] = t + 1;
	run_state[t] = QUEUED; run_in[t] = k; run_instance[t] = k_instance[k];
	if
	:: MODE == NEVER -> fired_in = k_instance[k]
	:: else
	fi;
	append(k, fired, t, k_instance[k]);
	if
	:: k_state[k] != REMOVING -> k_state[k] = RUNNING; k_rearm[k] = false
	:: else
	fi;
	retire_all(k, true)
}

#define IS_READY(body) (body_state[body] == READY)

inline body_is_ready(k, which)
{
	k_entering[k] = NONE;
	if
	:: k_armed[k] != NONE -> kill_body(B(k, k_armed[k]))
	:: else
	fi;
	k_armed[k] = which;
	k_state[k] = ARMED;
	must(SPENT_IS_SPENT, MODE != NEVER || ran_in != body_instance[B(k, which)]);
	tell_state(k, armed, 0, body_instance[B(k, which)])
}

inline body_died(k, which)
{
	state = body_state[B(k, which)]; inst = body_instance[B(k, which)];
	found = (k_armed[k] == which); flag = (k_entering[k] == which);
	if
	:: found -> k_armed[k] = NONE
	:: else
	fi;
	if
	:: flag -> k_entering[k] = NONE
	:: else
	fi;
	body_state[B(k, which)] = FREE;
	if
	:: state == DEAD_BY_HUP ->
		owed[k]--;
		if
		:: b_folded[B(k, which)]
		:: else -> trigger(k)
		fi
	:: state == DEAD_ENTERING && flag ->
		if
		:: k_armed[k] == NONE -> k_state[k] = IDLE
		:: else
		fi;
		/* 1: an older one still serves; 2: the stage is `gone` */
		tell_state(k, failed, (k_armed[k] == NONE -> 0 : 1) + (LIVES(inst) -> 0 : 2), inst)
	:: state == DEAD && found && k_entering[k] != NONE -> k_state[k] = ENTERING
	:: state == DEAD && ((found && k_entering[k] == NONE) || (flag && k_armed[k] == NONE)) ->
		k_state[k] = IDLE;
		tell_state(k, died, 0, k_instance[k])
	:: state == DEAD && flag && k_armed[k] != NONE -> tell_state(k, died, 0, k_instance[k])
	:: else
	fi;
	body_instance[B(k, which)] = 0; b_folded[B(k, which)] = false
}

inline news_of_body(k, which)
{
	if
	:: body_state[B(k, which)] == READY -> body_is_ready(k, which)
	:: else -> body_died(k, which)
	fi;
	settle(k)
}

inline run_ended(which)
{
	k = run_in[which];
	run_state[which] = OVER;
	append(k, finished, which, 0);
	settle(k)
}
