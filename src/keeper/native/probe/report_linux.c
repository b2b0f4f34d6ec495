/* What the probe is told, and what it says. */
#ifdef __linux__
#include <stddef.h>

#include "parts_linux.h"

_Noreturn void leave(int status)
{
	for (;;)
		call1(__NR_exit_group, status);
}

/* The nonce is touched here and nowhere else: after the clone, or when there will be none. See probe(). */
void report(const struct arming_order *order, enum arming_kind kind, enum stage stage, int value)
{
	struct arming_report record;

	record.nonce = order ? order->nonce : 0;
	record.kind = kind;
	record.stage = stage;
	record.value = value;
	record.unused = 0;
	call3(__NR_write, FD_REPORT, (long)&record, sizeof record);
}

void must(const struct arming_order *order, enum stage stage, long result)
{
	if (result >= 0)
		return;
	report(order, ARMING_FAILED, stage, (int)-result);
	leave(1);
}

void read_order(struct arming_order *order)
{
	size_t have = 0;

	while (have < sizeof *order) {
		long got = call3(__NR_read, FD_ORDER, (long)((char *)order + have), sizeof *order - have);

		if (got == -INTERRUPTED)
			continue;
		if (got <= 0)
			leave(1);
		have += (size_t)got;
	}
	if (order->group_count > ARMING_GROUPS)
		must(order, STAGE_order, -PROTOCOL);
	must(order, STAGE_order, call1(__NR_close, FD_ORDER));
}

#else
typedef int not_this_platform;
#endif
