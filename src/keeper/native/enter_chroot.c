#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "enter.h"

#ifndef O_PATH
#define O_PATH O_RDONLY
#endif

int enter_chroot(struct entrance *entrance, enum stage *stage)
{
	struct stat status;
	int root = open(entrance->root, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	*stage = STAGE_root;
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
