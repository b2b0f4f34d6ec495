/*
 * swap PATH VICTIM SECONDS: a name that is now a symlink to somebody's file, now a file of ours, now nothing, in turn and
 * as fast as it can be.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "report.h"

int main(int count, char **arguments)
{
	long swaps = 0;
	time_t end;

	if (count != 4)
		return 64;
	end = time(NULL) + atol(arguments[3]);
	for (; time(NULL) < end; swaps++) {
		(void)unlink(arguments[1]);
		if (swaps % 3 == 0)
			(void)!symlink(arguments[2], arguments[1]);
		else if (swaps % 3 == 1)
			close(open(arguments[1], O_RDWR | O_CREAT | O_EXCL, 0666));
	}
	(void)unlink(arguments[1]);
	say("swaps", "%ld", swaps);
	return 0;
}
