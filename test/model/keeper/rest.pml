/* When nothing can happen any more: what the world must have come to. */

#define FIRED(t) (run_state[t] != NOT_YET)
#define IN(set, t) (((set) & BIT(t)) != 0)

inline rest_of_probe(whose)
{
	n = 0; found = false;
	for (ALL_BODIES) {
		if
		:: body_state[B(whose, b)] != FREE -> n++; found = (body_state[B(whose, b)] == READY &&
			body_instance[B(whose, b)] == instance[JAIL(whose)] && body_tag[B(whose, b)] == file_tag[whose])
		:: else
		fi
	}
	if
	:: !file_wants[whose] || !up[JAIL(whose)] -> must(AS_THE_FILE_ASKS, n == 0)
	:: else ->
		if
		:: n == 0 ->
			/* Spent, and rightly. */
			must(AS_THE_FILE_ASKS, MODE(whose) == NEVER && d_spent[whose] == instance[JAIL(whose)]);
			must(AS_THE_FILE_ASKS, fired_in[whose] == instance[JAIL(whose)])
		:: else -> must(AS_THE_FILE_ASKS, n == 1 && found && k_state[whose] == ARMED)
		fi
	fi;
	must(ONE_COMMAND, owed[whose] == 0);
	must(AS_THE_FILE_ASKS, (d_held[whose] == ARMED) == (k_state[whose] == ARMED)); /* what the daemon says is so */
	must(ALL_ACKNOWLEDGED, disk_spent[whose] == d_spent[whose])
}

inline rest_of_trigger(which)
{
	must(WITHIN_BOUNDS, run_state[which] == OVER || run_state[which] == NOT_YET);
	/* Exactly one command for each; the one window is counted apart. */
	must(ONE_COMMAND, !FIRED(which) || (IN(executed, which) != IN(window, which)));
#ifdef KEEPER_LIVES
	must(ONE_COMMAND, window == 0);
#endif
	/* What has run is in the history, and so is its end, if only as unknown. */
	must(ALL_IN_HISTORY, !IN(executed, which) || IN(history_fired, which));
	must(ALL_IN_HISTORY, !IN(executed, which) || IN(history_ended | history_unknown, which));
}

/* Nobody has anything to do, and no fault, no HUP and no edit may ever come. */
#define IS_AT_REST (!WORLD_GOES_ON && !KEEPER_GOES_ON && !DAEMON_GOES_ON)

proctype Rest()
{
end:	do
	:: d_step { IS_AT_REST ->
		for (ALL_PROBES) {
			rest_of_probe(p)
		}
		for (nth : 0 .. TRIGGERS - 1) {
			rest_of_trigger(nth)
		}
		must(ALL_ACKNOWLEDGED, q_length == 0 && empty(orders) && empty(stream));
		must(ALL_ACKNOWLEDGED, markers == 0 && d_commands == 0 && d_orphans == 0)
	   }
	:: timeout -> must(WITHIN_BOUNDS, false) /* somebody has something to do, and cannot */
	od
}
