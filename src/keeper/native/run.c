#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "keeper.h"

/* ---- its end */

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

/* It never ran, and no process of it is left. */
static void finish_unborn(struct keeper *keeper, struct run *run, enum stage stage, int error)
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

static void outcome_ready(struct keeper *keeper, void *owner)
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
static void changed(struct keeper *keeper, struct child *child)
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

static void too_long(struct keeper *keeper, struct timer *timer)
{
	struct run *run = OWNER(timer, struct run, timer);

	run->timed_out = true;
	terminate(keeper, run);
}

/* ---- its start */

struct run *run_make(struct keeper *keeper, struct record *record, bool by_host)
{
	struct run *run = arena_take_clear(&keeper->arena, sizeof *run);

	if (!run)
		return NULL;
	run->child.changed = changed;
	run->record = record;
	run->definition = definition_keep(record->definition);
	run->by_host = by_host;
	run->fired_at = clock_wall();
	run->outcome = run->output = -1;
	run->timer.ring = too_long;
	list_append(&record->runs, &run->of_record);
	list_append(&keeper->waiting, &run->of_keeper);
	record->run_count++;
	return run;
}

static int start(struct keeper *keeper, struct run *run, enum stage *stage)
{
	struct layout layout = {.count = FD_COMMAND_COUNT, .close_on_exec = FD_OUTCOME};
	int outcome[2], output[2], error = 0;
	char id[ID_ROOM];
	pid_t pid;

	*stage = STAGE_pipe;
	if (pipe2(outcome, O_CLOEXEC) == -1)
		return errno;
	run->outcome = outcome[0];
	if (pipe2(output, O_CLOEXEC) == -1) {
		error = errno;
		close(outcome[1]);
		return error;
	}
	run->output = output[0];
	run_id(keeper, run->seq, id);
	command_prepare(&keeper->command, run->definition, id, run->by_host);
	memcpy(layout.wanted, (int[]){STDIN_FILENO, output[1], output[1], outcome[1], keeper->running_directory},
		FD_COMMAND_COUNT * sizeof(int));

	*stage = STAGE_fork;
	pid = launch(keeper, &run->child, 0, &layout);
	if (pid == 0)
		command_execute(&keeper->command);
	if (pid == -1)
		error = errno;
	command_wipe(&keeper->command);
	close(outcome[1]);
	close(output[1]);
	if (!error && (fcntl(run->outcome, F_SETFL, O_NONBLOCK) == -1
		|| watch_add(&keeper->watch, run->outcome, WATCH_EDGE, outcome_ready, run) == -1))
		return 0; /* it runs: what it has to say is read when it has ended */
	return error;
}

static void close_pipes(struct keeper *keeper, struct run *run)
{
	watch_close(&keeper->watch, &run->outcome);
	if (run->output != -1)
		close(run->output);
	run->output = -1;
}

/* False: not now. Others run, whose end will make room. */
static bool run_start(struct keeper *keeper, struct run *run)
{
	enum stage stage;
	int error = start(keeper, run, &stage);

	if (error) {
		close_pipes(keeper, run);
		if ((error == EMFILE || error == ENFILE || error == EAGAIN || error == ENOMEM) && keeper->running > 0)
			return false;
		finish_unborn(keeper, run, stage, error);
		return true;
	}
	list_remove(&run->of_keeper);
	list_append(&keeper->runs, &run->of_keeper);
	keeper->running++;
	keeper->launching++;
	run->began = keeper->launched = clock_now();
	run->started_at = clock_wall();
	/* Until its process says that it is about to execute, it has not run. */
	run->stage = STAGE_fork;
	run->error = ECHILD;
	if (run->definition->timeout)
		(void)timer_set(keeper, &run->timer, run->began + (int64_t)run->definition->timeout);
	if (!scribe_wanted(keeper, run->seq, run->definition->output, run->output))
		close(run->output);
	run->output = -1;
	record_run_started(keeper, run->record);
	return true;
}

/* Those of `never` and `after` do not overlap, nor with what began when its probe was still `immediately`. */
static bool must_follow(const struct run *run)
{
	return run->definition->respawn != RESPAWN_IMMEDIATELY && run->record->runs.next != &run->of_record;
}

void runs_start(struct keeper *keeper)
{
	struct list *link, *next;

	if (keeper->grace_over)
		runs_terminate(keeper); /* of a HUP that came to light only now */
	for (link = keeper->waiting.next; link != &keeper->waiting; link = next) {
		struct run *run = OWNER(link, struct run, of_keeper);

		next = link->next;
		if (keeper->running >= keeper->budget || !launch_possible(keeper))
			return;
		if (!must_follow(run) && !run_start(keeper, run))
			return;
	}
}

void run_count_folded(struct record *record, uint64_t seq)
{
	for (struct list *link = record->runs.next; link != &record->runs; link = link->next) {
		struct run *run = OWNER(link, struct run, of_record);

		if (run->seq == seq)
			run->folded++;
	}
}

void runs_terminate(struct keeper *keeper)
{
	while (!list_empty(&keeper->waiting))
		finish_unborn(keeper, OWNER(keeper->waiting.next, struct run, of_keeper), STAGE_fork, ECANCELED);
	for (struct list *link = keeper->runs.next; link != &keeper->runs; link = link->next)
		terminate(keeper, OWNER(link, struct run, of_keeper));
}
