#ifdef __linux__
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "enter.h"
#include "label.h"
#include "witness.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif
#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif

static const struct {
	const char *name;
	uint32_t flag;
} kinds[NAMESPACES] = {
	{"user", CLONE_NEWUSER}, {"cgroup", CLONE_NEWCGROUP}, {"ipc", CLONE_NEWIPC}, {"uts", CLONE_NEWUTS},
	{"net", CLONE_NEWNET}, {"pid", CLONE_NEWPID}, {"mnt", CLONE_NEWNS}, {"time", CLONE_NEWTIME},
};

static int look(const char *process, int kind, struct stat *status)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%s/ns/%s", process, kinds[kind].name);
	return stat(path, status);
}

const bool enter_clones = true;

const char *enter_refuses(const struct definition *definition)
{
	return definition->enter == ENTER_JAIL
		? "enter is jail, and this system has none: jail_attach(2) is of FreeBSD and DragonFly" : NULL;
}

int enter_learn_home(struct home *home)
{
	memset(home, 0, sizeof *home);
	for (int kind = 0; kind < NAMESPACES; kind++) {
		struct stat status;

		if (look("self", kind, &status) == -1) {
			if (errno == ENOENT) /* a kind that this kernel does not have */
				continue;
			return -1;
		}
		home->dev[kind] = status.st_dev;
		home->ino[kind] = status.st_ino;
	}
	return 0;
}

/* setns(2) refuses a user namespace that one is in already, so only those that differ. */
static int compare(struct entrance *entrance, const struct home *home)
{
	char process[16];

	snprintf(process, sizeof process, "%ld", (long)entrance->pid);
	for (int kind = 0; kind < NAMESPACES; kind++) {
		struct stat status;

		if (home->ino[kind] == 0)
			continue;
		if (look(process, kind, &status) == -1)
			return errno;
		if (status.st_dev != home->dev[kind] || status.st_ino != home->ino[kind])
			entrance->order.namespaces |= kinds[kind].flag;
	}
	/* A process of the host itself is no jail: its "root" would be asked what the host should do. */
	if (!(entrance->order.namespaces & CLONE_NEWPID))
		return EINVAL;
	if (entrance->order.namespaces & CLONE_NEWUSER)
		entrance->order.flags |= ARMING_USER;
	return 0;
}

static int open_root(const struct entrance *entrance)
{
	char path[64];
	int root;

	snprintf(path, sizeof path, "/proc/%ld/root", (long)entrance->pid);
	root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root == -1)
		return errno;
	if (root == FD_ROOT)
		return fcntl(root, F_SETFD, 0) == -1 ? errno : 0;
	if (dup2(root, FD_ROOT) == -1)
		return errno;
	close(root);
	return 0;
}

int enter_jail(struct entrance *entrance, enum stage *stage)
{
	(void)entrance;
	*stage = STAGE_attach;
	return ENOSYS; /* refused long before */
}

int enter_process(struct entrance *entrance, const struct home *home, enum stage *stage)
{
	int error;

	entrance->order.flags |= ARMING_TARGET;
	*stage = STAGE_namespace;
	error = compare(entrance, home);
	if (!error) {
		*stage = STAGE_root;
		error = open_root(entrance);
	}
	if (!error) {
		*stage = STAGE_label;
		error = label_ask_for(entrance);
	}
	/* All this was looked up by number. That it was the right process all the time, only its pidfd can say. */
	if (witness_has_ended(FD_TARGET)) {
		*stage = STAGE_gone;
		return ESRCH;
	}
	return error;
}

#else
typedef int not_this_platform;
#endif
