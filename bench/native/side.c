#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "side.h"

enum { RESERVED = 300, BLOCKED = 32, LINE = 1024, PATIENCE = 30 };

_Noreturn void give_up(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(1);
}

uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static ssize_t slurp(pid_t pid, const char *what, char line[LINE])
{
	char path[64];
	int file;
	ssize_t got;

	snprintf(path, sizeof path, "/proc/%d/%s", pid, what);
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file == -1)
		return -1;
	got = read(file, line, LINE - 1);
	close(file);
	line[got > 0 ? got : 0] = '\0';
	return got;
}

/* Asleep with HUP let through, and a child of the supervisor: a HUP sent now would be a trigger. */
static bool is_ready(const struct side *side, pid_t pid, char title[LINE])
{
	char line[LINE], *at, state;
	int parent;

	if (slurp(pid, "stat", line) <= 0 || !(at = strrchr(line, ')')))
		return false;
	if (sscanf(at, ") %c %d", &state, &parent) != 2 || state != 'S' || parent != side->supervisor)
		return false;
	for (int field = 2; field < BLOCKED && at; field++)
		at = strchr(at + 1, ' ');
	if (!at || strtoul(at, NULL, 10) & 1ul << (SIGHUP - 1))
		return false;
	return slurp(pid, "cmdline", title) > 1;
}

static void look(struct side *side, pid_t pid)
{
	char title[LINE];
	int index, end = 0;

	if (!is_ready(side, pid, title) || sscanf(title, "B%d%n", &index, &end) != 1 || title[end] != '\0')
		return;
	if (index < 0 || index >= side->count || side->probes[index])
		return;
	side->probes[index] = pid;
	side->missing--;
}

/* The newest process of the host: the last word of the line. */
static pid_t newest(void)
{
	static int file = -1;
	char line[LINE];
	ssize_t got;

	if (file == -1)
		file = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
	got = pread(file, line, sizeof line - 1, 0);
	if (got <= 0)
		give_up("/proc/loadavg cannot be read");
	line[got] = '\0';
	return atoi(strrchr(line, ' ') + 1);
}

/* The kernel counts up, and at the end begins again above the reserved ones. */
static pid_t next(pid_t pid)
{
	static pid_t limit;

	if (!limit) {
		char line[LINE] = "32768";
		FILE *file = fopen("/proc/sys/kernel/pid_max", "re");

		if (file && !fgets(line, sizeof line, file))
			give_up("/proc/sys/kernel/pid_max cannot be read");
		if (file)
			fclose(file);
		limit = atoi(line);
	}
	return pid + 1 < limit ? pid + 1 : RESERVED;
}

void side_open(struct side *side, const char *name, pid_t supervisor, int count)
{
	struct dirent *entry;
	DIR *processes = opendir("/proc");

	*side = (struct side){.name = name, .supervisor = supervisor, .count = count, .missing = count};
	side->probes = calloc((size_t)count + 1, sizeof *side->probes);
	side->seen = newest();
	if (!processes || !side->probes)
		give_up("cannot look at the processes: %s", strerror(errno));
	while ((entry = readdir(processes)))
		if (atoi(entry->d_name) > 0)
			look(side, atoi(entry->d_name));
	closedir(processes);
}

uint64_t side_hup(struct side *side, int index)
{
	pid_t pid = side->probes[index];
	uint64_t before;

	if (side->missing == 0)
		side->seen = newest();
	side->probes[index] = 0;
	side->missing++;
	before = now();
	if (pid == 0 || kill(pid, SIGHUP) == -1)
		give_up("%s: probe %d is not there", side->name, index);
	return before;
}

bool side_complete(struct side *side)
{
	pid_t last = newest();

	for (pid_t pid = side->seen; pid != last && side->missing > 0;)
		look(side, pid = next(pid));
	if (side->missing > 0)
		return false; /* who was not ready yet is looked at again */
	side->seen = last;
	return true;
}

bool side_has(struct side *side, const char *title)
{
	char its[LINE];
	pid_t last = newest();

	for (pid_t pid = side->seen; pid != last;)
		if (is_ready(side, pid = next(pid), its) && strcmp(its, title) == 0)
			return true;
	return false;
}

void side_await(struct side *side)
{
	uint64_t limit = now() + PATIENCE * 1000000000ull;

	while (!side_complete(side)) {
		if (now() > limit)
			give_up("%s: %d of %d probes did not come back in %d s", side->name, side->missing, side->count, PATIENCE);
		usleep(1000);
	}
}
