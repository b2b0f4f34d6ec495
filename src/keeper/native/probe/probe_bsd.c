/*
 * The probe on FreeBSD and DragonFly: a process that sits in a jail for weeks, does nothing, and says by its death that
 * somebody in there asked for something.
 *
 * It is executed on the host's side, reads its order, and does there all that needs anything of the host; then it attaches
 * itself to the jail, drops what it has, and waits. Inside it looks up nothing but "/" and opens and executes nothing. All
 * signals are blocked until it has said that it is ready, so whichever HUP kills it has met a probe that the keeper knows.
 */
#ifndef __linux__
#include <sys/types.h>
#include <sys/param.h>
#ifdef __FreeBSD__
#include <sys/capsicum.h>
#endif
#include <sys/jail.h>
#include <sys/procctl.h> /* PROC_PDEATHSIG_CTL, or none: what the wait is for */
#include <sys/stat.h>
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "parts_bsd.h"

struct arming_order order;

static void report(enum arming_kind kind, enum stage stage, int value)
{
	struct arming_report record = {.nonce = order.nonce, .kind = kind, .stage = stage, .value = value};

	(void)!write(FD_REPORT, &record, sizeof record); /* else the keeper sees us end without a word, or is gone */
}

void must(enum stage stage, int result)
{
	if (result != -1)
		return;
	report(ARMING_FAILED, stage, errno);
	_exit(1);
}

void must_be(enum stage stage, bool so, int error)
{
	errno = error;
	must(stage, so ? 0 : -1);
}

static void read_order(void)
{
	size_t have = 0;

	while (have < sizeof order) {
		ssize_t got = read(FD_ORDER, (char *)&order + have, sizeof order - have);

		if (got == -1 && errno == EINTR)
			continue;
		if (got <= 0)
			_exit(1); /* nobody to report to: it was not the keeper who started us */
		have += (size_t)got;
	}
	must_be(STAGE_order, order.version == ARMING_VERSION && order.group_count <= ARMING_GROUPS, EPROTO);
	must(STAGE_order, close(FD_ORDER));
	(void)closefrom(FD_LIFE + 1);
}

/* ---- in */

/* EPERM while any directory is open: there is none. DragonFly does not change the directory by itself. */
static void attach(void)
{
	struct stat root;

	if (jail_attach(order.jid) == -1)
		must(errno == EINVAL ? STAGE_gone : STAGE_attach, -1);
	must(STAGE_chdir, chdir("/"));
	must(STAGE_identity, stat("/", &root));
	must_be(STAGE_identity, (uint64_t)root.st_dev == order.dev && (uint64_t)root.st_ino == order.ino, ESTALE);
}

/* Our own descriptor is closed before chroot(2), which refuses open directories. */
static void change_root(void)
{
	must(STAGE_chdir, fchdir(FD_ROOT));
	must(STAGE_chroot, close(FD_ROOT));
	must(STAGE_chroot, chroot("."));
	must(STAGE_chdir, chdir("/"));
}

/* ---- the wait */

static _Noreturn void wait_for_the_end(void)
{
	sigset_t none;

	sigemptyset(&none);
#ifdef PROC_PDEATHSIG_CTL
	for (;;)
		(void)sigsuspend(&none); /* no signal is handled: it does not return */
#else
	char byte;

	if (sigprocmask(SIG_SETMASK, &none, NULL) == -1)
		_exit(1);
	/* The end of pipe L is the end of the keeper, who writes nothing. */
	while (read(FD_LIFE, &byte, 1) == -1 && errno == EINTR)
		continue;
	_exit(0);
#endif
}

int main(int count, char **words)
{
	read_order();
	must_be(STAGE_order, count == 1, EPROTO);
	follow_keeper();
	shut_out();
	/* The new session would keep the login name of whoever has started the daemon, and tell it to the jail. */
	must(STAGE_setsid, setsid());
	must(STAGE_setsid, setlogin(""));
	/*
	 * The title is our whole argv from the exec on: so the jail, which sees us from jail_attach(2) on, never sees another.
	 * It is said once more in the way that ps(1) is promised to understand, without the program's name in front, and
	 * here, where the C library may still look for memory and for whatever else it needs.
	 */
	setproctitle("-%s", words[0]);

	if (order.flags & ARMING_JAIL)
		attach();
	else
		change_root();
	become();
#ifdef __FreeBSD__
	must(STAGE_capmode, cap_enter());
#endif
	report(ARMING_READY, STAGE_none, 0);
	if (close(FD_REPORT) == -1)
		_exit(1);
	wait_for_the_end();
}

#else
typedef int not_this_platform;
#endif
