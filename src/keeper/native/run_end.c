/* How a run comes to its exec, and how it ends: by itself, by its time limit, or before it ever ran. */
#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "keeper.h"
#include "run_parts.h"

/* Nothing more is to be learned of its exec. */
static void close_outcome(struct keeper *keeper, struct run *run)
{
	if (run->outcome == -1)
		return;
	watch_close(&keeper->watch, &run->outcome);
	if (!run->began)
		return;
	keeper->launching--;
	keeper->launched = clock_now();
}

static void finish(struct keeper *keeper, struct run *run, struct ending ending)
{
	struct record *record = run->record;
	struct outcome outcome = {.kind = OUTCOME_NEVER_RAN, .at = clock_wall()};

	timer_clear(keeper, &run->timer);
	close_outcome(keeper, run);
	if (run->stage == STAGE_none) {
		outcome.kind = ending.signal ? OUTCOME_SIGNAL : OUTCOME_EXIT;
		outcome.value = ending.value;
	}
	run_tell_finished(keeper, run, ending);
	if (run->began) {
		keeper->running--;
		keeper->last_end = clock_now();
	}
	list_remove(&run->of_record);
	list_remove(&run->of_keeper);
	definition_drop(&keeper->arena, run->definition);
	arena_give(&keeper->arena, run, sizeof *run);
	record_run_ended(keeper, record, outcome);
}

void run_finish_unborn(struct keeper *keeper, struct run *run, enum stage stage, int error)
{
	run->stage = stage;
	run->error = error;
	finish(keeper, run, (struct ending){0});
}

/* What exec came to, as far as it is known: about to, then either an error or the end of the pipe. */
static void read_outcome(struct keeper *keeper, struct run *run)
{
	struct command_report report;
	ssize_t got;

	(void)launch_tidy(keeper); /* our copy of the pipe's other end goes, or we should never see it end */
	while (run->outcome != -1 && (got = read(run->outcome, &report, sizeof report)) != -1) {
		if (got == 0) {
			close_outcome(keeper, run);
			if (run->stage == STAGE_none)
				run_tell_started(keeper, run);
		} else if (got != sizeof report || report.stage >= STAGE_COUNT) {
			break;
		} else if (report.stage == STAGE_none) {
			run->stage = STAGE_none;
			run->marker = report.error;
		} else {
			run->stage = (enum stage)report.stage;
			run->error = report.error;
		}
	}
}

void run_outcome_ready(struct keeper *keeper, void *owner)
{
	read_outcome(keeper, owner);
}

void run_remove_marker(struct keeper *keeper, uint64_t seq)
{
	char id[ID_ROOM];

	run_id(keeper, seq, id);
	(void)unlinkat(keeper->running_directory, id, 0); /* ENOENT: it could not be made, or never ran */
}

/* Only the leader counts. Its group can be signalled safely only before it is reaped. */
void run_changed(struct keeper *keeper, struct child *child)
{
	struct run *run = OWNER(child, struct run, child);
	struct ending ending = process_look(child->handle);

	if (!ending.ended)
		return;
	if (run->terminated)
		(void)kill(-child->pid, SIGKILL); /* ESRCH: nobody else was in it */
	launch_ended(keeper, child->pid);
	read_outcome(keeper, run);
	if (run->stage == STAGE_none)
		run_tell_started(keeper, run);
	(void)process_reap(child->handle);
	child_forget(keeper, child);
	finish(keeper, run, ending);
	runs_start(keeper);
}

/* ---- TERM, then KILL, to the whole group */

static void kill_hard(struct keeper *keeper, struct timer *timer)
{
	(void)keeper;
	(void)kill(-OWNER(timer, struct run, timer)->child.pid, SIGKILL);
}

static void terminate(struct keeper *keeper, struct run *run)
{
	if (run->terminated)
		return;
	run->terminated = true;
	run->timer.ring = kill_hard;
	(void)timer_set(keeper, &run->timer, clock_now() + (int64_t)run->definition->kill_after);
	/* Not a group yet: the process has only just been forked. It has all signals blocked until exec. */
	if (kill(-run->child.pid, SIGTERM) == -1)
		child_kill(&run->child, SIGTERM);
}

void run_too_long(struct keeper *keeper, struct timer *timer)
{
	struct run *run = OWNER(timer, struct run, timer);

	run->timed_out = true;
	terminate(keeper, run);
}

void runs_terminate(struct keeper *keeper)
{
	while (!list_empty(&keeper->waiting))
		run_finish_unborn(keeper, OWNER(keeper->waiting.next, struct run, of_keeper), STAGE_fork, ECANCELED);
	for (struct list *link = keeper->runs.next; link != &keeper->runs; link = link->next)
		terminate(keeper, OWNER(link, struct run, of_keeper));
}
