/*
 * What an editor does, and how long it takes: edit NEW FILE KEEPER TITLE renames NEW to FILE, and prints after how
 * many nanoseconds the keeper has a probe of this title that is ready.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <signal.h>
#include <unistd.h>

#include "side.h"

enum { PATIENCE = 30 };

int main(int argc, char **argv)
{
	struct side keeper;
	uint64_t begin;

	if (argc != 5)
		give_up("edit: see its source for how it is called");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	side_open(&keeper, "ours", atoi(argv[3]), 0);
	begin = now();
	if (rename(argv[1], argv[2]) == -1)
		give_up("%s cannot be renamed", argv[1]);
	while (!side_has(&keeper, argv[4])) {
		if (now() > begin + PATIENCE * 1000000000ull)
			give_up("%s was not armed in %d s", argv[4], PATIENCE);
		usleep(500);
	}
	printf("%llu\n", (unsigned long long)(now() - begin));
	return 0;
}
