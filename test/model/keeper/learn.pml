/* What the daemon knows, and how it learns: src/plan/learn*.ts, src/daemon/recorder.ts, orphans.ts. */

byte d_held[PROBES], d_tag[PROBES], d_instance[PROBES];
byte d_replaced_by[PROBES], d_replaced_in[PROBES]; /* tag + 1 (0: nothing is on its way), instance */
bool d_updated[PROBES];      /* the last order was `update` */
byte d_spent[PROBES], d_last[PROBES];
bool d_wants[PROBES];
byte d_wanted_tag[PROBES];
byte d_seen[JAILS]; /* the instance that the last look found; 0: none */
byte d_commands, d_orphans; /* triggers */
bool d_listed;
byte d_unacknowledged; /* events of this connection that were taken and not yet acknowledged */

/* Records of a list that has not come to its end. */
byte l_state[PROBES], l_tag[PROBES], l_instance[PROBES], l_runs;
bool l_once[PROBES];

inline commands_of(whose)
{
	runs = 0;
	for (ALL_TRIGGERS) {
		if
		:: run_probe[t] == whose -> runs = runs | (d_commands & BIT(t))
		:: else
		fi
	}
}

inline forget_held(whose)
{
	d_held[whose] = ABSENT; d_tag[whose] = 0; d_instance[whose] = 0; d_replaced_by[whose] = 0; d_replaced_in[whose] = 0;
	d_updated[whose] = false
}

inline hold(whose, the_state, the_instance)
{
	d_held[whose] = the_state; d_instance[whose] = the_instance; d_replaced_by[whose] = 0; d_replaced_in[whose] = 0
}

inline sight(where, which)
{
	d_seen[where] = which;
	for (ALL_PROBES) {
		if
		:: JAIL(p) == where && d_spent[p] != which -> d_spent[p] = 0
		:: else
		fi
	}
}

inline learn_gone(where, which)
{
	if
	:: d_seen[where] == which -> sight(where, 0)
	:: else
	fi
}

/* It was told before the keeper took the order for a newer instance, which is about what comes. */
#ifdef OLDER_INSTANCES_COUNT
#define IS_STALE(whose) false
#else
#define IS_STALE(whose) (d_held[whose] == ENTERING && d_instance[whose] != inst)
#endif
/* It was told before the keeper took the update: that one is answered by nothing, so its tag must not be forgotten. */
#ifdef UPDATE_IS_FORGOTTEN
#define WAS_UPDATED(whose) false
#else
#define WAS_UPDATED(whose) (d_updated[whose] && d_instance[whose] == inst)
#endif
#define IS_STATE(word) ((word) == armed || (word) == held || (word) == died || (word) == failed || (word) == spent)

/* The history holds lines; reading puts those of one id together, and the first end that is told is the end. */
inline record_fired(which)
{
	if
	:: (history_fired & BIT(which)) == 0 -> history_last[run_probe[which]] = which + 1
	:: else
	fi;
#ifdef HISTORY_BY_LINE
	must(ALL_IN_HISTORY, (history_fired & BIT(which)) == 0);
#endif
	history_fired = history_fired | BIT(which)
}

#ifdef SPENT_ONLY_BY_NEWS
#define NEWS_OR_NOT(which) ((d_commands & BIT(which)) == 0 && d_last[p] < which + 1)
#else
#define NEWS_OR_NOT(which) true
#endif

inline learn_fired(which)
{
	p = run_probe[which];
	if
	:: MODE(p) == NEVER && NEWS_OR_NOT(which) -> d_spent[p] = inst
	:: else
	fi;
	if
	:: (d_commands & BIT(which)) != 0 || d_last[p] >= which + 1
	:: else ->
		d_commands = d_commands | BIT(which);
		d_last[p] = which + 1;
		if
		:: IS_STALE(p) /* what was ordered since comes when its command has ended */
		:: else -> hold(p, RUNNING, inst)
		fi
	fi
}

/* keeper-found, and what other keepers have left: `running/` is read at this moment. */
inline find_orphans(who)
{
	d_unacknowledged = 0;
#ifndef NO_LIST
	d_listed = false;
#endif
	for (ALL_TRIGGERS) {
		if
		:: (markers & BIT(t)) != 0 && run_epoch[t] != who -> d_orphans = d_orphans | BIT(t)
		:: else
		fi
	}
}

inline learn_orphans()
{
	for (nth : 0 .. TRIGGERS - 1) {
		if
		:: (d_orphans & BIT(nth)) != 0 ->
			p = run_probe[nth];
			record_fired(nth);
			d_commands = d_commands | BIT(nth);
			d_last[p] = nth + 1;
			if
			:: MODE(p) == NEVER && d_seen[JAIL(p)] == run_instance[nth] -> d_spent[p] = run_instance[nth]
			:: else
			fi
		:: else
		fi
	}
}

inline learn_record(whose, packed, the_instance, the_runs)
{
	l_once[whose] = (packed) / 64;
	l_state[whose] = ((packed) % 64) / 4;
	l_tag[whose] = (packed) % 4;
	l_instance[whose] = the_instance;
	l_runs = l_runs | the_runs
}

/* All that the keeper has. */
inline learn_list()
{
	for (ALL_PROBES) {
		d_held[p] = l_state[p]; d_tag[p] = l_tag[p]; d_instance[p] = l_instance[p]; d_replaced_by[p] = 0; d_replaced_in[p] = 0;
		d_updated[p] = false;
		if
		:: (l_state[p] == RUNNING && l_once[p]) || l_state[p] == SPENT -> d_spent[p] = l_instance[p]
		:: else
		fi;
		l_state[p] = 0; l_tag[p] = 0; l_instance[p] = 0; l_once[p] = false
	}
	d_commands = d_orphans | l_runs;
	l_runs = 0;
	d_listed = true
}

/* Of `failed`: its stage is `gone`. */
#ifdef GONE_IS_NO_NEWS
#define SAYS_GONE false
#else
#define SAYS_GONE ((tag & 2) != 0)
#endif

/* Records what is to be recorded, and learns the rest. */
inline learn_word()
{
	if
	:: IS_EVENT(word) -> d_unacknowledged++
	:: else
	fi;
	if
	:: word == record -> learn_record(what, tag, inst, runs)
	:: word == listed -> learn_list()
	:: word == refused -> forget_held(what)
	:: IS_STATE(word) && IS_STALE(what) ->
		if
		:: word == spent -> d_spent[what] = inst
		:: else
		fi;
		if
		:: word == failed && SAYS_GONE -> j = JAIL(what); learn_gone(j, inst)
		:: else
		fi
	:: word == armed && !IS_STALE(what) ->
		if
		:: WAS_UPDATED(what)
		:: else -> d_tag[what] = tag
		fi;
		hold(what, ARMED, inst);
		if
		:: d_spent[what] == inst -> d_spent[what] = 0
		:: else
		fi
	:: word == held && !IS_STALE(what) -> hold(what, COOLING, inst)
	:: word == died && !IS_STALE(what) -> hold(what, IDLE, inst)
	:: word == failed && !IS_STALE(what) ->
		if
		:: d_held[what] == ARMED && (tag & 1) != 0 -> d_replaced_by[what] = 0; d_replaced_in[what] = 0
		:: else -> hold(what, IDLE, inst)
		fi;
		if
		:: SAYS_GONE -> j = JAIL(what); learn_gone(j, inst)
		:: else
		fi
	:: word == spent && !IS_STALE(what) -> hold(what, SPENT, inst); d_spent[what] = inst
	:: word == gone -> learn_gone(what, inst)
	:: word == fired -> record_fired(what); learn_fired(what)
	:: word == finished ->
		history_ended = history_ended | BIT(what);
		d_commands = d_commands & ~BIT(what)
	:: word == removed ->
#ifndef REMOVED_IS_NO_NEWS
		if
		:: d_held[what] != ENTERING -> forget_held(what) /* else it is ordered anew */
		:: else
		fi
#else
		true
#endif
	:: word == hello || word == nil
	fi
}
