/* What the daemon does about one probe: the rules of src/plan/rules.ts, in their order, and what it knows by having done so. */

#define IS_HELD(whose) (d_held[whose] != ABSENT && d_held[whose] != REMOVING && d_held[whose] != REMOVED)
#define IS_OURS(whose) (d_instance[whose] == d_seen[JAIL(whose)])
#define IS_ALIVE(whose) \
	((d_held[whose] == ARMED || d_held[whose] == ENTERING || d_held[whose] == COOLING) && IS_OURS(whose))
#define IS_ON_ITS_WAY(whose) \
	(d_replaced_by[whose] == d_wanted_tag[whose] + 1 && d_replaced_in[whose] == d_seen[JAIL(whose)])
#define TAG_THERE(whose) (d_replaced_by[whose] != 0 -> d_replaced_by[whose] - 1 : d_tag[whose])

inline order(verb, whose, the_tag, the_instance)
{
	if
	:: keeper_lives ->
		printf("daemon: orders %e %d tag %d instance %d\n", verb, whose, the_tag, the_instance);
		must(WITHIN_BOUNDS, len(orders) < ORDERS); orders!verb, whose, the_tag, the_instance
	:: else
	fi;
	flag = true
}

inline learn_armed_by_order(whose)
{
	d_updated[whose] = false;
	if
	:: d_held[whose] == ARMED ->
		d_replaced_by[whose] = d_wanted_tag[whose] + 1;
		d_replaced_in[whose] = d_seen[JAIL(whose)]
	:: d_held[whose] == RUNNING || d_held[whose] == COOLING ->
		d_tag[whose] = d_wanted_tag[whose];
		d_instance[whose] = d_seen[JAIL(whose)]
	:: else ->
		hold(whose, ENTERING, d_seen[JAIL(whose)]);
		d_tag[whose] = d_wanted_tag[whose];
		d_spent[whose] = 0
	fi
}

/* Sets `flag` if there was anything to do. */
inline plan(whose)
{
	flag = false;
	commands_of(whose);
	if
	:: !d_wants[whose] ->
		if
		:: IS_HELD(whose) -> order(disarm, whose, 0, 0); forget_held(whose)
		:: else
		fi
	:: d_wants[whose] && d_seen[JAIL(whose)] == 0 ->
		if
		:: IS_HELD(whose) && runs == 0 -> order(disarm, whose, 0, 0); forget_held(whose)
		:: else
		fi
	:: else ->
		if
		:: runs != 0 && MODE(whose) != IMMEDIATELY && (!IS_HELD(whose) || !IS_OURS(whose)) /* wait */
		:: runs != 0 && MODE(whose) != IMMEDIATELY && IS_ALIVE(whose) ->
			order(disarm, whose, 0, 0);
			forget_held(whose)
		:: else ->
			if
			:: d_spent[whose] == d_seen[JAIL(whose)] && MODE(whose) == NEVER && !IS_ALIVE(whose) /* spent is spent */
			:: else ->
				if
				:: !IS_HELD(whose) || (!IS_OURS(whose) && !IS_ON_ITS_WAY(whose)) || d_held[whose] == IDLE || d_held[whose] == SPENT ->
					order(arm, whose, d_wanted_tag[whose], d_seen[JAIL(whose)]);
					learn_armed_by_order(whose)
				:: else ->
					if
					:: TAG_THERE(whose) == d_wanted_tag[whose] || d_held[whose] == ENTERING || d_replaced_by[whose] != 0
					:: else ->
						if
						:: SAME_BODY(d_tag[whose], d_wanted_tag[whose]) ->
							order(update, whose, d_wanted_tag[whose], d_instance[whose]);
							d_tag[whose] = d_wanted_tag[whose];
							d_updated[whose] = true
						:: else ->
							order(arm, whose, d_wanted_tag[whose], d_seen[JAIL(whose)]);
							learn_armed_by_order(whose)
						fi
					fi
				fi
			fi
		fi
	fi
}
