/*
 * The end, by order only, and carried out even if the daemon dies meanwhile. quit: probes go at once, commands when
 * they have ended or their grace is over, the keeper when the daemon has all there is to tell. drain: nothing new
 * is begun, and the keeper goes when nothing is left; the daemon disarms, probe by probe.
 */
#include "keeper.h"

enum { FOR_A_DAEMON = 5000, FOR_TRACED = 2000 };

static void grace_over(struct keeper *keeper, struct timer *timer)
{
	(void)timer;
	keeper->grace_over = true;
	runs_terminate(keeper);
}

static void look_again(struct keeper *keeper, struct timer *timer)
{
	(void)keeper; /* it has woken the loop, which asks quit_is_over() */
	(void)timer;
}

void quit_begin(struct keeper *keeper, uint64_t grace)
{
	struct list *link, *next;

	if (!keeper->quitting) {
		keeper->quitting = true;
		keeper->quit_at = keeper->last_end = clock_now();
		keeper->patience.ring = look_again;
		for (link = keeper->record_list.next; link != &keeper->record_list; link = next) {
			next = link->next;
			record_disarm(keeper, OWNER(link, struct record, link));
		}
	}
	keeper->grace_over = false;
	keeper->grace.ring = grace_over;
	(void)timer_set(keeper, &keeper->grace, clock_now() + (int64_t)grace);
}

static bool wait_until(struct keeper *keeper, int64_t moment)
{
	if (clock_now() >= moment)
		return false;
	(void)timer_set(keeper, &keeper->patience, moment);
	return true;
}

bool quit_is_over(struct keeper *keeper)
{
	if (!keeper->quitting || keeper->running > 0 || !list_empty(&keeper->waiting) || !list_empty(&keeper->unread))
		return false;
	/* A killed probe that a tracer holds is dead to the jail, but not reaped. */
	if (keeper->record_count > 0 && wait_until(keeper, keeper->quit_at + FOR_TRACED))
		return false;
	if (list_empty(&keeper->queue.events))
		return true;
	return !keeper->daemon && !wait_until(keeper, keeper->last_end + FOR_A_DAEMON);
}

void drain_begin(struct keeper *keeper)
{
	keeper->draining = true;
	for (struct list *link = keeper->record_list.next; link != &keeper->record_list; link = link->next) {
		struct record *record = OWNER(link, struct record, link);

		if (record->state == COOLING)
			record_settle(keeper, record); /* it will not come back by itself: idle */
	}
}

bool drain_is_over(const struct keeper *keeper)
{
	const struct connection *daemon = keeper->daemon;

	if (!keeper->draining || keeper->bodies > 0 || keeper->running > 0)
		return false;
	if (!list_empty(&keeper->waiting) || !list_empty(&keeper->unread) || !list_empty(&keeper->queue.events))
		return false;
	return !daemon || (daemon->out_used == 0 && !daemon->listing); /* it has its answers */
}
