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
#include <linux/capability.h>
#include <linux/fcntl.h>
#include <linux/keyctl.h>
#include <linux/mman.h>
#include <linux/mount.h>
#include <linux/prctl.h>
#include <linux/resource.h>
#include <linux/sched.h>

#include "../stage.h"
#include "arming.h"
#include "syscall.h"
#include "filter.h"

enum { NO_MEMORY = 12, NO_PERMISSION = 1, NO_SYSTEM_CALL = 38, NO_SUCH_PROCESS = 3, INVALID = 22, PROTOCOL = 71 };
enum { QUOTA = 122, INTERRUPTED = 4, SIGNAL_KILL = 9, SIGNAL_CHILD = 17, SET_MASK = 2, PAGE = 4096, DETACH = 2 };

static long call0(long number) { return call(number, 0, 0, 0, 0, 0); }
static long call1(long number, long a) { return call(number, a, 0, 0, 0, 0); }
static long call2(long number, long a, long b) { return call(number, a, b, 0, 0, 0); }
static long call3(long number, long a, long b, long c) { return call(number, a, b, c, 0, 0); }
static long prctl(long option, long value) { return call(__NR_prctl, option, value, 0, 0, 0); }

static _Noreturn void leave(int status)
{
	for (;;)
		call1(__NR_exit_group, status);
}

/* The nonce is touched here and nowhere else: after the clone, or when there will be none. See probe(). */
static __attribute__((noinline)) void report(
	const struct arming_order *order, enum arming_kind kind, enum stage stage, int value)
{
	struct arming_report record;

	record.nonce = order ? order->nonce : 0;
	record.kind = kind;
	record.stage = stage;
	record.value = value;
	record.unused = 0;
	call3(__NR_write, FD_REPORT, (long)&record, sizeof record);
}

/* Around a call that must have succeeded: a probe never runs half locked. */
static void must(const struct arming_order *order, enum stage stage, long result)
{
	if (result >= 0)
		return;
	report(order, ARMING_FAILED, stage, (int)-result);
	leave(1);
}

static void read_order(struct arming_order *order)
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

#include "guard.h"

/*
 * The file through which the label is asked for, while the host's /proc is there; the kernel takes a word through it from
 * whoever opened it alone, and only for himself.
 */
static long open_label(const struct arming_order *order)
{
	long file;

	if (!order->label[0])
		return -1;
	file = call(__NR_openat, AT_FDCWD, (long)"/proc/self/attr/apparmor/current", O_WRONLY, 0, 0);
	must(order, STAGE_label, file);
	return file;
}

/* Of the jail's first process: after all for which its profile may give no leave, and before no profile can be taken. */
static void take_label(const struct arming_order *order, long file)
{
	size_t length = 0;

	if (file < 0)
		return;
	while (order->label[length])
		length++;
	must(order, STAGE_label, call3(__NR_write, file, (long)order->label, (long)length));
	must(order, STAGE_label, call1(__NR_close, file));
}

/* The session keyring of whoever started the keeper must not be reachable from inside. */
static void leave_keyring(const struct arming_order *order)
{
	long result = call2(__NR_keyctl, KEYCTL_JOIN_SESSION_KEYRING, 0);

	/* A host without keys, or out of them: the keeper has joined an empty keyring of its own before. */
	if (result != -NO_SYSTEM_CALL && result != -QUOTA)
		must(order, STAGE_keyring, result);
}

/* Before the user namespace is joined, where setgroups(2) may be denied for ever. */
static void drop_groups(const struct arming_order *order)
{
	long result = call2(__NR_setgroups, 0, 0);

	if (result == -NO_PERMISSION && (order->flags & ARMING_KEEP_GROUPS))
		return;
	must(order, STAGE_groups, result);
}

/*
 * The directory becomes the root of mounts of our own, and the host's are taken off: slaves of the host's, so that
 * what it unmounts goes away here too. The directory is bound onto itself first, since only a mount can be a root;
 * then the old root comes to lie upon the new one, at the same place.
 */
static void enter_as_mount(const struct arming_order *order)
{
	long tree;

	must(order, STAGE_chdir, call1(__NR_fchdir, FD_ROOT));
	must(order, STAGE_mount, call1(__NR_close, FD_ROOT));
	must(order, STAGE_mount, call1(__NR_unshare, CLONE_NEWNS));
	must(order, STAGE_mount, call(__NR_mount, 0, (long)"/", 0, MS_REC | MS_SLAVE, 0));
	tree = call3(__NR_open_tree, AT_FDCWD, (long)".", OPEN_TREE_CLONE | AT_RECURSIVE);
	must(order, STAGE_mount, tree);
	must(order, STAGE_mount, call(__NR_move_mount, tree, (long)"", AT_FDCWD, (long)".", MOVE_MOUNT_F_EMPTY_PATH));
	must(order, STAGE_mount, call1(__NR_fchdir, tree));
	must(order, STAGE_mount, call1(__NR_close, tree));
	must(order, STAGE_mount, call2(__NR_pivot_root, (long)".", (long)"."));
	must(order, STAGE_mount, call2(__NR_umount2, (long)".", DETACH));
	must(order, STAGE_chdir, call1(__NR_chdir, (long)"/"));
}

static void enter(const struct arming_order *order)
{
	if (order->flags & ARMING_MOUNT) {
		enter_as_mount(order);
		return;
	}
	if (order->flags & ARMING_TARGET) {
		long result = call2(__NR_setns, FD_TARGET, order->namespaces);

		must(order, result == -NO_SUCH_PROCESS ? STAGE_gone : STAGE_setns, result);
	}
	/* The root of the jail's first process, which may sit under a chroot in its mount namespace. */
	must(order, STAGE_chdir, call1(__NR_fchdir, FD_ROOT));
	must(order, STAGE_chroot, call1(__NR_close, FD_ROOT));
	must(order, STAGE_chroot, call1(__NR_chroot, (long)"."));
	must(order, STAGE_chdir, call1(__NR_chdir, (long)"/"));
	if (order->flags & ARMING_TARGET)
		must(order, STAGE_setns, call1(__NR_close, FD_TARGET));
}

static void drop_bounding_set(const struct arming_order *order)
{
	for (long capability = 0; capability < 64; capability++) {
		long result = prctl(PR_CAPBSET_DROP, capability);

		if (result == -INVALID && capability > 0)
			return; /* past the last one that this kernel knows */
		must(order, STAGE_bounding, result);
	}
}

/* Also to uid 0 of a user namespace: who joins one is nobody in there until it says who. */
static void become(const struct arming_order *order)
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

static void drop_capabilities(const struct arming_order *order)
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
static void take_no_more(const struct arming_order *order)
{
	struct rlimit64 second = {1, 1}, nothing = {0, 0};

	must(order, STAGE_limit, call(__NR_prlimit64, 0, RLIMIT_CPU, (long)&second, 0, 0));
	must(order, STAGE_limit, call(__NR_prlimit64, 0, RLIMIT_AS, (long)&nothing, 0, 0));
}

/* From now on: wait and die. In strict mode there are read, write, exit and sigreturn; all else kills. */
static void lock(void)
{
	struct sock_fprog program;

	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0)
		return;
	program.len = LENGTH(strict);
	program.filter = (struct sock_filter *)strict;
	if (call3(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, (long)&program) < 0)
		leave(1);
}

/*
 * The clone, inside, before the eyes of its guard, which knows each of these calls. Signals are blocked until it has said
 * that it is ready, so whichever HUP kills it has met a probe that the keeper knows to be ready. That it has locked itself up, the keeper sees with its own eyes.
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
