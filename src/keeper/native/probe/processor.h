#ifndef PROCESSOR_H
#define PROCESSOR_H

/*
 * At each of its stops the clone wakes its guard, and the guard the clone. On one processor that is a switch from the one
 * to the other. On two it is an interrupt to a processor that may have gone to rest since, and all of them together were
 * seen to take as long as half of the rest of an arming. So the entering process ties itself to the processor that it is on,
 * its guard and its clone are born tied to the same, and the guard unties the clone when it lets it go.
 */

#include <linux/capability.h>

#include "parts_linux.h"

enum { PROCESSORS = 1024, BITS = 8 * sizeof(unsigned long) };

/* On which a process may run. */
struct processors {
	long size; /* of what the kernel wrote; 0: nothing was tied, and nothing is to be untied */
	unsigned long mask[PROCESSORS / BITS];
};

/* What is the clone's may belong to another user by then. */
static int may_untie(void)
{
	struct __user_cap_header_struct header;
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	header.version = _LINUX_CAPABILITY_VERSION_3;
	header.pid = 0;
	return call2(__NR_capget, (long)&header, (long)data) == 0 && data[0].effective >> CAP_SYS_NICE & 1;
}

static void tie(struct processors *all)
{
	volatile unsigned long one[PROCESSORS / BITS]; /* volatile: there is no memset(3) that a compiler could call */
	unsigned here;

	all->size = 0;
	if (!may_untie() || call3(__NR_getcpu, (long)&here, 0, 0) < 0 || here >= PROCESSORS)
		return;
	for (size_t i = 0; i < LENGTH(one); i++)
		one[i] = i == here / BITS ? 1ul << here % BITS : 0;
	all->size = call3(__NR_sched_getaffinity, 0, sizeof all->mask, (long)all->mask);
	if (all->size < 0 || call3(__NR_sched_setaffinity, 0, sizeof one, (long)one) < 0)
		all->size = 0;
}

/* Where that is refused after all, the process works as well on the one. */
static void untie(long process, const struct processors *all)
{
	if (all->size > 0)
		call3(__NR_sched_setaffinity, process, all->size, (long)all->mask);
}

#endif
