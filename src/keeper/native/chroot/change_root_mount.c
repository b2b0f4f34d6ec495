#ifdef __linux__
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "change_root.h"

#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
#ifndef MOVE_MOUNT_F_EMPTY_PATH
#define MOVE_MOUNT_F_EMPTY_PATH 4
#endif

/* The current directory, and what is mounted below it, becomes a mount of its own: pivot_root(2) wants one. */
static int mount_here(const char **call)
{
	int tree = (int)syscall(SYS_open_tree, AT_FDCWD, ".", OPEN_TREE_CLONE | AT_RECURSIVE | O_CLOEXEC);

	*call = "open_tree(2)";
	if (tree == -1)
		return -1;
	*call = "move_mount(2)";
	if (syscall(SYS_move_mount, tree, "", AT_FDCWD, ".", MOVE_MOUNT_F_EMPTY_PATH) == -1)
		return -1;
	*call = "fchdir(2)";
	if (fchdir(tree) == -1)
		return -1;
	return close(tree);
}

/*
 * The mounts are slaves of the host's: what happens here is not seen there, but a file system that the host
 * unmounts goes away here too, instead of staying busy for as long as we live.
 */
static int change(const char *dirname, const char **call)
{
	*call = "chdir(2)";
	if (chdir(dirname) == -1)
		return -1;
	*call = "unshare(2)";
	if (unshare(CLONE_NEWNS) == -1)
		return -1;
	*call = "mount(2)";
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) == -1 || mount_here(call) == -1)
		return -1;
	/* The old root comes to lie upon the new one, at the same place; then it is taken off. */
	*call = "pivot_root(2)";
	if (syscall(SYS_pivot_root, ".", ".") == -1)
		return -1;
	*call = "umount2(2)";
	if (umount2(".", MNT_DETACH) == -1)
		return -1;
	*call = "chdir(2)";
	return chdir("/");
}

int change_root_mount(const char *dirname, int rule, struct root_fault *fault)
{
	int error = change_root_refused(dirname, rule, fault);

	if (error)
		return error;
	return change(dirname, &fault->call) == -1 ? errno : 0;
}

#else
#include <errno.h>
#include <unistd.h>

#include "change_root.h"

#ifdef __DragonFly__
/*
 * The call replaces the root of the whole system: only who boots it, before anything else runs, may want that. Our
 * parent, which waits for us, may be that process as well.
 */
static int change(const char *dirname, int rule, struct root_fault *fault)
{
	int error = change_root_refused(dirname, rule, fault);

	if (error)
		return error;
	fault->call = "chroot_kernel(2)";
	if (getpid() != 1 && getppid() != 1)
		return EPERM;
	if (chroot_kernel(dirname) == -1)
		return errno;
	return change_root(dirname, rule, fault);
}

#else
static int change(const char *dirname, int rule, struct root_fault *fault)
{
	(void)dirname;
	(void)rule;
	fault->call = "chroot_kernel(2)";
	return ENOSYS;
}
#endif

int change_root_mount(const char *dirname, int rule, struct root_fault *fault)
{
	*fault = (struct root_fault){.open = {.descriptor = -1}};
	return change(dirname, rule, fault);
}
#endif
