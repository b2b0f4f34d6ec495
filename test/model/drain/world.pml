/* The jail, bodies, commands, and those who send HUP. */

#define IS_ENTERING(body) (body_state[body] == ENTERS)
#define MAY_GO_ON(which) (run_state[which] == FORKED || run_state[which] == MARKED)
#define EXECUTES(which) (run_state[which] == EXECUTED)
#define WORLD_GOES_ON \
	(ANY_BODY_OF(OLD, IS_ENTERING) || ANY_BODY_OF(NEW, IS_ENTERING) || ANY_TRIGGER(MAY_GO_ON) || ANY_TRIGGER(EXECUTES))

inline enter_jail(body)
{
	body_state[body] = (LIVES(body_instance[body]) -> READY : DEAD_ENTERING);
	/* Nothing can trigger it in one keeper while there is a process of it in the other. */
	must(NEVER_IN_TWO, !(ANY_BODY_OF(OLD, IS_READY) && ANY_BODY_OF(NEW, IS_READY)))
}

inline hup(body)
{
	must(NO_PROBE_ALONE, lives[(body) / SLOTS]);
	printf("HUP kills body %d\n", body);
	body_state[body] = DEAD_BY_HUP;
	owed[(body) / SLOTS]++
}

/* `pkill -HUP -f TITLE` */
inline hup_all()
{
	for (b : 0 .. 2 * SLOTS - 1) {
		if
		:: body_state[b] == READY -> hup(b)
		:: else
		fi
	}
}

inline stop_jail()
{
	printf("the jail stops\n");
	for (b : 0 .. 2 * SLOTS - 1) {
		if
		:: body_instance[b] == instance -> kill_body(b)
		:: else
		fi
	}
	for (BOTH) {
		if
		:: lives[k] && k_state[k] != ABSENT && k_instance[k] == instance -> k_gone[k] = instance
		:: else
		fi
	}
	up = false
}

inline execute(which)
{
	must(ONE_COMMAND, (executed & BIT(which)) == 0);
	must(SPENT_IS_SPENT, MODE != NEVER || ran_in != run_instance[which]);
	for (ALL_TRIGGERS) {
		must(NO_OVERLAP, MODE == IMMEDIATELY || t == which || run_state[t] != EXECUTED)
	}
	printf("command %d executes\n", which);
	executed = executed | BIT(which);
	if
	:: MODE == NEVER -> ran_in = run_instance[which]
	:: else
	fi;
	run_state[which] = EXECUTED
}

inline remove_marker(which)
{
	markers = markers & ~BIT(which);
	run_instance[which] = 0; run_orphan[which] = false /* nobody asks for these any more */
}

/* The command's process, up to its exec; its keeper may be dead by now, and then it must not run. */
inline command_goes_on(which)
{
	if
	:: run_state[which] == FORKED -> markers = markers | BIT(which); run_state[which] = MARKED
	:: run_state[which] == MARKED && run_orphan[which] ->
		window = window | BIT(which);
		run_state[which] = OVER;
		remove_marker(which)
	:: else -> execute(which)
	fi
}

proctype World()
{
	byte it;

end:	do
	:: atomic {
		if
		:: IS_ENTERING(0) -> it = 0
		:: IS_ENTERING(1) -> it = 1
		:: IS_ENTERING(2) -> it = 2
		:: IS_ENTERING(3) -> it = 3
		:: IS_ENTERING(4) -> it = 4
		:: IS_ENTERING(5) -> it = 5
		fi;
		d_step { enter_jail(it); it = 0 }
	   }
	:: d_step { hups > 0 && (ANY_BODY_OF(OLD, IS_READY) || ANY_BODY_OF(NEW, IS_READY)) -> hup_all(); hups-- }
	:: atomic {
		if
		:: MAY_GO_ON(0) || EXECUTES(0) -> it = 0
#if TRIGGERS > 1
		:: MAY_GO_ON(1) || EXECUTES(1) -> it = 1
#endif
#if TRIGGERS > 2
		:: MAY_GO_ON(2) || EXECUTES(2) -> it = 2
#endif
		fi;
		if
		:: d_step { MAY_GO_ON(it) -> command_goes_on(it); it = 0 }
		:: d_step { EXECUTES(it) -> run_state[it] = (run_orphan[it] -> OVER : ZOMBIE); it = 0 }
		fi
	   }
	:: d_step { stops > 0 && up -> stops--; stop_jail() }
	:: d_step { !up -> up = true; instance++ }
	:: d_step { reloads > 0 -> reloads--; file_wants = !file_wants }
	od
}
