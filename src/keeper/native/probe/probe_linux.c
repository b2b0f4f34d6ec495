/*
 * The probe: a process that sits in a jail for weeks, does nothing, and says by its death that somebody
 * in there asked for something.
 *
 * It is executed on the host's side, reads its order, enters the jail and drops everything it has; only
 * then does it clone itself, and the clone is the first of our processes that the jail can see. The clone
 * has no capability, no memory but its own text and stack, and two one-way pipes. One it closes before it goes to
 * sleep; on the other, which never says anything and of which every probe of this jail has the same end, it waits.
 * Nothing in here opens, looks up or executes anything.
 *
 * No C library: a few pages mapped, nothing to initialise, nothing of the host's in memory.
 */
#ifdef __linux__
#include <stddef.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/wait.h>

#include "parts_linux.h"

enum { SET_MASK = 2, PAGE = 4096 };

__asm__(START);

/*
 * The clone, inside, before the eyes of its guard, which knows each of these calls. Signals are blocked until it has said
 * that it is ready, so whichever HUP kills it has met a probe that the keeper knows to be ready. That it has locked itself
 * up, the keeper sees with its own eyes.
 */
static _Noreturn void wait_in_jail(void)
{
	unsigned long nothing_blocked = 0;
	char byte;

	must(NULL, STAGE_setsid, call0(__NR_setsid));
	must(NULL, STAGE_pdeathsig, prctl(PR_SET_PDEATHSIG, SIGNAL_KILL));
	report(NULL, ARMING_READY, STAGE_none, 0);

	if (call(__NR_rt_sigprocmask, SET_MASK, (long)&nothing_blocked, 0, sizeof nothing_blocked, 0) < 0)
		leave(1);
	if (call1(__NR_close, FD_REPORT) < 0)
		leave(1);
	lock();
	/* The end of the pipe is the end of the keeper, if it came before the parent-death signal was set. */
	while (call3(__NR_read, FD_LIFE, (long)&byte, 1) != 0)
		continue;
	for (;;)
		call1(__NR_exit, 0);
}

/* From _start, with the stack as the kernel made it: argc, argv[0], ... */
__attribute__((noreturn, used)) void probe(const long *stack);
void probe(const long *stack)
{
	const char *title = (const char *)stack[1];
	struct arming_order *order;
	struct guarded guarded;
	long clone, label;

	/*
	 * The order lies in a page that the clone does not get. So the nonce, by which the keeper knows that
	 * the clone's pid was told by us and not by whoever traces the clone, is never in the clone's memory,
	 * and report() alone reads it, so that no register and no old stack frame holds it either.
	 */
	order = (void *)call(__NR_mmap, 0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if ((unsigned long)order > -(unsigned long)PAGE || call3(__NR_madvise, (long)order, PAGE, MADV_DONTFORK) < 0)
		leave(1);
	read_order(order);
	guarded.pid = 0;
	if (!(order->flags & ARMING_USER))
		start_guard(order, &guarded);

	label = open_label(order);
	must(order, STAGE_dump, prctl(PR_SET_DUMPABLE, 0));
	leave_keyring(order);
	drop_groups(order);
	enter(order);
	drop_bounding_set(order);
	become(order);
	take_label(order, label);
	drop_capabilities(order);
	must(order, STAGE_dump, prctl(PR_SET_DUMPABLE, 0)); /* new credentials may have put it back */
	must(order, STAGE_nonewprivs, call(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	take_no_more(order);

	must(order, STAGE_name, prctl(PR_SET_NAME, (long)title)); /* the clone's as well */
	if (guarded.pid)
		await_guard(order, &guarded);

	clone = call(__NR_clone, CLONE_PARENT | SIGNAL_CHILD, 0, 0, 0, 0);
	if (clone == 0)
		wait_in_jail();
	/* A PID namespace whose first process has ended refuses new ones with "no memory". */
	must(order, clone == -NO_MEMORY ? STAGE_gone : STAGE_clone, clone);
	report(order, ARMING_PID, STAGE_none, (int)clone);
	if (guarded.pid)
		call(__NR_wait4, guarded.pid, 0, __WALL, 0, 0);
	leave(0);
}

#else
typedef int not_this_platform;
#endif
