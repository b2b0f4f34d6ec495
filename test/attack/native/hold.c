/* hold PID...: seizes processes and keeps them, for as long as it lives itself. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/ptrace.h>
#include <unistd.h>

#include "report.h"

int main(int count, char **arguments)
{
	for (int i = 1; i < count; i++) {
		int pid = atoi(arguments[i]);

		tell("seize", ptrace(PTRACE_SEIZE, pid, 0, 0));
		tell("stop", ptrace(PTRACE_INTERRUPT, pid, 0, 0));
	}
	say("held", "%d", count - 1);
	for (;;)
		pause();
}
