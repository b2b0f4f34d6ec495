/* The daemon between two keepers: src/daemon/keepers.ts, loop.ts, src/plan/rules.ts, moving.ts. It may die where it says `mortal`. */

bool d_drains[2]; /* as it said in its `hello` */
bool unfinished;

inline mortal()
{
	if
	:: true
	:: faults > 0 -> faults--; goto dies
	fi
}

inline order(k, verb, number)
{
	if
	:: open[k] ->
		printf("daemon: orders %d: %e %d\n", k, verb, number);
		must(WITHIN_BOUNDS, len(orders[k]) < ORDERS);
		orders[k]!verb, number
	:: else
	fi
}

/* What had been said on a connection is lost with it. */
inline hang_up(k)
{
	open[k] = false;
	do
	:: nempty(stream[k]) -> stream[k]?word, what, inst, runs
	:: empty(stream[k]) -> break
	od;
	connected[k] = false; listing[k] = false; d_drains[k] = false;
	d_role[k] = UNKNOWN; d_unacknowledged[k] = 0
}

inline forget_everything()
{
	hang_up(OLD); hang_up(NEW);
	d_current = NONE; d_leaving = false; d_listed[OLD] = false; d_listed[NEW] = false;
	forget_held();
	d_left = 0; d_spent = 0; d_newest[OLD] = 0; d_newest[NEW] = 0; d_last = 0; d_seen = 0; d_wants = false; d_commands = 0; d_orphans = 0; d_counted = 0
}

inline look()
{
	n = (up -> instance : 0);
	sight(n)
}

inline start()
{
	d_spent = disk_spent;
	d_counted = history_fired;
	for (ALL_TRIGGERS) {
		if
		:: (history_fired & BIT(t)) != 0 ->
			d_newest[run_in[t]] = t + 1
#ifdef COUNTED_BY_THE_LAST
			; d_last = t + 1
#endif
		:: else
		fi
	}
	d_wants = file_wants;
	look()
}

/* What was sent on an earlier connection may be read first, or be thrown away with it. */
inline engage(k)
{
	if
	:: nempty(orders[k]) ->
		do
		:: nempty(orders[k]) -> orders[k]?_, _
		:: empty(orders[k]) -> break
		od
	:: len(orders[k]) + 1 <= ORDERS
	fi;
	printf("the daemon connects to %d\n", k);
	d_step {
		hang_up(k);
		open[k] = true;
		life[k] = life[k] + 1;
		d_role[k] = SILENT;
		order(k, hello, life[k])
	}
}

/* What was known of it was its own. */
inline forget_keeper(k)
{
	d_listed[k] = false;
	forget_commands_of(k);
	if
	:: k == d_current -> d_current = NONE; forget_held()
	:: k != d_current && k == OLD -> d_leaving = false; d_left = 0
	:: else
	fi
}

/* A connection has come to its end: the keeper is dead, or it is cut. Of one that leaves that is told a moment later. */
inline lose(k)
{
	flag = (d_role[k] == LEAVES && lives[k]);
	hang_up(k);
	if
	:: flag
	:: else -> forget_keeper(k)
	fi;
	if
	:: k == NEW && d_role[OLD] == REPLACED -> d_role[OLD] = CURRENT
	:: else
	fi;
	adopt_orphans()
}

/* ---- their places */

inline install(k)
{
	d_role[k] = CURRENT; d_current = k; d_listed[k] = false;
#ifndef STAYS_OLDER
	if
	:: k == OLD -> d_leaving = false; d_left = 0 /* that it was to leave was lost with its connection */
	:: else
	fi;
#endif
	order(k, list, 0)
}

inline depart(k)
{
	must(WITHIN_BOUNDS, k == OLD);
	d_role[k] = LEAVES; d_leaving = true; d_listed[k] = false;
	if
	:: d_current == k -> d_current = NONE
	:: else
	fi;
#ifndef ASKED_BEFORE
	d_left = (d_left == ASKED -> THERE : d_left);
#endif
	order(k, drain, 0);
	order(k, list, 0)
}

#ifdef SAME_VERSION
#define SPEAKS_OURS(k) true
#else
#define SPEAKS_OURS(k) ((k) == NEW)
#endif
#ifdef LEAVING_MAY_BE_CURRENT
#define MAY_BE_CHOSEN(k) (d_role[k] == HEARD || d_role[k] == LEAVES)
#else
#define MAY_BE_CHOSEN(k) (d_role[k] == HEARD)
#endif
#define IS_CANDIDATE(k) (MAY_BE_CHOSEN(k) && SPEAKS_OURS(k) && !d_drains[k])
#define SERVES(k) (d_role[k] == CURRENT || d_role[k] == REPLACED)
#define MAY_CONNECT(k) (lives[k] && d_role[k] == UNKNOWN)
#define HAS_LOST(k) (d_role[k] != UNKNOWN && !open[k] && len(stream[k]) == 0)
#define HAS_LEFT (d_leaving && d_role[OLD] == UNKNOWN && !lives[OLD])
#define IS_SILENT(k) (d_role[k] == SILENT)
#define IS_HEARD(k) (d_role[k] == HEARD)
#define HAS_ROOM(k) (len(orders[k]) + 2 <= ORDERS)
#define HAVE_ROOM (HAS_ROOM(OLD) && HAS_ROOM(NEW))
/* All are heard, and one has no place, or there is no current one. */
#define ATTENDS \
	(!EITHER(MAY_CONNECT) && !EITHER(IS_SILENT) && (EITHER(IS_HEARD) || (!EITHER(SERVES) && !EITHER(IS_CANDIDATE))))

/* Sets `flag` if a keeper is to be started. */
inline attend()
{
	adopt_orphans();
	flag = false;
	if
	:: d_role[NEW] == HEARD && d_role[OLD] != CURRENT ->
		install(NEW);
		if
		:: d_role[OLD] == HEARD || d_role[OLD] == REPLACED -> depart(OLD)
		:: else
		fi
	:: d_role[NEW] != HEARD && d_role[OLD] == HEARD && (SERVES(NEW) || !IS_CANDIDATE(OLD)) ->
		depart(OLD);
		flag = !SERVES(NEW)
	:: d_role[NEW] != HEARD && d_role[OLD] == HEARD && !SERVES(NEW) && IS_CANDIDATE(OLD) -> install(OLD)
	:: else -> flag = true
	fi
}

/* ---- the turn */

#define IS_HELD (d_held != ABSENT && d_held != REMOVING && d_held != REMOVED)
#define IS_OURS (d_instance == d_seen)
#define IS_ALIVE ((d_held == ARMED || d_held == ENTERING || d_held == COOLING) && IS_OURS)
#ifdef BEFORE_ALL_HAVE_LISTED
#define ALL_HAVE_LISTED (d_current != NONE && d_listed[d_current])
#else
#define ALL_HAVE_LISTED (d_current != NONE && d_listed[d_current] && (!d_leaving || d_listed[OLD]))
#endif
#ifdef ARMED_BEFORE_REMOVED
#define IS_MOVING false
#else
#define IS_MOVING (d_left != 0)
#endif

/* The rules of src/plan/rules.ts, in their order. */
inline plan()
{
	if
	:: !d_wants || (d_seen == 0 && d_commands == 0) ->
		if
		:: IS_HELD -> order(d_current, disarm, 0); forget_held()
		:: else
		fi
	:: d_wants && d_seen == 0 && d_commands != 0
	:: d_wants && d_seen != 0 && IS_MOVING && !IS_HELD /* wait */
	:: else ->
		if
		:: d_commands != 0 && MODE != IMMEDIATELY && (!IS_HELD || !IS_OURS) /* wait */
		:: d_commands != 0 && MODE != IMMEDIATELY && IS_ALIVE -> order(d_current, disarm, 0); forget_held()
		:: else ->
			if
			:: d_spent == d_seen && MODE == NEVER && !IS_ALIVE /* spent is spent */
			:: (d_spent != d_seen || MODE != NEVER || IS_ALIVE) &&
			   (!IS_HELD || !IS_OURS || d_held == IDLE || d_held == SPENT) ->
				order(d_current, arm, d_seen);
				if
				:: d_held == ARMED || d_held == RUNNING || d_held == COOLING -> d_instance = d_seen
				:: else -> hold(ENTERING, d_seen); d_spent = 0
				fi
			:: else
			fi
		fi
	fi;
	if
	:: d_left == THERE && d_leaving -> order(OLD, disarm, 0); d_left = ASKED
	:: else
	fi
}

#define UNSAVED (disk_spent != d_spent)

inline acknowledge(k)
{
	if
	:: d_unacknowledged[k] > 0 && (SERVES(k) || d_role[k] == LEAVES) ->
		order(k, ack, d_unacknowledged[k]);
		d_unacknowledged[k] = 0
	:: else
	fi
}

inline finish_turn()
{
	if
	:: ALL_HAVE_LISTED -> d_step { plan(); n = 0 }; mortal()
	:: else
	fi;
	if
	:: UNSAVED -> disk_spent = d_spent; mortal()
	:: else
	fi;
	d_step { acknowledge(OLD); acknowledge(NEW); n = 0 }
}

#define ORPHAN_ENDED(t) ((d_orphans & BIT(t)) != 0 && run_state[t] == OVER)
#define JAIL_CHANGED (d_seen != (up -> instance : 0))
#define DAEMON_GOES_ON \
	(EITHER(MAY_CONNECT) || EITHER(HAS_LOST) || HAS_LEFT || EITHER(IS_SILENT) || ATTENDS || len(stream[OLD]) > 0 || \
	len(stream[NEW]) > 0 || unfinished || JAIL_CHANGED || d_wants != file_wants || ANY_TRIGGER(ORPHAN_ENDED) || \
	(d_current != NONE && ANY_TRIGGER(IS_NEW_ORPHAN)))

/* Nobody saw how it ended. */
inline bury(which)
{
	d_step {
		history_unknown = history_unknown | BIT(which);
		d_orphans = d_orphans & ~BIT(which);
		d_commands = d_commands & ~BIT(which)
	};
	buried = which + 1
}

inline take_word(k)
{
	stream[k]?word, what, inst, runs;
	printf("daemon: takes of %d: %e %d instance %d\n", k, word, what, inst);
	if
	:: word == hello -> d_role[k] = HEARD; d_drains[k] = what
	:: else -> learn_word(k)
	fi
}

proctype Daemon()
{
	byte buried;
	bool turns;

starts:
	atomic { printf("the daemon starts\n"); d_step { start(); n = 0 } };

end:	do
	:: atomic {
		if
		:: MAY_CONNECT(OLD) -> engage(OLD)
		:: MAY_CONNECT(NEW) -> engage(NEW)
		:: HAS_LOST(OLD) -> d_step { lose(OLD); n = 0 }; unfinished = true
		:: HAS_LOST(NEW) -> d_step { lose(NEW); n = 0 }; unfinished = true
		:: HAS_LEFT -> d_step { forget_keeper(OLD); adopt_orphans(); n = 0 }; unfinished = true
		:: ATTENDS && HAVE_ROOM ->
			d_step { attend(); n = 0 };
			if
			:: flag -> mortal(); lives[NEW] = true; mortal()
			:: else
			fi
#ifdef SAME_VERSION
		/* An operator asks for it. */
		:: replaces > 0 && d_role[OLD] == CURRENT && d_role[NEW] == UNKNOWN && !lives[NEW] ->
			replaces--;
			d_role[OLD] = REPLACED; lives[NEW] = true
#endif
		:: nempty(stream[OLD]) -> d_step { take_word(OLD); n = 0 }; unfinished = true; mortal()
		:: nempty(stream[NEW]) -> d_step { take_word(NEW); n = 0 }; unfinished = true; mortal()
		:: unfinished && HAVE_ROOM -> turns = true
		:: JAIL_CHANGED -> d_step { look(); n = 0 }; unfinished = true
		:: d_wants != file_wants -> d_wants = file_wants; unfinished = true
		/* A marker may come when its keeper is dead already: that is looked for some times more. */
		:: d_current != NONE && ANY_TRIGGER(IS_NEW_ORPHAN) -> d_step { adopt_orphans(); n = 0 }; unfinished = true
		:: ORPHAN_ENDED(0) && HAVE_ROOM -> bury(0); turns = true
#if TRIGGERS > 1
		:: ORPHAN_ENDED(1) && HAVE_ROOM -> bury(1); turns = true
#endif
#if TRIGGERS > 2
		:: ORPHAN_ENDED(2) && HAVE_ROOM -> bury(2); turns = true
#endif
		:: faults > 0 -> faults--; goto dies
		fi;
		if
		:: turns ->
			turns = false; unfinished = false;
			finish_turn();
			if
			:: buried > 0 -> mortal(); d_step { remove_marker(buried - 1); buried = 0 }
			:: else
			fi
		:: else
		fi;
		if
		:: false ->
dies:			printf("DAEMON KILLED\n");
			d_step { forget_everything(); buried = 0; turns = false; unfinished = false };
			goto starts
		:: true
		fi
	   }
#if CUTS > 0
	:: d_step { cuts > 0 && open[OLD] -> cuts--; open[OLD] = false; connected[OLD] = false; listing[OLD] = false }
	:: d_step { cuts > 0 && open[NEW] -> cuts--; open[NEW] = false; connected[NEW] = false; listing[NEW] = false }
#endif
	od
}
