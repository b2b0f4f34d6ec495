#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "root_path.h"

struct component root_path_next(const char *at)
{
	at += strspn(at, "/");
	return (struct component){at, strcspn(at, "/")};
}

int root_path_measure(const char *path, struct component *blamed)
{
	for (struct component step = root_path_next(path); step.length; step = root_path_next(step.at + step.length))
		if (step.length > COMPONENT_LONGEST) {
			*blamed = step;
			return ENAMETOOLONG;
		}
	*blamed = (struct component){0};
	return strlen(path) > ROOT_LONGEST ? ENAMETOOLONG : 0;
}

/* With "/." behind it a path is found only if it is a directory in which one may search. */
static int enter_step(const char *path, size_t length)
{
	char step[ROOT_LONGEST + sizeof "/."];
	struct stat status;

	memcpy(step, path, length);
	strcpy(step + length, "/.");
	return stat(step, &status) == -1 ? errno : 0;
}

int root_path_look(const char *path, struct component *blamed)
{
	int error = root_path_measure(path, blamed);

	if (error)
		return error;
	if (*path == '\0')
		return ENOENT;
	for (struct component step = root_path_next(path); step.length; step = root_path_next(step.at + step.length)) {
		*blamed = step;
		error = enter_step(path, (size_t)(step.at + step.length - path));
		if (error)
			return error;
	}
	*blamed = (struct component){0};
	return 0;
}
