#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "keeper.h"
#include "protocol.h"

enum { WORD_SHOWN = 64 };

/* The fields of one order that are not a definition's. Those that it does not have are refused. */
struct order {
	const char *verb;
	const char *fields, *end;
	const char *key;
	uint64_t ref, version, budget, brake, brake_window, seq, grace;
	bool has_ref;
	char fired[ID_ROOM]; /* by `fire`, for the answer */
};

static const char *do_limits(struct keeper *keeper, struct connection *connection, struct order *order)
{
	(void)connection;
	if (order->budget == 0)
		return "budget is 0";
	keeper->budget = (uint32_t)order->budget;
	keeper->brake = (uint32_t)order->brake;
	keeper->brake_window = (int64_t)order->brake_window;
	runs_start(keeper);
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
	return record_fire(keeper, record, order->fired) ? NULL : "it is not armed";
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
	if (keeper->draining)
		frame_number(&frame, "draining", 1);
	connection_answer(connection, &frame);
	connection_make_daemon(keeper, connection);
	return NULL;
}

enum { KEY = 1, VERSION = 2, BUDGET = 4, BRAKE = 8, BRAKE_WINDOW = 16, SEQ = 32, GRACE = 64, DEFINITION = 128 };

static const struct verb {
	const char *word;
	unsigned fields;
	const char *(*carry_out)(struct keeper *, struct connection *, struct order *);
} verbs[] = {
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

static const struct {
	const char *name;
	unsigned bit;
	uint64_t max;
	size_t at;
} fields[] = {
	{"key", KEY, 0, offsetof(struct order, key)},
	{"version", VERSION, UINT32_MAX, offsetof(struct order, version)},
	{"budget", BUDGET, UINT32_MAX, offsetof(struct order, budget)},
	{"brake", BRAKE, UINT32_MAX, offsetof(struct order, brake)},
	{"brake_window", BRAKE_WINDOW, UINT32_MAX, offsetof(struct order, brake_window)},
	{"seq", SEQ, UINT64_MAX, offsetof(struct order, seq)},
	{"grace", GRACE, UINT32_MAX, offsetof(struct order, grace)},
};

enum { VERBS = sizeof verbs / sizeof *verbs, FIELDS = sizeof fields / sizeof *fields };

/* `ref` and `key` are looked for first, so that the refusal of a bad order can name them. */
static const char *look(struct order *order)
{
	const char *at = order->fields, *why = NULL;
	struct field field;

	while (field_next(&at, order->end, &field)) {
		if (field_is(&field, "key"))
			order->key = field.value;
		if (!field_is(&field, "ref"))
			continue;
		if (order->has_ref || !parse_number(field.value, UINT64_MAX >> 1, &order->ref))
			why = "ref is no number, or stands there twice";
		else
			order->has_ref = true;
	}
	return why;
}

static const char *take_fields(const struct verb *verb, struct order *order)
{
	const char *at = order->fields;
	struct field field;
	unsigned seen = 0;

	if (verb->fields & DEFINITION)
		return NULL;
	while (field_next(&at, order->end, &field)) {
		char *member;
		int i = 0;

		if (field_is(&field, "ref"))
			continue;
		while (i < FIELDS && !field_is(&field, fields[i].name))
			i++;
		if (i == FIELDS || !(verb->fields & fields[i].bit))
			return "a field is unknown";
		if (seen & fields[i].bit)
			return "a field stands there twice";
		seen |= fields[i].bit;
		member = (char *)order + fields[i].at;
		if (fields[i].max == 0)
			memcpy(member, &field.value, sizeof field.value);
		else if (!parse_number(field.value, fields[i].max, (uint64_t *)(void *)member))
			return "a number is none, or out of range";
	}
	return seen == verb->fields ? NULL : "a field is missing";
}

static const char *carry_out(struct keeper *keeper, struct connection *connection, struct order *order)
{
	const char *why = look(order);
	int i = 0;

	if (why)
		return why;
	while (i < VERBS && strcmp(verbs[i].word, order->verb) != 0)
		i++;
	if (i == VERBS)
		return "the verb is unknown";
	if (connection != keeper->daemon && verbs[i].carry_out != do_hello)
		return "hello must come first";
	why = take_fields(&verbs[i], order);
	return why ? why : verbs[i].carry_out(keeper, connection, order);
}

/* Cut to what an answer can hold: these are the other side's bytes. */
static void echo(struct frame *frame, const char *name, const char *text, int most)
{
	char shown[TEXT_MAX + 1];

	snprintf(shown, sizeof shown, "%.*s", most, text);
	frame_text(frame, name, shown);
}

static void answer(struct connection *connection, const struct order *order, const char *why)
{
	struct frame frame;
	char buffer[2 * TEXT_MAX];

	if (!why && !order->has_ref)
		return;
	frame_begin(&frame, buffer, sizeof buffer, why ? "refused" : "ok");
	if (order->has_ref)
		frame_number(&frame, "ref", (int64_t)order->ref);
	if (!why && order->fired[0])
		frame_text(&frame, "id", order->fired);
	if (why) {
		echo(&frame, "verb", order->verb, WORD_SHOWN);
		frame_text(&frame, "why", why);
		if (order->key)
			echo(&frame, "key", order->key, TEXT_MAX);
	}
	connection_answer(connection, &frame);
}

static void take_frame(struct keeper *keeper, struct connection *connection, const char *body, size_t length)
{
	struct order order = {.verb = "", .end = body + length};

	if (!frame_sound(body, length)) {
		answer(connection, &order, "the frame is malformed");
		return;
	}
	order.verb = body;
	order.fields = body + strlen(body) + 1;
	answer(connection, &order, carry_out(keeper, connection, &order));
}

/* A list is told before the next order is looked at, and no order is read that could not be answered. */
static bool may_read(const struct connection *connection, size_t at)
{
	return !connection->closing && !connection->listing && connection_has_room(connection)
		&& connection->in_used - at >= FRAME_HEAD;
}

bool orders_wait(const struct connection *connection)
{
	return may_read(connection, 0) && connection->in_used - FRAME_HEAD >= frame_length(connection->in);
}

void orders_read(struct keeper *keeper, struct connection *connection)
{
	size_t at = 0;

	while (may_read(connection, at)) {
		const char *frame = connection->in + at;
		uint32_t length = frame_length(frame);

		if (length == 0 || length > FRAME_MAX) {
			struct order order = {.verb = ""};

			/* It is told why, and then closed: nothing after it can be trusted. */
			answer(connection, &order, "the frame's length is out of range");
			connection->closing = true;
			at = connection->in_used;
			break;
		}
		if (connection->in_used - at - FRAME_HEAD < length)
			break;
		at += FRAME_HEAD + length;
		take_frame(keeper, connection, frame + FRAME_HEAD, length);
	}
	if (at > 0) {
		memmove(connection->in, connection->in + at, connection->in_used - at);
		connection->in_used -= at;
	}
}
