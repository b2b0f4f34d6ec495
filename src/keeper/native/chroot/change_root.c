#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <unistd.h>

#include "change_root.h"

int change_root_refused(const char *dirname, int rule, struct root_fault *fault)
{
	int error;

	*fault = (struct root_fault){.open = {.descriptor = -1}};
	if (geteuid() != 0)
		return EPERM;
	/* The kernel is asked first: to us a bad address would be a segmentation fault. */
	if (access(dirname, F_OK) == -1 && errno == EFAULT)
		return EFAULT;
	error = root_path_look(dirname, &fault->component);
	return error ? error : open_directory_refused(rule, &fault->open);
}

int change_root(const char *dirname, int rule, struct root_fault *fault)
{
	int error = change_root_refused(dirname, rule, fault);

	if (error)
		return error;
	fault->call = "chroot(2)";
	error = chroot(dirname) == -1 ? errno : 0;
	if (error == EPERM)
		open_directory_blame(&fault->open);
	return error;
}
