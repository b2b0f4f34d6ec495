/* The daemon's loop: src/daemon/loop.ts, orphans.ts. It may die wherever it says `mortal`. */

inline mortal()
{
	if
	:: true
	:: faults > 0 -> faults--; goto dies
	fi
}

inline forget_everything()
{
	for (ALL_PROBES) {
		forget_held(p);
		d_spent[p] = 0; d_last[p] = 0; d_wants[p] = false; d_wanted_tag[p] = 0;
		l_state[p] = 0; l_tag[p] = 0; l_instance[p] = 0; l_once[p] = false
	}
	for (j : 0 .. JAILS - 1) {
		d_seen[j] = 0
	}
	d_commands = 0; d_orphans = 0; d_listed = false; d_unacknowledged = 0; l_runs = 0
}

inline read_file()
{
	for (ALL_PROBES) {
		d_wants[p] = file_wants[p];
		d_wanted_tag[p] = file_tag[p]
	}
}

inline look(where)
{
	n = (up[where] -> instance[where] : 0);
	sight(where, n)
}

/* What it remembers, what the file wants, which jails run. */
inline start()
{
	for (ALL_PROBES) {
		d_spent[p] = disk_spent[p];
		d_last[p] = history_last[p]
	}
	read_file();
	for (j : 0 .. JAILS - 1) {
		look(j)
	}
}

/* The keeper is lost: of what it held nothing is there any more; its commands run on. */
inline lose_keeper()
{
	for (ALL_PROBES) {
		forget_held(p);
		l_state[p] = 0; l_tag[p] = 0; l_instance[p] = 0; l_once[p] = false
	}
	l_runs = 0;
	d_commands = d_orphans;
	d_listed = false;
	d_unacknowledged = 0
}

/* What the keeper had said on a connection is lost with it. */
inline hang_up()
{
	do
	:: nempty(stream) -> stream?word, what, tag, inst, runs
	:: empty(stream) -> break
	od;
	connected = false; listing = false; list_next = 0
}

/* Of those that have left a marker none has this epoch: each keeper has one of its own, and two runs of the model no more. */
inline start_keeper()
{
	epoch = 0;
	do
	:: epoch++;
		found = false;
		for (ALL_TRIGGERS) {
			found = found || run_epoch[t] == epoch
		}
		if
		:: found
		:: else -> break
		fi
	od;
	keeper_lives = true
}

/* What an earlier daemon had sent may be read first, or thrown away with its connection. */
inline engage()
{
	if
	:: nempty(orders) ->
		do
		:: nempty(orders) -> orders?_, _, _, _
		:: empty(orders) -> break
		od
	:: len(orders) + 2 <= ORDERS
	fi;
	d_step {
		hang_up();
		for (b : 0 .. PROBES * BODIES - 1) {
			must(NO_PROBE_ALONE, keeper_lives || body_state[b] != READY)
		}
		if
		:: keeper_lives
		:: else -> start_keeper()
		fi;
		life = !life;
		orders!hello, life, 0, 0;
#ifndef NO_LIST
		orders!list, 0, 0, 0;
#else
		d_listed = true
#endif
	}
}

#define FILE_CHANGED(p) (d_wants[p] != file_wants[p] || d_wanted_tag[p] != file_tag[p])
#define JAIL_CHANGED(j) (d_seen[j] != (up[j] -> instance[j] : 0))
#define ORPHAN_ENDED(t) ((d_orphans & BIT(t)) != 0 && run_state[t] == OVER)
#ifdef ACKNOWLEDGED_FIRST
#define MAY_TAKE MAY_TURN
#else
#define MAY_TAKE true
#endif
#define MAY_TURN (len(orders) + PROBES + 1 <= ORDERS)
#define UNSAVED(p) (disk_spent[p] != d_spent[p])
/* `connected` stands for: it has found its keeper and was heard. */
#define DAEMON_GOES_ON (!connected || !keeper_lives || len(stream) > 0 || unfinished || \
	ANY_JAIL(JAIL_CHANGED) || ANY_PROBE(FILE_CHANGED) || ANY_TRIGGER(ORPHAN_ENDED))

/* The rest of a turn: plan and steps, then the state file, and only then the acknowledgement. */
inline finish_turn()
{
	if
	:: d_listed ->
		d_step { plan(0); sent = flag };
		if
		:: sent -> sent = false; mortal()
		:: else
		fi;
#if PROBES > 1
		d_step { plan(1); sent = flag };
		if
		:: sent -> sent = false; mortal()
		:: else
		fi
#endif
	:: else
	fi;
#ifndef SPENT_IS_NOT_SAVED
	if
	:: UNSAVED(0) || UNSAVED(PROBES - 1) ->
		d_step {
			for (ALL_PROBES) {
				disk_spent[p] = d_spent[p];
				printf("daemon: saves: probe %d spent in %d\n", p, d_spent[p])
			}
		};
		mortal()
	:: else
	fi;
#endif
	acknowledge()
}

inline acknowledge()
{
#ifdef ACKNOWLEDGED_FIRST
	d_unacknowledged = 0
#elif !defined(NO_ACKNOWLEDGEMENT)
	if
	:: d_unacknowledged > 0 ->
		d_step { order(ack, d_unacknowledged, 0, 0); d_unacknowledged = 0 }
	:: else
	fi
#else
	true
#endif
}

inline take_word()
{
	stream?word, what, tag, inst, runs;
	printf("daemon: takes %e %d tag %d instance %d\n", word, what, tag, inst);
	if
	:: word == hello -> find_orphans(what); learn_orphans()
	:: else -> learn_word()
	fi
}

/* Nobody saw how it ended. */
inline bury(which)
{
#ifdef MARKER_GOES_FIRST
	remove_marker(which);
	mortal();
#endif
	d_step {
		printf("daemon: buries %d\n", which);
		history_unknown = history_unknown | BIT(which);
		d_orphans = d_orphans & ~BIT(which);
		d_commands = d_commands & ~BIT(which)
	};
	buried = which + 1
}

/* All that was told so far is on disk, what follows from it too. */
inline forget_buried()
{
#ifndef MARKER_GOES_FIRST
	if
	:: buried > 0 -> mortal(); d_step { remove_marker(buried - 1); forget_run(buried - 1) }
	:: else
	fi;
#endif
	buried = 0
}

bool unfinished; /* what it has learned asks for a turn, as soon as there is room for its orders */

proctype Daemon()
{
	byte buried;
	bool turns, sent;

starts:
	atomic { d_step { start() }; engage() };

end:	do
	:: atomic {
		if
		:: nempty(stream) && MAY_TAKE ->
#ifdef ACKNOWLEDGED_FIRST
			d_step {
				stream?<word, what, tag, inst, runs>;
				if
				:: IS_EVENT(word) -> order(ack, 1, 0, 0)
				:: else
				fi
			};
			mortal();
#endif
			d_step { take_word() };
			mortal();
			if
			:: MAY_TURN -> turns = true
#ifndef ONE_WORD_A_TURN
			:: nempty(stream) -> unfinished = true /* a turn takes several */
#endif
			:: !MAY_TURN -> unfinished = true
			fi
		:: unfinished && MAY_TURN -> turns = true
		:: JAIL_CHANGED(0) && MAY_TURN -> d_step { look(0) }; turns = true
#if JAILS > 1
		:: JAIL_CHANGED(1) && MAY_TURN -> d_step { look(1) }; turns = true
#endif
#if RELOADS > 0
		:: (FILE_CHANGED(0) || FILE_CHANGED(PROBES - 1)) && MAY_TURN -> d_step { read_file() }; turns = true
#endif
		:: ORPHAN_ENDED(0) && MAY_TURN -> bury(0); turns = true
#if TRIGGERS > 1
		:: ORPHAN_ENDED(1) && MAY_TURN -> bury(1); turns = true
#endif
#if TRIGGERS > 2
		:: ORPHAN_ENDED(2) && MAY_TURN -> bury(2); turns = true
#endif
#if TRIGGERS > 3
		:: ORPHAN_ENDED(3) && MAY_TURN -> bury(3); turns = true
#endif
		:: faults > 0 -> faults--; goto dies
		fi;
		if
		:: turns ->
			turns = false; unfinished = false;
			finish_turn();
			forget_buried()
		:: else
		fi;
		if
		:: false ->
dies:			printf("DAEMON KILLED\n");
			d_step {
				forget_everything();
				buried = 0; turns = false; sent = false; unfinished = false;
				hang_up()
			};
			goto starts
		:: true
		fi
	   }
	:: atomic { !keeper_lives && empty(stream) -> d_step { lose_keeper() }; engage() }
#if FIRES > 0
	:: d_step { fires > 0 && keeper_lives && d_listed && MAY_TURN -> fires--; orders!fire, 0, 0, 0 }
#if PROBES > 1
	:: d_step { fires > 0 && keeper_lives && d_listed && MAY_TURN -> fires--; orders!fire, 1, 0, 0 }
#endif
#endif
	od
}
