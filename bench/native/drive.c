/*
 * Triggers probes of the floor and of ours, turn by turn, and prints what it saw: SIDE NANOSECONDS, a line each.
 *
 *     drive first  ROUNDS FROM COUNT PAUSE FIFO GATE FLOOR OURS PROBES    HUP to the command's first instruction
 *     drive back   ...                                                    HUP to the new probe being there
 *     drive burst  ...                                                    COUNT HUPs to the last one's first instruction
 *
 * FLOOR and OURS are the supervisors' pids, PROBES how many each has, FROM and COUNT which of them to trigger, PAUSE
 * milliseconds of rest after each turn. It fails when a command is not started, or started twice.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <signal.h>
#include <unistd.h>

#include "record.h"
#include "side.h"

enum { PATIENCE = 20000, DOUBLES = 200, REST = 30 };

static int from, count, fifo, gate;

static bool read_record(struct record *record, int milliseconds)
{
	struct pollfd wait = {.fd = fifo, .events = POLLIN};

	return poll(&wait, 1, milliseconds) == 1 && read(fifo, record, sizeof *record) == sizeof *record;
}

static uint64_t read_of(const struct side *side, int index)
{
	struct record record;

	if (!read_record(&record, PATIENCE))
		give_up("%s: the command of probe %d was not started", side->name, index);
	if (record.index != (uint64_t)index)
		give_up("%s: the command of probe %d was started for probe %d", side->name, (int)record.index, index);
	return record.at;
}

/* No command ends until it is opened. */
static void shut_gate(void)
{
	if (flock(gate, LOCK_EX) == -1)
		give_up("the gate cannot be shut");
}

static uint64_t first(struct side *side, int turn)
{
	int index = from + turn % count;
	uint64_t begin = side_hup(side, index);

	return read_of(side, index) - begin;
}

/*
 * The gate is shut meanwhile, since commands usually stay for longer than it takes. Looks again and again, with rests:
 * who looked without would hold a processor that others want.
 */
static uint64_t back(struct side *side, int turn)
{
	int index = from + turn % count;
	uint64_t begin, end, limit;

	shut_gate();
	begin = side_hup(side, index);
	limit = begin + PATIENCE * 1000000ull;
	while (!side_complete(side)) {
		if (now() > limit)
			give_up("%s: probe %d did not come back", side->name, index);
		usleep(REST);
	}
	end = now();
	(void)read_of(side, index);
	flock(gate, LOCK_UN);
	return end - begin;
}

/* The gate is shut meanwhile, too: every command stays until the last one has started, and no probe comes back before. */
static uint64_t burst(struct side *side, int turn)
{
	bool *started = calloc((size_t)count, sizeof *started);
	uint64_t begin = 0, last = 0;
	struct record record;

	(void)turn;
	shut_gate();
	if (!started)
		give_up("no memory for %d probes", count);
	for (int i = 0; i < count; i++) {
		uint64_t at = side_hup(side, from + i);

		begin = begin ? begin : at;
	}
	for (int got = 0; read_record(&record, got < count ? PATIENCE : DOUBLES); got++) {
		size_t which = record.index - (uint64_t)from;

		if (which >= (size_t)count || started[which])
			give_up("%s: the command of probe %d was started twice", side->name, (int)record.index);
		started[which] = true;
		last = record.at > last ? record.at : last;
	}
	for (int i = 0; i < count; i++)
		if (!started[i])
			give_up("%s: the command of probe %d was not started", side->name, from + i);
	flock(gate, LOCK_UN);
	free(started);
	return last - begin;
}

int main(int argc, char **argv)
{
	uint64_t (*measure)(struct side *, int);
	struct side sides[2];
	int rounds, pause;

	if (argc != 11)
		give_up("drive: see its source for how it is called");
	measure = strcmp(argv[1], "first") == 0 ? first : strcmp(argv[1], "back") == 0 ? back : burst;
	rounds = atoi(argv[2]);
	from = atoi(argv[3]);
	count = atoi(argv[4]);
	pause = atoi(argv[5]);
	fifo = open(argv[6], O_RDWR | O_CLOEXEC);
	gate = open(argv[7], O_RDONLY | O_CLOEXEC);
	if (fifo == -1 || gate == -1)
		give_up("%s and %s cannot be opened", argv[6], argv[7]);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_TIMERSLACK, 1);
	side_open(&sides[0], "floor", atoi(argv[8]), atoi(argv[10]));
	side_open(&sides[1], "ours", atoi(argv[9]), atoi(argv[10]));
	side_await(&sides[0]);
	side_await(&sides[1]);

	for (int turn = 0; turn < 2 * rounds; turn++) {
		struct side *side = &sides[(turn & 1) ^ (turn >> 1 & 1)]; /* neither is always the first of a pair */

		printf("%s %llu\n", side->name, (unsigned long long)measure(side, turn / 2));
		side_await(side);
		usleep((useconds_t)pause * 1000);
	}
	return 0;
}
