/* What makes the probe harmless: it gives away all that it may and might, and locks itself up. */
#ifdef __linux__
#include <stddef.h>
#include <linux/capability.h>
#include <linux/prctl.h>
#include <linux/resource.h>

#include "filter.h"
#include "parts_linux.h"

void drop_bounding_set(const struct arming_order *order)
{
	for (long capability = 0; capability < 64; capability++) {
		long result = prctl(PR_CAPBSET_DROP, capability);

		if (result == -INVALID && capability > 0)
			return; /* past the last one that this kernel knows */
		must(order, STAGE_bounding, result);
	}
}

/* Also to uid 0 of a user namespace: who joins one is nobody in there until it says who. */
void become(const struct arming_order *order)
{
	uint32_t real, effective, saved;

	if (order->group_count > 0)
		must(order, STAGE_groups, call2(__NR_setgroups, order->group_count, (long)order->groups));
	must(order, STAGE_setgid, call3(__NR_setresgid, order->gid, order->gid, order->gid));
	must(order, STAGE_setuid, call3(__NR_setresuid, order->uid, order->uid, order->uid));

	must(order, STAGE_setgid, call3(__NR_getresgid, (long)&real, (long)&effective, (long)&saved));
	if (real != order->gid || effective != order->gid || saved != order->gid)
		must(order, STAGE_setgid, -NO_PERMISSION);
	must(order, STAGE_setuid, call3(__NR_getresuid, (long)&real, (long)&effective, (long)&saved));
	if (real != order->uid || effective != order->uid || saved != order->uid)
		must(order, STAGE_setuid, -NO_PERMISSION);
}

void drop_capabilities(const struct arming_order *order)
{
	struct __user_cap_header_struct header;
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3];

	header.version = _LINUX_CAPABILITY_VERSION_3;
	header.pid = 0;
	for (size_t i = 0; i < LENGTH(none); i++)
		none[i].effective = none[i].permitted = none[i].inheritable = 0;
	must(order, STAGE_capset, call2(__NR_capset, (long)&header, (long)none));
}

/*
 * It is in the keeper's control group and not in its jail's. Root of the jail who may trace it cannot make it call the kernel,
 * but compute, and grow its stack: let that be no more than it has and needs already.
 */
void take_no_more(const struct arming_order *order)
{
	struct rlimit64 second = {1, 1}, nothing = {0, 0};

	must(order, STAGE_limit, call(__NR_prlimit64, 0, RLIMIT_CPU, (long)&second, 0, 0));
	must(order, STAGE_limit, call(__NR_prlimit64, 0, RLIMIT_AS, (long)&nothing, 0, 0));
}

/* From now on: wait and die. In strict mode there are read, write, exit and sigreturn; all else kills. */
void lock(void)
{
	struct sock_fprog program;

	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0)
		return;
	program.len = LENGTH(strict);
	program.filter = (struct sock_filter *)strict;
	if (call3(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, (long)&program) < 0)
		leave(1);
}

#else
typedef int not_this_platform;
#endif
