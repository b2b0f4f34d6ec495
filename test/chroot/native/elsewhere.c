/*
 * change_root_mount() as it is compiled for another system than Linux, with a stand-in for DragonFly's chroot_kernel(2)
 * that only says that it was called. `elsewhere DIR`.
 */
#include <stdio.h>
#include <unistd.h>

#include "../../../src/keeper/native/chroot/change_root.h"
#include "../../../src/keeper/native/chroot/explain.h"

int chroot_kernel(const char *dirname)
{
	printf("chroot_kernel %s\n", dirname);
	return 0;
}

int main(int argc, char **argv)
{
	struct root_fault fault;
	int error;

	if (argc != 2)
		return 64;
	error = change_root_mount(argv[1], OPEN_ALLOWED, &fault);
	if (error)
		explain_root(argv[1], error, &fault, true);
	else
		printf("root: %s\n", access("/only-here", F_OK) == 0 ? "changed" : "as it was");
	return 0;
}
