/* What becomes of a record's processes and runs, and what that means: above all, which death is a trigger. */
#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <signal.h>

#include "keeper.h"
#include "record_parts.h"

bool record_trigger(struct keeper *keeper, struct record *record, bool by_host, char id[ID_ROOM])
{
	struct run *run = run_make(keeper, record, by_host);
	int64_t now = clock_now();
	uint64_t seq;

	if (!run)
		return false;
	if (record->promised)
		record->promised = false;
	else
		keeper->queue.promised += TRIGGER_EVENTS; /* of a process retired long ago: it counts all the same */
	run_tell_fired(keeper, run);
	seq = run->seq;
	record->fired = seq;
	run_id(keeper, seq, id);

	if (now >= record->window + keeper->brake_window) {
		record->window = now;
		record->window_triggers = 0;
	}
	record->window_triggers++;
	record->triggered = now;
	if (record->state != REMOVING) {
		record_enter_state(record, RUNNING);
		record->rearm = false;
		timer_clear(keeper, &record->cooling);
		list_remove(&record->no_room);
	}
	runs_start(keeper);
	record_retire_all(keeper, record, seq); /* the run may be over by now, if it could not start */
	return true;
}

void record_body_ready(struct keeper *keeper, struct body *body)
{
	struct record *record = body->record;

	if (record->entering != body)
		return;
	record_work_on(record);
	record->entering = NULL;
	if (record->armed)
		body_retire(keeper, record->armed);
	record->armed = body;
	record_enter_state(record, ARMED);
	tell_armed(keeper, record, body);
	record_done_with(keeper, record);
}

void record_body_failed(struct keeper *keeper, struct body *body, enum stage stage, int error)
{
	struct record *record = body->record;

	if (record->entering != body)
		return; /* given up before it failed */
	record->entering = NULL;
	if (!record->armed)
		record_idle(keeper, record);
	tell_failed(keeper, record, body->definition, stage, error);
}

void record_body_died(struct keeper *keeper, struct body *body, pid_t pid, struct ending ending)
{
	struct record *record = body->record;
	bool was_armed = record->armed == body, was_entering = record->entering == body, triggered;
	char id[ID_ROOM];

	if (was_armed)
		record->armed = NULL;
	if (was_entering)
		record->entering = NULL;
	if (ending.signal && ending.value == SIGHUP && body->ready) {
		if (body->folded) {
			run_count_folded(record, body->folded);
			return;
		}
		record_work_on(record);
		body->folded = UINT64_MAX; /* this one has had its say */
		triggered = record_trigger(keeper, record, false, id);
		record_done_with(keeper, record);
		if (triggered)
			return;
	}
	if (was_armed && record->entering) {
		record_enter_state(record, ENTERING); /* it was being replaced: the newer one is on its way */
	} else if (was_armed || (was_entering && !record->armed)) {
		record_idle(keeper, record);
		tell_died(keeper, record, pid, ending);
	} else if (was_entering) {
		tell_died(keeper, record, pid, ending);
	}
}

void record_run_started(struct keeper *keeper, struct record *record)
{
	if (record->state == COOLING && record->reason == HELD_BUDGET)
		record_settle(keeper, record);
}

void record_run_ended(struct keeper *keeper, struct record *record, struct outcome outcome)
{
	record->run_count--;
	record->outcome = outcome;
	record_settle(keeper, record);
}
