#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "error_name.h"
#include "explain.h"
#include "say.h"

static void say_component(const char *dirname, const struct component *component)
{
	char path[ROOT_LONGEST + 1], target[ROOT_LONGEST + 1];
	size_t length = (size_t)(component->at - dirname) + component->length;
	ssize_t got;

	fputs(": \"", stderr);
	say_up_to(COMPONENT_LONGEST, component->at, component->length);
	fputc('"', stderr);
	if (length > ROOT_LONGEST)
		return;
	memcpy(path, dirname, length);
	path[length] = '\0';
	got = readlink(path, target, sizeof target);
	if (got <= 0)
		return;
	fputs(", a symbolic link to \"", stderr);
	say(target, (size_t)got);
	fputs("\",", stderr);
}

static void say_length(const char *dirname, const struct component *component)
{
	if (component->at)
		fprintf(stderr, " has %zu bytes; %d is the most for a component", component->length, COMPONENT_LONGEST);
	else
		fprintf(stderr, ": the path has %zu bytes; %d is the most", strlen(dirname), ROOT_LONGEST);
}

static const char *about_component(int error)
{
	switch (error) {
	case ENOTDIR:
		return "is not a directory";
	case ENOENT:
		return "does not exist";
	case EACCES:
		return "may not be searched";
	case ELOOP:
		return "leads through too many symbolic links";
	case EIO:
		return "cannot be read";
	default:
		return strerror(error);
	}
}

static void say_descriptor(int descriptor)
{
	char path[64], target[1024];
	ssize_t got;

	fprintf(stderr, ": descriptor %d is an open directory", descriptor);
	snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
	got = readlink(path, target, sizeof target);
	if (got <= 0)
		return;
	fputs(", ", stderr);
	say(target, (size_t)got);
}

static void say_call(int error, const char *call, bool mount)
{
	fprintf(stderr, ": %s: %s", call, strerror(error));
	if (error == ENOSYS)
		fputs("; this system cannot replace its root mount", stderr);
	else if (error == EPERM && strcmp(call, "chroot_kernel(2)") == 0)
		fputs("; it takes the whole system's root away, and only process 1 may do that", stderr);
#ifdef __linux__
	else if (error == EPERM)
		fprintf(stderr, "; this superuser lacks %s", mount ? "CAP_SYS_ADMIN" : "CAP_SYS_CHROOT");
#else
	(void)mount; /* a superuser has no parts here */
#endif
}

void explain_root(const char *dirname, int error, const struct root_fault *fault, bool mount)
{
	fprintf(stderr, "jaildaemon: chroot: %s: ", error_name(error));
	say_up_to(ROOT_LONGEST, dirname, strlen(dirname));
	if (fault->component.at)
		say_component(dirname, &fault->component);
	if (error == ENAMETOOLONG)
		say_length(dirname, &fault->component);
	else if (fault->component.at)
		fprintf(stderr, " %s", about_component(error));
	else if (fault->open.descriptor != -1)
		say_descriptor(fault->open.descriptor);
	else if (fault->call)
		say_call(error, fault->call, mount);
	else if (error == EPERM)
		fprintf(stderr, ": only the superuser may change the root, and this is uid %ld", (long)geteuid());
	else
		fprintf(stderr, ": %s", *dirname ? strerror(error) : "an empty path names no directory");
	fputc('\n', stderr);
	if (fault->open.unseen)
		fprintf(stderr, "  whether this process is under a chroot already cannot be seen (/proc/1/root: %s)\n",
			error_name(fault->open.unseen));
	/* By its call it was the kernel that refused, whose rule ours does not change. */
	if (fault->open.descriptor != -1)
		fprintf(stderr, "  the old root can be reached through it: close it (in a shell: %d<&-), or %s\n",
			fault->open.descriptor,
			fault->call ? "set kern.chroot_allow_open_directories, the kernel's own rule, to 2"
				    : "say --open-directories 2");
}

void explain_command(const char *dirname, const char *command, int error)
{
	fprintf(stderr, "jaildaemon: chroot: %s: ", error_name(error));
	say(command, strlen(command));
	fprintf(stderr, ": %s%s, below ", error == ENOENT ? "it, or what it is to be run by, is not there" : "cannot be run: ",
		error == ENOENT ? "" : strerror(error));
	say_up_to(ROOT_LONGEST, dirname, strlen(dirname));
	fputc('\n', stderr);
}
