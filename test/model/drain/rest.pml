/* When nobody has anything to do any more: what the world must have come to. */

#define FIRED(t) (run_state[t] != NOT_YET)
#define IN(set, t) (((set) & BIT(t)) != 0)
#define IS_AT_REST (!WORLD_GOES_ON && !KEEPER_GOES_ON(OLD) && !KEEPER_GOES_ON(NEW) && !DAEMON_GOES_ON)

inline rest_of_probe()
{
	n = 0; found = false;
	for (b : 0 .. 2 * SLOTS - 1) {
		if
		:: body_state[b] != FREE -> n++; found = body_state[b] == READY && body_instance[b] == instance && b / SLOTS == d_current
		:: else
		fi
	}
	if
	:: !file_wants || !up -> must(AS_THE_FILE_ASKS, n == 0)
	:: file_wants && up && n == 0 -> must(AS_THE_FILE_ASKS, MODE == NEVER && d_spent == instance && fired_in == instance)
	:: else -> must(AS_THE_FILE_ASKS, n == 1 && found)
	fi;
	must(AS_THE_FILE_ASKS, d_current != NONE && (d_held == ARMED) == (k_state[d_current] == ARMED));
	must(ONE_COMMAND, owed[OLD] == 0 && owed[NEW] == 0);
	must(ALL_ACKNOWLEDGED, disk_spent == d_spent)
}

inline rest_of_trigger(which)
{
	must(ONE_COMMAND, !FIRED(which) || (IN(executed, which) != IN(window, which)));
	must(ALL_IN_HISTORY, !IN(executed, which) || IN(history_fired, which));
	must(ALL_IN_HISTORY, !IN(executed, which) || IN(history_ended | history_unknown, which));
#ifdef KEEPERS_LIVE
	must(ONE_COMMAND, window == 0);
	must(ALL_IN_HISTORY, history_unknown == 0)
#endif
}

proctype Rest()
{
end:	do
	:: d_step { IS_AT_REST ->
		rest_of_probe();
		for (nth : 0 .. TRIGGERS - 1) {
			rest_of_trigger(nth)
		}
		/* What was told to leave has come to nothing, and gone. */
		must(OLDER_ENDS, !draining[OLD] && (!lives[OLD] || d_current == OLD) && d_left == 0 && !d_leaving);
		must(ALL_ACKNOWLEDGED, q_length[OLD] == 0 && q_length[NEW] == 0);
		must(ALL_ACKNOWLEDGED, markers == 0 && d_commands == 0 && d_orphans == 0)
	   }
	:: timeout -> must(WITHIN_BOUNDS, false) /* somebody has something to do, and cannot */
	od
}
