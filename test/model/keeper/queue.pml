/* The queue, and what goes up the stream: queue.c, connection.c. */

inline forget_entry(at)
{
	for (i : at + 1 .. q_length - 1) {
		q_word[i - 1] = q_word[i]; q_what[i - 1] = q_what[i]; q_tag[i - 1] = q_tag[i];
		q_instance[i - 1] = q_instance[i]; q_about[i - 1] = q_about[i]
	}
	q_length--;
	q_word[q_length] = 0; q_what[q_length] = 0; q_tag[q_length] = 0; q_instance[q_length] = 0; q_about[q_length] = 0
}

inline append(the_word, the_what, the_tag, the_instance, about)
{
	must(WITHIN_BOUNDS, q_length < QUEUE);
	printf("keeper: event %e %d tag %d instance %d\n", the_word, the_what, the_tag, the_instance);
	q_word[q_length] = the_word; q_what[q_length] = the_what; q_tag[q_length] = the_tag;
	q_instance[q_length] = the_instance; q_about[q_length] = about;
	q_length++
}

/* A state event takes the place of the older one of the same probe. */
inline tell_state(the_word, whose, the_tag, the_instance)
{
	n = 0;
	do
	:: n < q_length && q_about[n] == whose + 1 ->
		if
		:: n < q_told -> q_word[n] = nil; q_what[n] = 0; q_tag[n] = 0; q_instance[n] = 0; q_about[n] = 0
		:: else -> forget_entry(n)
		fi;
		break
	:: n < q_length && q_about[n] != whose + 1 -> n++
	:: n >= q_length -> break
	od;
	append(the_word, whose, the_tag, the_instance, whose + 1)
}

inline answer(the_word, the_what, the_tag, the_instance, the_runs)
{
	must(WITHIN_BOUNDS, len(stream) < WORDS + PROBES + 2);
	if
	:: connected -> stream!the_word, the_what, the_tag, the_instance, the_runs
	:: else
	fi
}

inline tell_events()
{
	do
	:: q_told < q_length && len(stream) < WORDS ->
		stream!q_word[q_told], q_what[q_told], q_tag[q_told], q_instance[q_told], 0;
		q_told++
	:: else -> break
	od
#ifdef EVENTS_ARE_NOT_KEPT
	;
	do
	:: q_length > 0 -> forget_entry(0)
	:: else -> break
	od;
	q_told = 0
#endif
}

/* Its one command runs: it will be spent in this instance. */
#ifdef ONCE_IN_ANY_INSTANCE
#define IS_ONCE(p) (k_state[p] == RUNNING && MODE(p) == NEVER)
#else
#define IS_ONCE(p) (k_state[p] == RUNNING && MODE(p) == NEVER && !k_rearm[p])
#endif

inline tell_list()
{
	do
	:: list_next < PROBES && k_state[list_next] == ABSENT -> list_next++
	:: else -> break
	od;
	if
	:: list_next < PROBES ->
		p = list_next;
		count_runs(p);
		tag = k_tag[p]; inst = k_instance[p];
		if
		:: k_armed[p] != NONE && k_entering[p] == NONE ->
			tag = body_tag[B(p, k_armed[p])];
			inst = body_instance[B(p, k_armed[p])]
		:: else
		fi;
		answer(record, p, (IS_ONCE(p) -> 64 : 0) + k_state[p] * 4 + tag, inst, runs);
		list_next++
	:: else ->
		answer(listed, 0, 0, 0, 0);
		listing = false; list_next = 0
	fi
}

