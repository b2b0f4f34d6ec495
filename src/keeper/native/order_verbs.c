/* What the daemon may order, and who carries it out. */
#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <string.h>
#include <unistd.h>

#include "keeper.h"
#include "order_parts.h"
#include "protocol.h"

static const char *do_limits(struct keeper *keeper, struct connection *connection, struct order *order)
{
	(void)connection;
	if (order->budget == 0)
		return "budget is 0";
	keeper->budget = (uint32_t)order->budget;
	keeper->brake = (uint32_t)order->brake;
	keeper->brake_window = (int64_t)order->brake_window;
	runs_start(keeper);
	records_settle_braked(keeper);
	return NULL;
}

static struct definition *parse(struct keeper *keeper, const struct order *order, const char **why)
{
	return definition_parse(&keeper->arena, order->fields, (size_t)(order->end - order->fields), why);
}

static const char *do_arm(struct keeper *keeper, struct connection *connection, struct order *order)
{
	struct definition *definition;
	const char *why = NULL;

	(void)connection;
	if (keeper->quitting)
		return "the keeper is ending";
	if (keeper->draining)
		return "the keeper is draining";
	definition = parse(keeper, order, &why);
	return definition ? record_arm(keeper, definition) : why;
}

static const char *do_update(struct keeper *keeper, struct connection *connection, struct order *order)
{
	const char *why = NULL;
	struct definition *definition = parse(keeper, order, &why);

	(void)connection;
	return definition ? record_update(keeper, definition) : why;
}

static const char *do_disarm(struct keeper *keeper, struct connection *connection, struct order *order)
{
	struct record *record = record_find(keeper, order->key);

	(void)connection;
	if (!record)
		return "there is no such probe";
	record_disarm(keeper, record);
	return NULL;
}

static const char *do_fire(struct keeper *keeper, struct connection *connection, struct order *order)
{
	struct record *record = record_find(keeper, order->key);

	(void)connection;
	if (!record)
		return "there is no such probe";
	return record_fire(keeper, record, order->fired);
}

static const char *do_list(struct keeper *keeper, struct connection *connection, struct order *order)
{
	(void)order;
	connection_list(keeper, connection);
	return NULL;
}

static const char *do_ack(struct keeper *keeper, struct connection *connection, struct order *order)
{
	(void)connection;
	queue_acknowledge(keeper, order->seq);
	records_settle_removed(keeper);
	records_settle_queued(keeper);
	return NULL;
}

static const char *do_drain(struct keeper *keeper, struct connection *connection, struct order *order)
{
	(void)connection;
	(void)order;
	if (PROTOCOL_VERSION == 1)
		return "the verb is unknown";
	drain_begin(keeper);
	return NULL;
}

static const char *do_quit(struct keeper *keeper, struct connection *connection, struct order *order)
{
	(void)connection;
	quit_begin(keeper, order->grace);
	return NULL;
}

static const char *do_hello(struct keeper *keeper, struct connection *connection, struct order *order)
{
	struct frame frame;
	char buffer[256];

	if (PROTOCOL_VERSION == 1 && order->version != PROTOCOL_VERSION)
		return "this keeper speaks version 1";
	frame_begin(&frame, buffer, sizeof buffer, "hello");
	frame_number(&frame, "version", PROTOCOL_VERSION);
	frame_text(&frame, "epoch", keeper->epoch);
	frame_number(&frame, "pid", getpid());
	frame_number(&frame, "started", keeper->started);
	frame_number(&frame, "seq", (int64_t)keeper->queue.newest);
	frame_number(&frame, "nofile", (int64_t)keeper->watch.count);
	if (keeper->draining || keeper->quitting)
		frame_number(&frame, "draining", 1);
	connection_answer(connection, &frame);
	connection_make_daemon(keeper, connection);
	return NULL;
}

static const struct verb verbs[] = {
	{"hello", VERSION, do_hello},
	{"limits", BUDGET | BRAKE | BRAKE_WINDOW, do_limits},
	{"arm", DEFINITION, do_arm},
	{"update", DEFINITION, do_update},
	{"disarm", KEY, do_disarm},
	{"fire", KEY, do_fire},
	{"list", 0, do_list},
	{"ack", SEQ, do_ack},
	{"drain", 0, do_drain},
	{"quit", GRACE, do_quit},
};

const struct verb *verb_find(const char *word)
{
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (strcmp(verbs[i].word, word) == 0)
			return &verbs[i];
	return NULL;
}

bool verb_comes_first(const struct verb *verb)
{
	return verb->carry_out == do_hello;
}
