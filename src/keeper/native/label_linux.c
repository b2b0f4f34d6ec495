#ifdef __linux__
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "label.h"

static ssize_t read_label(const char *process, char *label, size_t room)
{
	char path[64];
	ssize_t got;
	int file;

	snprintf(path, sizeof path, "/proc/%s/attr/apparmor/current", process);
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file == -1)
		return -1;
	got = read(file, label, room - 1);
	close(file);
	label[got > 0 ? got : 0] = '\0';
	label[strcspn(label, "\n")] = '\0';
	return got;
}

/*
 * Of "NAME (enforce)", in which only the last parenthesis is not the name's, the name. Of "A//&:NS:B//&C" that is "A//&C":
 * in a policy namespace below ours the jail's root writes the profiles, and could shield a probe from its keeper.
 */
static void keep_name(char *label)
{
	static const char and[] = "//&";
	char *mode = strrchr(label, '('), *to = label;

	if (mode && mode > label)
		mode[-1] = '\0';
	for (const char *from = label, *end; *from; from = *end ? end + strlen(and) : end) {
		end = strstr(from, and);
		if (!end)
			end = from + strlen(from);
		if (*from == ':')
			continue;
		if (to > label)
			to = stpcpy(to, and);
		memmove(to, from, (size_t)(end - from));
		to += end - from;
	}
	*to = '\0';
}

/*
 * A container's AppArmor profile usually lets it signal only what has the same label, so the probe takes over that of the
 * jail's first process.
 */
int label_ask_for(struct entrance *entrance)
{
	char process[16], theirs[ARMING_LABEL + 1], ours[ARMING_LABEL + 1];

	snprintf(process, sizeof process, "%ld", (long)entrance->pid);
	if (read_label(process, theirs, sizeof theirs) <= 0)
		return 0; /* no AppArmor here; or the process has ended, which is looked at last of all */
	if (strlen(theirs) == ARMING_LABEL)
		return ENAMETOOLONG;
	if (read_label("self", ours, sizeof ours) == -1)
		return errno;
	keep_name(theirs);
	keep_name(ours);
	if (*theirs == '\0' || strcmp(theirs, "unconfined") == 0 || strcmp(theirs, ours) == 0)
		return 0;
	return snprintf(entrance->order.label, ARMING_LABEL, "changeprofile %s", theirs) < ARMING_LABEL ? 0 : ENAMETOOLONG;
}

#else
typedef int not_this_platform;
#endif
