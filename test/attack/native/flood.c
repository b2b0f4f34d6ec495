/*
 * flood hup|stop SECONDS: sends SIGHUP to everything in the jail, as fast as it can and with several hands. With
 * `stop`, it also stops whatever is there, and lets nothing go on: also what is only just entering.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "report.h"

enum { HANDS = 3 };

static long flood(bool stop, time_t end)
{
	long sent = 0;

	while (time(NULL) < end) {
		sent += kill(-1, SIGHUP) == 0;
		if (stop)
			kill(-1, SIGSTOP);
	}
	return sent;
}

int main(int count, char **arguments)
{
	bool stop;
	time_t end;

	if (count != 3)
		return 64;
	stop = strcmp(arguments[1], "stop") == 0;
	end = time(NULL) + atol(arguments[2]);
	signal(SIGHUP, SIG_IGN); /* the hands would kill each other */
	for (int hand = 1; hand < HANDS && !stop; hand++) {
		if (fork() == 0) {
			(void)flood(false, end);
			_exit(0);
		}
	}
	say("sent", "%ld", flood(stop, end));
	while (wait(NULL) > 0)
		continue;
	return 0;
}
