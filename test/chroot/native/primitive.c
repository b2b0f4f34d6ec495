/*
 * Calls the primitive as nothing else does. `cwd DIR [RULE]`: the current directory before and after, and what the root then
 * is. `fault`: a pointer into nowhere. Prints the outcome of each.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../../src/keeper/native/chroot/change_root.h"
#include "../../../src/keeper/native/chroot/error_name.h"

static void print_directory(const char *when)
{
	struct stat status;

	if (stat(".", &status) == -1)
		printf("%s: %s\n", when, error_name(errno));
	else
		printf("%s: %ju\n", when, (uintmax_t)status.st_ino);
}

int main(int argc, char **argv)
{
	struct root_fault fault;
	int error;

	if (argc == 2 && strcmp(argv[1], "fault") == 0) {
		error = change_root((const char *)8, OPEN_UNLESS_UNDER, &fault);
		printf("%s\n", error ? error_name(error) : "done");
		return 0;
	}
	if (argc < 3)
		return 64;
	print_directory("before");
	error = change_root(argv[2], argc > 3 ? atoi(argv[3]) : OPEN_ALLOWED, &fault);
	printf("change_root: %s\n", error ? error_name(error) : "done");
	print_directory("after");
	printf("the root's file: %s\n", access("/only-here", F_OK) == 0 ? "there" : error_name(errno));
	return 0;
}
