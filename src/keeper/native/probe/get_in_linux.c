/* How the probe gets into its jail: nobody in there sees it yet. */
#ifdef __linux__
#include <stddef.h>
#include <linux/fcntl.h>
#include <linux/keyctl.h>
#include <linux/mount.h>
#include <linux/sched.h>

#include "parts_linux.h"

enum { DETACH = 2 };

/* The kernel takes a word through it from whoever opened it alone, and only for himself. */
long open_label(const struct arming_order *order)
{
	long file;

	if (!order->label[0])
		return -1;
	file = call(__NR_openat, AT_FDCWD, (long)"/proc/self/attr/apparmor/current", O_WRONLY, 0, 0);
	must(order, STAGE_label, file);
	return file;
}

/* Of the jail's first process: after all for which its profile may give no leave, and before no profile can be taken. */
void take_label(const struct arming_order *order, long file)
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
void leave_keyring(const struct arming_order *order)
{
	long result = call2(__NR_keyctl, KEYCTL_JOIN_SESSION_KEYRING, 0);

	/* A host without keys, or out of them: the keeper has joined an empty keyring of its own before. */
	if (result != -NO_SYSTEM_CALL && result != -QUOTA)
		must(order, STAGE_keyring, result);
}

/* Before the user namespace is joined, where setgroups(2) may be denied for ever. */
void drop_groups(const struct arming_order *order)
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

void enter(const struct arming_order *order)
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

#else
typedef int not_this_platform;
#endif
