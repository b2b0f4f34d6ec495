/* How a run comes about, waits its turn and is started. */
#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "keeper.h"
#include "run_parts.h"

struct run *run_make(struct keeper *keeper, struct record *record, bool by_host)
{
	struct run *run = arena_take_clear(&keeper->arena, sizeof *run);

	if (!run)
		return NULL;
	run->child.changed = run_changed;
	run->record = record;
	run->definition = definition_keep(record->definition);
	run->by_host = by_host;
	run->fired_at = clock_wall();
	run->outcome = run->output = -1;
	run->timer.ring = run_too_long;
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
	unsigned told = WATCH_EDGE;
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

	/*
	 * That it executes is told by the end of the pipe, and the end only when we have let go of the copy that we keep for
	 * the child until it has its own. We look for that when we wake. To be woken by what it says before its exec costs the
	 * command a little; but a probe that is to be back at once waits for it.
	 */
	if (run->definition->respawn == RESPAWN_IMMEDIATELY)
		told |= WATCH_READ;
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
		|| watch_add(&keeper->watch, run->outcome, told, run_outcome_ready, run) == -1))
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
		run_finish_unborn(keeper, run, stage, error);
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
