/* Bodies, runs and records: body.c, run.c, record*.c. */

#ifdef REARM_BEFORE_EXIT
#define WAITS_FOR_EXIT false
#else
#define WAITS_FOR_EXIT true
#endif

#define IS_HIS_RUN(whose, which) \
	(run_state[which] != NOT_YET && run_state[which] != OVER && !run_orphan[which] && run_probe[which] == (whose))

inline count_runs(whose)
{
	runs = 0; n = 0;
	for (ALL_TRIGGERS) {
		if
		:: IS_HIS_RUN(whose, t) -> runs = runs | BIT(t); n++
		:: else
		fi
	}
}

inline remove_marker(which)
{
	markers = markers & ~BIT(which)
}

/* Nobody asks any more for what is known of one that is over. */
inline forget_run(which)
{
	run_instance[which] = 0; run_epoch[which] = 0
}

inline clear_body(whose, which)
{
	body_instance[B(whose, which)] = 0; body_tag[B(whose, which)] = 0; b_folded[B(whose, which)] = false
}

inline kill_body(which)
{
	if
	:: body_state[which] == READY -> body_state[which] = DEAD
	:: body_state[which] == ENTERS -> body_state[which] = DEAD_ENTERING
	:: else
	fi
}

inline retire_all(whose, folded)
{
	k_armed[whose] = NONE; k_entering[whose] = NONE;
	for (ALL_BODIES) {
		if
		:: body_state[B(whose, b)] != FREE ->
			b_folded[B(whose, b)] = b_folded[B(whose, b)] || folded;
			kill_body(B(whose, b))
		:: else
		fi
	}
}

/* Sets `found`: it is spent, and the daemon may not know that yet. */
inline look_for_unknown_trigger(whose)
{
	found = false;
	for (i : 0 .. q_length - 1) {
		found = found || (MODE(whose) == NEVER && q_word[i] == fired && q_what[i] + 1 == k_fired[whose])
	}
}

/* Its newest event stays to be told, and is not replaced any more. */
inline drop(whose)
{
	k_state[whose] = ABSENT; k_tag[whose] = 0; k_instance[whose] = 0; k_fired[whose] = 0;
	for (i : 0 .. QUEUE - 1) {
		if
		:: q_about[i] == whose + 1 -> q_about[i] = 0
		:: else
		fi
	}
}

/* A process for the definition in force; also beside one that is armed, which it will replace. */
inline want(whose)
{
	count_runs(whose);
	if
	:: k_armed[whose] == NONE && MODE(whose) == IMMEDIATELY && n >= CONCURRENCY ->
		if
		:: k_state[whose] != COOLING -> k_state[whose] = COOLING; tell_state(held, whose, 0, k_instance[whose])
		:: else
		fi
	:: else ->
		b = 0;
		do
		:: b < BODIES && body_state[B(whose, b)] != FREE -> b++
		:: b < BODIES && body_state[B(whose, b)] == FREE -> break
		:: b >= BODIES -> must(WITHIN_BOUNDS, false); break
		od;
		body_state[B(whose, b)] = ENTERS;
		body_instance[B(whose, b)] = k_instance[whose];
		body_tag[B(whose, b)] = k_tag[whose];
		b_folded[B(whose, b)] = false;
		k_entering[whose] = b;
		if
		:: k_armed[whose] == NONE -> k_state[whose] = ENTERING
		:: else
		fi
	fi
}

/* It is settled when the handler is through. */
inline work_on(whose)
{
	unsettled = unsettled | BIT(whose)
}

/* Looks at the record, and does what follows. */
inline settle(whose)
{
	count_runs(whose);
	if
	:: k_state[whose] == REMOVING || k_state[whose] == REMOVED ->
		found = false;
		for (ALL_BODIES) {
			found = found || body_state[B(whose, b)] != FREE
		}
		if
		:: !found && k_state[whose] == REMOVING -> k_state[whose] = REMOVED; tell_state(removed, whose, 0, k_instance[whose])
		:: else
		fi;
		count_runs(whose);
		flag = (k_state[whose] == REMOVED && n == 0);
		look_for_unknown_trigger(whose);
#ifdef DROPPED_EARLY
		found = false;
#endif
		if
		:: flag && !found -> drop(whose)
		:: else
		fi;
		flag = 0
	:: k_state[whose] == RUNNING && MODE(whose) != IMMEDIATELY && n > 0 && WAITS_FOR_EXIT
	:: k_state[whose] == RUNNING && MODE(whose) == NEVER && n == 0 && !k_rearm[whose] ->
		k_state[whose] = SPENT;
		tell_state(spent, whose, 0, k_instance[whose])
	:: (k_state[whose] == RUNNING && (MODE(whose) == IMMEDIATELY || n == 0 || !WAITS_FOR_EXIT) &&
		(MODE(whose) != NEVER || k_rearm[whose])) || k_state[whose] == COOLING ->
		if
		:: k_rearm[whose] -> k_fired[whose] = 0
		:: else
		fi;
		k_rearm[whose] = false;
		want(whose)
	:: else
	fi
}

inline trigger(whose)
{
	t = 0;
	do
	:: t < TRIGGERS && run_state[t] != NOT_YET -> t++
	:: t < TRIGGERS && run_state[t] == NOT_YET -> break
	:: t >= TRIGGERS -> must(ONE_COMMAND, false); break /* more triggers than there were HUPs and orders */
	od;
	printf("keeper: trigger %d of probe %d\n", t, whose);
	k_fired[whose] = t + 1;
	run_state[t] = QUEUED; run_probe[t] = whose; run_epoch[t] = epoch; run_instance[t] = k_instance[whose];
	if
	:: MODE(whose) == NEVER -> fired_in[whose] = k_instance[whose]
	:: else
	fi;
	append(fired, t, 0, k_instance[whose], 0);
	if
	:: k_state[whose] != REMOVING -> k_state[whose] = RUNNING; k_rearm[whose] = false
	:: else
	fi;
#ifdef NO_FOLD
	retire_all(whose, false)
#else
	retire_all(whose, true)
#endif
}

inline body_is_ready(whose, which)
{
	k_entering[whose] = NONE;
	if
	:: k_armed[whose] != NONE -> kill_body(B(whose, k_armed[whose]))
	:: else
	fi;
	k_armed[whose] = which;
	k_state[whose] = ARMED;
	/* What is spent is not armed again in its instance. */
	must(SPENT_IS_SPENT, MODE(whose) != NEVER || ran_in[whose] != body_instance[B(whose, which)]);
	tell_state(armed, whose, body_tag[B(whose, which)], body_instance[B(whose, which)])
}

/* The judge of a death. */
inline body_died(whose, which)
{
	state = body_state[B(whose, which)];
	found = (k_armed[whose] == which); flag = (k_entering[whose] == which);
	tag = body_tag[B(whose, which)]; inst = body_instance[B(whose, which)];
	if
	:: found -> k_armed[whose] = NONE
	:: else
	fi;
	if
	:: flag -> k_entering[whose] = NONE
	:: else
	fi;
	if
#ifdef RUN_ON_ANY_DEATH
	:: (state == DEAD_BY_HUP || (state == DEAD && found)) ->
#else
	:: state == DEAD_BY_HUP ->
#endif
		must(ONE_COMMAND, owed[whose] > 0); /* or a command would run for no HUP */
		owed[whose]--;
		if
		:: b_folded[B(whose, which)] -> body_state[B(whose, which)] = FREE
		:: else -> body_state[B(whose, which)] = FREE; trigger(whose)
		fi
	:: else ->
		body_state[B(whose, which)] = FREE;
		if
		:: state == DEAD_ENTERING && flag ->
			if
			:: k_armed[whose] == NONE -> k_state[whose] = IDLE
			:: else
			fi;
			/* 1: an older one still serves; 2: the stage is `gone` */
			tell_state(failed, whose, (k_armed[whose] == NONE -> 0 : 1) + (LIVES(JAIL(whose), inst) -> 0 : 2), inst)
		:: state == DEAD && found && k_entering[whose] != NONE -> k_state[whose] = ENTERING
		:: state == DEAD && ((found && k_entering[whose] == NONE) || (flag && k_armed[whose] == NONE)) ->
			k_state[whose] = IDLE;
			tell_state(died, whose, 0, k_instance[whose])
		:: state == DEAD && flag && k_armed[whose] != NONE -> tell_state(died, whose, 0, k_instance[whose])
		:: else
		fi
	fi;
	clear_body(whose, which);
	work_on(whose)
}

inline news_of_body(whose, which)
{
	if
	:: body_state[B(whose, which)] == READY -> body_is_ready(whose, which); work_on(whose)
	:: else -> body_died(whose, which)
	fi
}

inline start_run()
{
	nth = 0;
	do
	:: run_state[nth] == QUEUED -> break /* the oldest */
	:: else -> nth++
	od;
	run_state[nth] = FORKED;
	printf("keeper: forks %d\n", nth)
}

inline run_ended(which)
{
	printf("keeper: command %d has ended\n", which);
	run_state[which] = OVER;
#ifdef MARKER_GOES_WITH_RUN
	remove_marker(which);
#endif
	append(finished, which, 0, 0, 0);
	work_on(run_probe[which])
}
