/*
 * Somebody inside a jail who asks. Each line of stdin names the beginnings of titles, or is `*`, which is everybody;
 * the answer is how many HUPs were sent, which is not yet how many have killed somebody.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The title of a process; false for one that has ended, and for what has no arguments. */
static bool read_title(const char *pid, char *title, size_t room)
{
	char path[64];
	ssize_t got;
	int file;

	snprintf(path, sizeof path, "/proc/%.20s/cmdline", pid);
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file == -1)
		return false;
	got = read(file, title, room - 1);
	close(file);
	title[got > 0 ? got : 0] = '\0';
	return got > 0;
}

static bool is_meant(const char *title, const char *words)
{
	while (*words) {
		size_t length = strcspn(words, " \n");

		if (length > 0 && strncmp(title, words, length) == 0)
			return true;
		words += length + (words[length] != '\0');
	}
	return false;
}

static int ask(const char *words)
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;
	int sent = 0;

	if (!processes)
		err(1, "/proc");
	while ((entry = readdir(processes))) {
		char title[256];

		if (!isdigit((unsigned char)*entry->d_name) || !read_title(entry->d_name, title, sizeof title))
			continue;
		if (is_meant(title, words) && kill((pid_t)atol(entry->d_name), SIGHUP) == 0)
			sent++;
	}
	closedir(processes);
	return sent;
}

int main(void)
{
	char line[4096];

	signal(SIGHUP, SIG_IGN);
	while (fgets(line, sizeof line, stdin)) {
		int sent = *line == '*' ? kill(-1, SIGHUP) + 1 : ask(line);

		printf("%d\n", sent);
		fflush(stdout);
	}
	return 0;
}
