#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "open_directory.h"

enum { NONE = -1, MOST = 1 << 20 };

static bool is_directory(int descriptor)
{
	struct stat status;

	return fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode);
}

/* Number by number: where nothing lists them. Who has more than a million descriptors has /proc, too. */
static int find_by_number(void)
{
	long limit = sysconf(_SC_OPEN_MAX);

	if (limit == -1 || limit > MOST)
		limit = MOST;
	for (int descriptor = 0; descriptor < limit; descriptor++)
		if (is_directory(descriptor))
			return descriptor;
	return NONE;
}

#ifdef __linux__
/* The limit may be a thousand million; so ask the list, which is itself a directory, and open. */
static int find(void)
{
	DIR *list = opendir("/proc/self/fd");
	struct dirent *entry;
	int found = NONE;

	if (!list)
		return find_by_number();
	while ((entry = readdir(list))) {
		int descriptor = atoi(entry->d_name);

		if (entry->d_name[0] == '.' || descriptor == dirfd(list) || !is_directory(descriptor))
			continue;
		if (found == NONE || descriptor < found)
			found = descriptor;
	}
	closedir(list);
	return found;
}

/*
 * The root of the first process is the system's, unless it cannot be looked at: then nobody can say that ours is
 * not below it. The mount tells of a root that is a directory's second face, such as a bind mount of "/".
 */
static bool under_chroot(int *unseen)
{
	const unsigned wanted = STATX_INO | STATX_MNT_ID;
	struct statx ours, first;

	if (statx(AT_FDCWD, "/", 0, wanted, &ours) == -1 || statx(AT_FDCWD, "/proc/1/root", 0, wanted, &first) == -1) {
		*unseen = errno;
		return true;
	}
	return ours.stx_dev_major != first.stx_dev_major || ours.stx_dev_minor != first.stx_dev_minor
		|| ours.stx_ino != first.stx_ino || ours.stx_mnt_id != first.stx_mnt_id;
}

/* This kernel has no such setting. */
void open_directory_blame(struct open_directory *found)
{
	(void)found;
}

#else
static int find(void)
{
	return find_by_number();
}

/* The kernel knows, and refuses by itself under its own setting of 1. */
static bool under_chroot(int *unseen)
{
	(void)unseen;
	return false;
}

void open_directory_blame(struct open_directory *found)
{
	found->descriptor = find();
}
#endif

int open_directory_refused(int rule, struct open_directory *found)
{
	*found = (struct open_directory){.descriptor = NONE};
	if (rule == OPEN_REFUSED || (rule == OPEN_UNLESS_UNDER && under_chroot(&found->unseen)))
		found->descriptor = find();
	if (found->descriptor != NONE)
		return EPERM;
	found->unseen = 0; /* and nobody needs to know */
	return 0;
}
