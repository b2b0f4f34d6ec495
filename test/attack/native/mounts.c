/* mounts COUNT: makes so many mounts with as long a path as there may be, which makes a long mount table. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "report.h"

enum { NAME = 250, PATH = 3700 };

int main(int count, char **arguments)
{
	char name[NAME + 1], path[PATH + NAME + 2] = "/tmp/deep";
	int made = 0;

	if (count != 2)
		return 64;
	memset(name, 'x', NAME);
	name[NAME] = '\0';
	if (mkdir(path, 0777) == -1 || mount("none", path, "tmpfs", 0, NULL) == -1) {
		tell("tmpfs", -1);
		return 0;
	}
	while (strlen(path) < PATH) {
		strcat(path, "/");
		strcat(path, name);
		if (mkdir(path, 0777) == -1) {
			tell("mkdir", -1);
			return 0;
		}
	}
	while (made < atoi(arguments[1]) && mount(path, path, NULL, MS_BIND, NULL) == 0)
		made++;
	say("made", "%d", made);
	return 0;
}
