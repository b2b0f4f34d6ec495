/*
 * watch TITLE COUNT SECONDS: races the entry of probes, COUNT times. It sees each of them from the first moment in which
 * the jail can, notes all that is different about it until it is locked up, and then kills it by SIGHUP, so that the
 * next one comes.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "report.h"

enum { NOTES = 256, AHEAD = 4 };

static struct note {
	char text[240];
	unsigned long count;
} notes[NOTES];

static void note(const char *name, const char *what)
{
	char text[240];

	snprintf(text, sizeof text, "%s\t%s", name, what);
	for (int i = 0; i < NOTES; i++) {
		if (notes[i].count == 0)
			strcpy(notes[i].text, text);
		if (strcmp(notes[i].text, text) != 0)
			continue;
		notes[i].count++;
		return;
	}
}

static char *read_at(int directory, const char *name)
{
	static char text[8192];
	int file = openat(directory, name, O_RDONLY);
	ssize_t got = file == -1 ? -1 : read(file, text, sizeof text - 1);

	close(file);
	text[got > 0 ? got : 0] = '\0';
	return got > 0 ? text : NULL;
}

static void note_link(int directory, const char *name, const char *as)
{
	char target[200], *number;
	ssize_t got = readlinkat(directory, name, target, sizeof target - 1);

	if (got == -1) {
		if (errno != ENOENT && errno != ESRCH)
			note(as, strerrorname_np(errno));
		return;
	}
	target[got] = '\0';
	number = strchr(target, '[');
	if (number)
		*number = '\0'; /* which pipe does not matter */
	note(as, target);
}

static void note_descriptors(int directory)
{
	int folder = openat(directory, "fd", O_RDONLY | O_DIRECTORY);
	DIR *list = folder == -1 ? NULL : fdopendir(folder);
	struct dirent *entry;

	if (!list) {
		if (errno != ENOENT && errno != ESRCH)
			note("fd", strerrorname_np(errno));
		close(folder);
		return;
	}
	while ((entry = readdir(list))) {
		char as[40];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(as, sizeof as, "fd %.20s", entry->d_name);
		note_link(folder, entry->d_name, as);
	}
	closedir(list);
}

/* The lines of its status that say what it could do. */
static int note_status(int directory)
{
	static const char *const lines[] = {
		"CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:", "NoNewPrivs:", "Groups:", "Uid:", "Gid:",
	};
	char *text = read_at(directory, "status"), *seccomp = text ? strstr(text, "\nSeccomp:\t") : NULL;

	if (!seccomp)
		return -1;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		char *line = strstr(text, lines[i]);

		if (!line)
			continue;
		line += strlen(lines[i]);
		note(lines[i], strndupa(line + 1, strcspn(line + 1, "\n")));
	}
	return seccomp[10] - '0';
}

static int open_process(int pid)
{
	char path[32];

	snprintf(path, sizeof path, "/proc/%d", pid);
	return open(path, O_PATH | O_DIRECTORY);
}

/* From its first moment until it is locked up or gone. Gives whether it was seen before. */
static int follow(int pid, int directory)
{
	int early = 0, locked;

	do {
		note_descriptors(directory);
		note_link(directory, "exe", "exe");
		note_link(directory, "root", "root");
		note_link(directory, "cwd", "cwd");
		locked = note_status(directory);
		early |= locked == 0;
	} while (locked == 0);
	if (locked > 0)
		kill(pid, SIGHUP);
	return early;
}

int main(int count, char **arguments)
{
	long wanted, seen = 0, early = 0;
	time_t end;
	int last = getpid();

	if (count != 4)
		return 64;
	wanted = atol(arguments[2]);
	end = time(NULL) + atol(arguments[3]);
	/* The first is there already. */
	for (int pid = 1; pid < last; pid++) {
		int directory = open_process(pid);
		char *title = directory == -1 ? NULL : read_at(directory, "cmdline");

		if (title && strcmp(title, arguments[1]) == 0)
			kill(pid, SIGHUP);
		close(directory);
	}
	while (seen < wanted && time(NULL) < end) {
		for (int pid = last + 1; pid <= last + AHEAD; pid++) {
			int directory = open_process(pid);

			if (directory == -1)
				continue;
			seen++;
			early += follow(pid, directory);
			close(directory);
			last = pid;
		}
	}
	for (int i = 0; i < NOTES && notes[i].count > 0; i++)
		printf("%s\n", notes[i].text);
	say("seen", "%ld", seen);
	say("early", "%ld", early);
	return 0;
}
