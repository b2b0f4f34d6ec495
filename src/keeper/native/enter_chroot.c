#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chroot/root_path.h"
#include "enter.h"

#ifndef O_PATH
#define O_PATH O_RDONLY
#endif

/*
 * Component by component, and through no symbolic link: the daemon has followed those of the way to the jail, and by
 * now somebody inside may have planted another. -1 and errno; a link is "not a directory".
 */
static int open_root(const char *path)
{
	const int how = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int above, here = open("/", how);

	for (struct component step = root_path_next(path); here != -1 && step.length; step = root_path_next(step.at + step.length)) {
		char name[COMPONENT_LONGEST + 1];
		int reason;

		memcpy(name, step.at, step.length);
		name[step.length] = '\0';
		above = here;
		here = openat(above, name, how);
		reason = errno;
		close(above);
		errno = reason;
	}
	return here;
}

int enter_chroot(struct entrance *entrance, enum stage *stage)
{
	struct component blamed;
	struct stat status;
	int error = root_path_measure(entrance->root, &blamed);
	int root = error ? -1 : open_root(entrance->root);

	if (entrance->mount)
		entrance->order.flags |= ARMING_MOUNT;
	*stage = STAGE_root;
	if (error)
		return error;
	if (root == -1 || fstat(root, &status) == -1)
		return errno;
	/* Between the daemon's look and now, another directory may have been put there. */
	if (status.st_dev != entrance->dev || status.st_ino != entrance->ino)
		return ESTALE;
	if (root == FD_ROOT)
		return fcntl(root, F_SETFD, 0) == -1 ? errno : 0;
	if (dup2(root, FD_ROOT) == -1)
		return errno;
	close(root);
	return 0;
}
