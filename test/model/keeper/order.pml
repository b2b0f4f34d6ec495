/* What the daemon orders: order_verbs.c, record_order.c. */

#ifdef SPENT_FOR_EVER
#define INSTANCE_IS_LOOKED_AT false
#else
#define INSTANCE_IS_LOOKED_AT true
#endif

inline take_arm(whose, the_tag, the_instance)
{
	/* The daemon cannot have known, when it gave the order, that the probe is spent: so it stays spent. */
	look_for_unknown_trigger(whose);
#ifdef ARMED_WHATEVER_CAME
	found = false;
#endif
	found = found && k_instance[whose] == the_instance;
	if
	:: k_state[whose] == ABSENT -> k_state[whose] = IDLE
	:: else
	fi;
	if
	:: k_instance[whose] != the_instance && INSTANCE_IS_LOOKED_AT -> k_fired[whose] = 0 /* it is spent in another one */
	:: else
	fi;
	k_tag[whose] = the_tag; k_instance[whose] = the_instance;
	if
	:: k_state[whose] == REMOVING || k_state[whose] == REMOVED || k_state[whose] == IDLE || k_state[whose] == SPENT ->
		k_state[whose] = RUNNING; k_rearm[whose] = !found
	:: k_state[whose] == RUNNING -> k_rearm[whose] = k_rearm[whose] || !found
	:: k_state[whose] == COOLING
	:: k_state[whose] == ENTERING || k_state[whose] == ARMED ->
		if
		:: k_entering[whose] != NONE ->
			b = k_entering[whose];
			k_entering[whose] = NONE;
			kill_body(B(whose, b))
		:: else
		fi;
		want(whose)
	fi;
	work_on(whose)
}

inline take_update(whose, the_tag)
{
	if
	:: k_state[whose] == ABSENT || k_state[whose] == REMOVING || k_state[whose] == REMOVED -> answer(refused, whose, 0, 0, 0)
	:: else ->
		k_tag[whose] = the_tag;
		if
		:: k_armed[whose] != NONE -> body_tag[B(whose, k_armed[whose])] = the_tag
		:: else
		fi;
		if
		:: k_entering[whose] != NONE -> body_tag[B(whose, k_entering[whose])] = the_tag
		:: else
		fi;
		work_on(whose)
	fi
}

inline take_disarm(whose)
{
	if
	:: k_state[whose] == ABSENT -> answer(refused, whose, 0, 0, 0)
	:: k_state[whose] == REMOVING || k_state[whose] == REMOVED
	:: else ->
		k_state[whose] = REMOVING; k_rearm[whose] = false;
		retire_all(whose, false);
		work_on(whose)
	fi
}

inline take_hello(whose)
{
	if
	:: whose == life ->
		connected = true; listing = false; life = false;
		n = 0;
		do
		:: n < q_length && q_word[n] == nil -> forget_entry(n)
		:: n < q_length && q_word[n] != nil -> n++
		:: n >= q_length -> break
		od;
		q_told = 0;
		answer(hello, epoch, 0, 0, 0)
	:: else
	fi
}

inline take_ack(count)
{
#ifndef EVENTS_ARE_NOT_KEPT
	must(WITHIN_BOUNDS, count <= q_told);
	for (n : 1 .. count) {
#ifndef MARKER_GOES_WITH_RUN
		if
		:: q_word[0] == finished -> t = q_what[0]; remove_marker(t); forget_run(t)
		:: else
		fi;
#endif
		forget_entry(0);
		q_told--
	}
#endif
	for (p : 0 .. PROBES - 1) {
		if
		:: k_state[p] == REMOVED -> work_on(p)
		:: else
		fi
	}
}

inline take_order()
{
	orders?word, what, tag, inst;
	printf("keeper: takes %e %d tag %d instance %d\n", word, what, tag, inst);
	if
	:: word == hello -> take_hello(what)
	:: word == list ->
		listing = connected;
		list_next = 0
	:: word == arm -> take_arm(what, tag, inst)
	:: word == update -> take_update(what, tag)
	:: word == disarm -> take_disarm(what)
	:: word == fire ->
		if
		:: k_state[what] == ARMED -> trigger(what); work_on(what)
		:: else /* refused, and the operator is told */
		fi
	:: word == ack -> take_ack(what)
	fi
}
