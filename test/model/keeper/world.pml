/* All that happens by itself, and all that somebody does: jails, bodies, commands, HUPs, the file. */

#define MAY_BE_HUPPED(body) (hups > 0 && body_state[body] == READY)

inline hup(body)
{
	must(NO_PROBE_ALONE, keeper_lives); /* no probe lives without a keeper */
	printf("HUP kills body %d\n", body);
	body_state[body] = DEAD_BY_HUP;
	owed[(body) / BODIES]++
}

/* `pkill -HUP -f TITLE`: every process of the probe that is ready. */
inline hup_all(whose)
{
	for (ALL_BODIES) {
		if
		:: body_state[B(whose, b)] == READY -> hup(B(whose, b))
		:: else
		fi
	}
}

/* Ready, or not let in because its jail is not there any more. */
inline enter_jail(body)
{
	body_state[body] = (LIVES(JAIL((body) / BODIES), body_instance[body]) -> READY : DEAD_ENTERING)
}

inline stop_jail(which)
{
	printf("jail %d stops\n", which);
	for (ALL_PROBES) {
		if
		:: JAIL(p) == which ->
			for (ALL_BODIES) {
				if
				:: body_instance[B(p, b)] == instance[which] -> kill_body(B(p, b))
				:: else
				fi
			}
			if
			:: k_state[p] != ABSENT && k_instance[p] == instance[which] -> k_gone[which] = instance[which]
			:: else
			fi
		:: else
		fi
	}
	up[which] = false
}

inline execute(which)
{
	p = run_probe[which];
	must(ONE_COMMAND, (executed & BIT(which)) == 0); /* once */
	must(SPENT_IS_SPENT, MODE(p) != NEVER || ran_in[p] != run_instance[which]); /* once in its instance */
	for (ALL_TRIGGERS) {
		/* Never two of one probe at once, whoever has started them. */
		must(NO_OVERLAP, MODE(p) == IMMEDIATELY || t == which || run_probe[t] != p || run_state[t] != EXECUTED)
	}
	printf("command %d executes\n", which);
	executed = executed | BIT(which);
	if
	:: MODE(p) == NEVER -> ran_in[p] = run_instance[which]
	:: else
	fi;
	run_state[which] = EXECUTED
}

/* The command's process, up to its exec; its keeper may be dead by now. */
inline command_goes_on(which)
{
	if
	:: run_state[which] == FORKED ->
#ifndef NO_MARKER
		markers = markers | BIT(which);
#endif
		printf("command %d has its marker\n", which);
		run_state[which] = MARKED
	:: else ->
#ifndef LATE_MARKER
		if
		:: run_orphan[which] ->
			/* Nobody may have seen the marker: it must not run beside what comes next. */
			window = window | BIT(which);
			remove_marker(which);
			run_state[which] = OVER; run_orphan[which] = false;
			forget_run(which)
		:: else -> execute(which)
		fi
#else
		execute(which)
#endif
	fi
}

#define IS_ENTERING(body) (body_state[body] == ENTERS)
#define MAY_GO_ON(which) (run_state[which] == FORKED || run_state[which] == MARKED)
#define EXECUTES(which) (run_state[which] == EXECUTED)
#define WORLD_GOES_ON (ANY_BODY(IS_ENTERING) || ANY_TRIGGER(MAY_GO_ON) || ANY_TRIGGER(EXECUTES))

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
#if PROBES > 1
		:: IS_ENTERING(4) -> it = 4
		:: IS_ENTERING(5) -> it = 5
		:: IS_ENTERING(6) -> it = 6
		:: IS_ENTERING(7) -> it = 7
#endif
		fi;
		if
		:: d_step { enter_jail(it); it = 0 }
		:: d_step { kills > 0 -> kills--; body_state[it] = DEAD_ENTERING; it = 0 }
		fi
	   }
	:: atomic {
		if
		:: MAY_BE_HUPPED(0) -> it = 0
		:: MAY_BE_HUPPED(1) -> it = 1
		:: MAY_BE_HUPPED(2) -> it = 2
		:: MAY_BE_HUPPED(3) -> it = 3
#if PROBES > 1
		:: MAY_BE_HUPPED(4) -> it = 4
		:: MAY_BE_HUPPED(5) -> it = 5
		:: MAY_BE_HUPPED(6) -> it = 6
		:: MAY_BE_HUPPED(7) -> it = 7
#endif
		fi;
		if
		:: d_step { hups--; hup(it); it = 0 }
		:: d_step { hups--; hup_all(it / BODIES); it = 0 }
		:: d_step { kills > 0 -> kills--; body_state[it] = DEAD; it = 0 }
		fi
	   }
	:: atomic {
		if
		:: MAY_GO_ON(0) || EXECUTES(0) -> it = 0
#if TRIGGERS > 1
		:: MAY_GO_ON(1) || EXECUTES(1) -> it = 1
#endif
#if TRIGGERS > 2
		:: MAY_GO_ON(2) || EXECUTES(2) -> it = 2
#endif
#if TRIGGERS > 3
		:: MAY_GO_ON(3) || EXECUTES(3) -> it = 3
#endif
		fi;
		if
		:: d_step { MAY_GO_ON(it) -> command_goes_on(it); it = 0 }
		:: d_step { EXECUTES(it) -> run_state[it] = (run_orphan[it] -> OVER : ZOMBIE); run_orphan[it] = false; it = 0 }
		fi
	   }
#if STOPS > 0
	:: d_step { stops > 0 && up[0] -> stops--; stop_jail(0) }
	:: d_step { !up[0] -> up[0] = true; instance[0]++ }
#if JAILS > 1
	:: d_step { stops > 0 && up[1] -> stops--; stop_jail(1) }
	:: d_step { !up[1] -> up[1] = true; instance[1]++ }
#endif
#endif
#if RELOADS > 0
	:: atomic { reloads > 0 ->
		reloads--;
#if PROBES > 1
		if
		:: it = 0
		:: it = 1
		fi;
#endif
		if
		:: file_tag[it] = file_tag[it] ^ 1
		:: file_tag[it] = file_tag[it] ^ 2
		:: file_wants[it] = !file_wants[it]
		fi;
		printf("the file: probe %d %d tag %d\n", it, file_wants[it], file_tag[it]);
		it = 0
	   }
#endif
	od
}
