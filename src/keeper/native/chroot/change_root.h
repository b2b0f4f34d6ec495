#ifndef CHANGE_ROOT_H
#define CHANGE_ROOT_H

#include "open_directory.h"
#include "root_path.h"

/* What an errno is about. */
struct root_fault {
	struct component component;
	struct open_directory open;
	const char *call; /* the system call that failed, where it was none of the look-up and no rule */
};

/*
 * chroot(2) as its manual page documents it, also where the kernel does less: the superuser alone; paths of at most
 * 1,023 bytes; `rule` about open directories. The current directory stays what it is. 0 or errno: then the root
 * is what it was.
 */
int change_root(const char *dirname, int rule, struct root_fault *fault);

/*
 * The same for the root mount. Linux: the process gets mounts of its own, in which nothing is but the directory and
 * what is mounted below it; the current directory becomes the new root. It must be the only one of its
 * threads. DragonFly: for the whole system, chroot_kernel(2) and then chroot(2); EPERM for anybody but process 1.
 * Elsewhere ENOSYS.
 */
int change_root_mount(const char *dirname, int rule, struct root_fault *fault);

/* The beginning of both: whatever speaks against it. */
int change_root_refused(const char *dirname, int rule, struct root_fault *fault);

#endif
