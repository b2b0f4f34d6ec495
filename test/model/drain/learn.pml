/* What the daemon knows of two keepers, and how it learns: src/plan/learn*.ts, src/daemon/recorder.ts, orphans.ts. */

/* A keeper's place. */
#define UNKNOWN 0
#define SILENT 1
#define HEARD 2
#define CURRENT 3
#define REPLACED 4 /* the current one, while its successor is on its way */
#define LEAVES 5

byte d_role[2];

byte d_current = NONE;          /* the keeper that probes are armed in */
bool d_leaving;                 /* OLD is known as an older one */
bool d_listed[2];
byte d_held, d_instance;        /* the current one's record */
byte d_left;                    /* OLD may have a process of it: THERE, or ASKED to take it away */
byte d_spent, d_seen;           /* instances */
byte d_newest[2];               /* trigger + 1: of each keeper the newest that is counted */
byte d_last;                    /* of all */
bool d_wants;
byte d_commands, d_orphans;     /* triggers */
byte d_counted;                 /* those that `runs` of the status has */
byte d_unacknowledged[2];       /* events of this connection that were taken */

#define THERE 1
#define ASKED 2

inline hold(the_state, the_instance)
{
	d_held = the_state; d_instance = the_instance
}

inline forget_held()
{
	d_held = ABSENT; d_instance = 0
}

inline sight(which)
{
	d_seen = which;
	if
	:: d_spent != which -> d_spent = 0
	:: else
	fi
}

inline learn_gone(which)
{
	if
	:: d_seen == which -> sight(0)
	:: else
	fi
}

/* Commands that this keeper knows of: not those whose keeper has died. */
inline forget_commands_of(k)
{
	for (ALL_TRIGGERS) {
		if
		:: run_in[t] == k && (d_orphans & BIT(t)) == 0 -> d_commands = d_commands & ~BIT(t)
		:: else
		fi
	}
}

/* A keeper tells its triggers in their order: the newest of each says which are counted. */
#ifdef COUNTED_BY_THE_LAST
#define IS_COUNTED(which) \
	((d_commands & BIT(which)) != 0 || (d_last > which && run_in[d_last - 1] == run_in[which]))
#else
#define IS_COUNTED(which) (d_newest[run_in[which]] > which)
#endif

inline count(which)
{
	must(ALL_IN_HISTORY, (d_counted & BIT(which)) == 0);
	d_counted = d_counted | BIT(which);
	d_newest[run_in[which]] = which + 1
#ifdef COUNTED_BY_THE_LAST
	; d_last = which + 1
#endif
}

#ifdef SPENT_HERE_ALONE
#define SPENDS(k) (MODE == NEVER && (k) == d_current)
#else
#define SPENDS(k) (MODE == NEVER)
#endif

/* It was told before the keeper took the order for a newer instance. */
#define IS_STALE (d_held == ENTERING && d_instance != inst)
#define IS_OWN(k) ((k) == d_current && !IS_STALE)

inline learn_fired(k, which)
{
	history_fired = history_fired | BIT(which);
	if
	:: SPENDS(k) -> d_spent = inst
	:: else
	fi;
	if
	:: IS_COUNTED(which)
	:: else ->
		count(which);
		d_commands = d_commands | BIT(which);
		if
		:: IS_OWN(k) -> hold(RUNNING, inst)
		:: else
		fi
	fi
}

/* In `running/`, of a keeper that is not one of those that are known to live. */
#ifdef NO_ADOPTION
#define IS_NEW_ORPHAN(t) false
#else
#define IS_NEW_ORPHAN(t) \
	((markers & BIT(t)) != 0 && run_orphan[t] && (d_orphans & BIT(t)) == 0 && (d_role[run_in[t]] == UNKNOWN || open[run_in[t]]))
#endif
inline adopt_orphans()
{
	for (nth : 0 .. TRIGGERS - 1) {
		if
		:: IS_NEW_ORPHAN(nth) ->
			d_orphans = d_orphans | BIT(nth);
			if
			:: (history_fired & BIT(nth)) == 0 && !IS_COUNTED(nth) -> count(nth)
			:: else
			fi;
			history_fired = history_fired | BIT(nth);
			d_commands = d_commands | BIT(nth);
			if
			:: SPENDS(d_current) && (d_seen == 0 || d_seen == run_instance[nth]) -> d_spent = run_instance[nth]
			:: else
			fi
		:: else
		fi
	}
}

/* All that this keeper has. */
inline learn_list(k, packed, the_instance, the_runs)
{
	state = (packed) % 16;
	if
	:: k == d_current ->
		d_held = (state == REMOVED -> ABSENT : state); d_instance = (d_held == ABSENT -> 0 : the_instance);
		d_listed[k] = true
	:: k != d_current && d_leaving && k == OLD ->
		if
		:: state == ABSENT || state == IDLE || state == SPENT || state == REMOVED -> d_left = 0
		:: else -> d_left = (d_left == 0 -> THERE : d_left)
		fi;
		d_listed[k] = true
	:: else
	fi;
	forget_commands_of(k);
	d_commands = d_commands | the_runs;
	if
	:: (packed) >= 16 || state == SPENT -> d_spent = the_instance
	:: else
	fi
}

#define SAYS_GONE ((what & 2) != 0)

inline learn_word(k)
{
	if
	:: IS_EVENT(word) -> d_unacknowledged[k]++
	:: else
	fi;
	if
	:: word == listed -> learn_list(k, what, inst, runs)
	:: word == refused -> 
		if
		:: k == d_current -> forget_held()
		:: else
		fi
	:: word == armed ->
		if
		:: IS_OWN(k) ->
			hold(ARMED, inst);
			if
			:: d_spent == inst -> d_spent = 0
			:: else
			fi
		:: else
		fi
	:: word == held || word == died || word == failed ->
		if
		:: word == failed && IS_OWN(k) && d_held == ARMED && (what & 1) != 0
		:: word == held && IS_OWN(k) -> hold(COOLING, inst)
		:: (word == died || (word == failed && !(d_held == ARMED && (what & 1) != 0))) && IS_OWN(k) -> hold(IDLE, inst)
		:: else
		fi;
		if
		:: word == failed && SAYS_GONE -> learn_gone(inst)
		:: else
		fi
	:: word == spent ->
		if
		:: SPENDS(k) -> d_spent = inst
		:: else
		fi;
		if
		:: IS_OWN(k) -> hold(SPENT, inst)
		:: else
		fi
	:: word == gone -> learn_gone(inst)
	:: word == fired -> learn_fired(k, what)
	:: word == finished ->
		history_ended = history_ended | BIT(what);
		d_commands = d_commands & ~BIT(what)
	:: word == removed ->
		if
		:: k == d_current && d_held != ENTERING -> forget_held()
		:: k != d_current ->
			d_left = 0;
#ifdef REMOVED_ENDS_COMMANDS
			forget_commands_of(k)
#endif
		:: else
		fi
	:: word == nil
	fi
}
