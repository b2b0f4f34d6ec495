/* The words of PROTOCOL.md, and what is promised, for all models. */

#define NEVER 1
#define AFTER 2
#define IMMEDIATELY 3

/* A record's states; the daemon's `held` has them too. */
#define ABSENT 0
#define IDLE 1
#define ENTERING 2
#define ARMED 3
#define RUNNING 4
#define COOLING 5
#define SPENT 6
#define REMOVING 7
#define REMOVED 8

/* A body: entering, ready, dead in one of three ways and not reaped. */
#define FREE 0
#define ENTERS 1
#define READY 2
#define DEAD_BY_HUP 3
#define DEAD 4
#define DEAD_ENTERING 5

/* A trigger's command: in the keeper, forked, with its marker, executed, ended and not reaped, over. */
#define NOT_YET 0
#define QUEUED 1
#define FORKED 2
#define MARKED 3
#define EXECUTED 4
#define ZOMBIE 5
#define OVER 6

/*
 * Orders, answers, events. `nil`: told, replaced since, and not acknowledged: it keeps its place in what is counted.
 * spin numbers them downwards.
 */
mtype = {
	hello, list, arm, update, disarm, fire, ack, drain,
	record, listed, refused,
	armed, held, died, failed, spent, removed, gone, fired, finished, nil
};
#define IS_EVENT(word) ((word) < refused)

/* What is promised: each assertion names one of them, so that a verdict says which was broken. See forms.ts. */
#define ONE_COMMAND 1
#define ALL_IN_HISTORY 2
#define NO_OVERLAP 3
#define SPENT_IS_SPENT 4
#define NO_PROBE_ALONE 5
#define AS_THE_FILE_ASKS 6
#define ALL_ACKNOWLEDGED 7
#define WITHIN_BOUNDS 8 /* of this model */
#define NEVER_IN_TWO 9
#define OLDER_ENDS 10
#ifdef ONLY /* this one is looked for */
#define must(promise, what) assert(((promise) != ONLY && (promise) != WITHIN_BOUNDS) || (what))
#else
#define must(promise, what) assert((promise) > 0 && (what))
#endif

#define BIT(t) (1 << (t))
