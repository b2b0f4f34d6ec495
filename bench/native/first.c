/*
 * The command whose start is measured: first FIFO GATE INDEX. Its first act is to look at the clock. It ends when
 * nobody holds the gate's lock: so it can be made to stay until the last of its like has started.
 */
#include <linux/fcntl.h>
#include <linux/time.h>

#include "bare.h"
#include "record.h"

struct kernel_time {
	int64_t seconds;
	int64_t nanoseconds;
};

void program(const long *stack)
{
	struct kernel_time now;
	struct record record;
	const char *const *argv = (const char *const *)(stack + 1);
	long file;

	call(__NR_clock_gettime, CLOCK_MONOTONIC, (long)&now, 0, 0);
	record.at = (uint64_t)now.seconds * 1000000000u + (uint64_t)now.nanoseconds;
	record.index = 0;
	for (const char *digit = argv[3]; *digit; digit++)
		record.index = record.index * 10 + (uint64_t)(*digit - '0');

	file = call(__NR_openat, AT_FDCWD, (long)argv[1], O_WRONLY, 0);
	call(__NR_write, file, (long)&record, sizeof record, 0);
	file = call(__NR_openat, AT_FDCWD, (long)argv[2], O_RDONLY, 0);
	call(__NR_flock, file, LOCK_SH, 0, 0);
	for (;;)
		call(__NR_exit_group, 0, 0, 0, 0);
}
