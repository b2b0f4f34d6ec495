/*
 * change_root() as it is compiled for a BSD whose kernel keeps kern.chroot_allow_open_directories at 0: its chroot(2) is stood in
 * for by one that refuses as that one does. `forbidding DIR`.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "../../../src/keeper/native/chroot/change_root.h"
#include "../../../src/keeper/native/chroot/explain.h"

int chroot(const char *dirname)
{
	struct stat status;

	(void)dirname;
	for (int descriptor = 0; descriptor < 64; descriptor++)
		if (fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode)) {
			errno = EPERM;
			return -1;
		}
	return 0;
}

int main(int argc, char **argv)
{
	struct root_fault fault;
	int error;

	if (argc != 2)
		return 64;
	error = change_root(argv[1], OPEN_ALLOWED, &fault);
	if (error)
		explain_root(argv[1], error, &fault, false);
	return error != 0;
}
