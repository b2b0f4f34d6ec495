/* From the bytes that have come in to orders, and from what became of them to answers. */
#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <stdio.h>
#include <string.h>

#include "keeper.h"
#include "order_parts.h"

enum { WORD_SHOWN = 64 };

static const char *carry_out(struct keeper *keeper, struct connection *connection, struct order *order)
{
	const char *why = order_look(order);
	const struct verb *verb = verb_find(order->verb);

	if (why)
		return why;
	if (!verb)
		return "the verb is unknown";
	if (connection != keeper->daemon && !verb_comes_first(verb))
		return "hello must come first";
	why = order_take_fields(order, verb->fields);
	return why ? why : verb->carry_out(keeper, connection, order);
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
