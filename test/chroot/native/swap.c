/*
 * Puts one thing after another into the same place, as fast as the kernel can: `swap PLACE A B C...` exchanges PLACE
 * with each of the others in turn, again and again, until it is killed.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	puts("swapping");
	fflush(stdout);
	for (;;)
		for (int i = 2; i < argc; i++)
			if (renameat2(AT_FDCWD, argv[1], AT_FDCWD, argv[i], RENAME_EXCHANGE) == -1) {
				perror("swap");
				return 1;
			}
}
