#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <stdio.h>
#include <time.h>

#include "keeper.h"
#include "protocol.h"

enum { RUN_LINE_MAX = 256 };

static const char *const state_words[] = {"idle", "entering", "armed", "running", "cooling", "spent", "removing",
	PROTOCOL_VERSION == 1 ? "removing" : "removed"};
static const char *const reason_words[] = {"", "cooldown", "concurrency", "brake", "queue", "budget"};

static void begin(struct keeper *keeper, struct frame *frame, char buffer[EVENT_MAX], const char *verb,
	const struct definition *definition)
{
	event_begin(keeper, frame, buffer, verb);
	frame_text(frame, "key", definition_text(definition, definition->key));
	frame_text(frame, "instance", definition_text(definition, definition->instance));
}

void tell_failed(struct keeper *keeper, struct record *record, const struct definition *definition,
	enum stage stage, int error)
{
	struct frame frame;
	char buffer[EVENT_MAX];

	begin(keeper, &frame, buffer, "failed", definition);
	frame_text(&frame, "stage", stage_word(stage));
	frame_number(&frame, "errno", error);
	if (record->armed) /* an older process serves meanwhile */
		frame_number(&frame, "pid", record->armed->child.pid);
	event_end_state(keeper, &frame, record);
}

void tell_armed(struct keeper *keeper, struct record *record, const struct body *body)
{
	struct frame frame;
	char buffer[EVENT_MAX], title[TITLE_ROOM];

	body_title(body, title, sizeof title);
	begin(keeper, &frame, buffer, "armed", body->definition);
	frame_text(&frame, "tag", definition_text(body->definition, body->definition->tag));
	frame_number(&frame, "pid", body->child.pid);
	frame_text(&frame, "title", title);
	event_end_state(keeper, &frame, record);
}

void tell_died(struct keeper *keeper, struct record *record, pid_t pid, struct ending ending)
{
	struct frame frame;
	char buffer[EVENT_MAX];

	/* As the record is: an order for a newer instance may have been taken meanwhile. */
	begin(keeper, &frame, buffer, "died", record->definition);
	frame_number(&frame, "pid", pid);
	frame_number(&frame, ending.signal ? "signal" : "exit", ending.value);
	event_end_state(keeper, &frame, record);
}

void tell_spent(struct keeper *keeper, struct record *record)
{
	struct frame frame;
	char buffer[EVENT_MAX];

	begin(keeper, &frame, buffer, "spent", record->definition);
	event_end_state(keeper, &frame, record);
}

void tell_held(struct keeper *keeper, struct record *record)
{
	struct frame frame;
	char buffer[EVENT_MAX];

	begin(keeper, &frame, buffer, "held", record->definition);
	frame_text(&frame, "reason", reason_words[record->reason]);
	if (record->until)
		frame_number(&frame, "until", record->until);
	event_end_state(keeper, &frame, record);
}

void tell_removed(struct keeper *keeper, struct record *record)
{
	struct frame frame;
	char buffer[EVENT_MAX];

	if (PROTOCOL_VERSION == 1)
		return;
	begin(keeper, &frame, buffer, "removed", record->definition);
	event_end_state(keeper, &frame, record);
}

void tell_record(struct keeper *keeper, const struct record *record, struct frame *frame, void *buffer, size_t room)
{
	const struct definition *definition = record->definition;
	const struct body *shown = record->armed ? record->armed : record->entering;
	char title[TITLE_ROOM];

	/* A replacement that failed leaves the older process, and with it the older tag: it is to be armed again. */
	if (record->armed && !record->entering)
		definition = record->armed->definition;
	frame_begin(frame, buffer, room, "record");
	frame_text(frame, "key", definition_text(definition, definition->key));
	frame_text(frame, "tag", definition_text(definition, definition->tag));
	frame_text(frame, "instance", definition_text(definition, definition->instance));
	frame_text(frame, "state", state_words[record->state]);
	if (record->state == RUNNING && record->definition->respawn == RESPAWN_NEVER && !record->rearm)
		frame_number(frame, "once", 1);
	frame_number(frame, "since", record->since);
	if (shown && shown->child.pid) {
		body_title(shown, title, sizeof title);
		frame_number(frame, "pid", shown->child.pid);
		frame_text(frame, "title", title);
	}
	if (record->state == COOLING) {
		if (record->until)
			frame_number(frame, "until", record->until);
		frame_text(frame, "reason", reason_words[record->reason]);
	}
	/* More than a frame holds are not told; they are in the events all the same. */
	for (struct list *link = record->runs.next; link != &record->runs; link = link->next)
		if (frame->used < FRAME_MAX - RUN_LINE_MAX)
			run_tell(keeper, OWNER(link, struct run, of_record), frame);
}

void tell_receipt(const struct record *record, char receipt[RECEIPT_ROOM])
{
	const struct outcome *outcome = &record->outcome;
	time_t seconds = (time_t)(outcome->at / 1000);
	char clock[16], code[16] = "";
	struct tm utc;

	receipt[0] = '\0';
	if (!record->definition->receipt || outcome->kind == NO_OUTCOME || !gmtime_r(&seconds, &utc))
		return;
	(void)strftime(clock, sizeof clock, "%H:%M:%SZ", &utc);
	if (outcome->kind == OUTCOME_EXIT && outcome->value == 0) {
		snprintf(receipt, RECEIPT_ROOM, " [ok %s]", clock);
		return;
	}
	if (outcome->kind == OUTCOME_EXIT)
		snprintf(code, sizeof code, " %d", outcome->value);
	else if (outcome->kind == OUTCOME_SIGNAL)
		snprintf(code, sizeof code, " signal %d", outcome->value);
	snprintf(receipt, RECEIPT_ROOM, " [failed%s %s]", code, clock);
}
