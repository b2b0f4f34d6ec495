/*
 * What the BSD side of the keeper asks of its system, in Linux's words: a jail is a directory `jails/JID` beside the
 * program, and attaching to it is chroot(2), with DragonFly's rules. kqueue(2) is libkqueue's. Enough to run the same
 * code; it says nothing about how the real calls behave.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/event.h>
#include <sys/jail.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysctl.h>
#include <sys/user.h>

static ssize_t read_link(const char *path, char target[PATH_MAX])
{
	ssize_t length = readlink(path, target, PATH_MAX - 1);

	if (length >= 0)
		target[length] = '\0';
	return length;
}

int jail_attach(int jid)
{
	char path[PATH_MAX];
	struct stat status;

	for (int number = 0; number < 64; number++)
		if (fstat(number, &status) == 0 && S_ISDIR(status.st_mode)) {
			errno = EPERM; /* FreeBSD's rule, so that it is kept here as well */
			return -1;
		}
	if (read_link("/proc/self/exe", path) == -1)
		return -1;
	snprintf(strrchr(path, '/'), 32, "/jails/%d", jid);
	if (chroot(path) == 0)
		return 0;
	errno = errno == ENOENT ? EINVAL : errno;
	return -1;
}

/* The number is the last name in the path of the process's root. */
static int jail_of(int pid)
{
	char path[64], root[PATH_MAX];

	snprintf(path, sizeof path, "/proc/%d/root", pid);
	if (read_link(path, root) == -1 || !strstr(root, "/jails/"))
		return 0;
	return atoi(strrchr(root, '/') + 1);
}

static int look_at(int pid, struct kinfo_proc *seen, size_t *size)
{
	char path[64], line[256];
	uid_t uids[3];
	int found = 0, huge = 1;
	FILE *status;

	snprintf(path, sizeof path, "/proc/%d/status", pid);
	status = fopen(path, "r");
	if (!status)
		return -1;
	while (fgets(line, sizeof line, status)) {
		found |= sscanf(line, "Uid: %u %u %u", &uids[0], &uids[1], &uids[2]) == 3;
		(void)!sscanf(line, "THP_enabled: %d", &huge); /* what port_freebsd.c has cap_enter(2) switch off */
	}
	fclose(status);
	*size = found ? sizeof *seen : 0;
	if (found)
		port_fill(seen, uids, jail_of(pid), huge == 0);
	return 0;
}

int sysctl(const int *name, unsigned count, void *old, size_t *size, const void *new, size_t new_size)
{
	(void)count;
	(void)new;
	(void)new_size;
	if (name[2] == KERN_PROC_PID)
		return look_at(name[3], old, size);
	return read_link("/proc/self/exe", old) == -1 ? -1 : 0;
}

int minherit(void *from, size_t size, int inheritance)
{
	return inheritance == INHERIT_NONE ? madvise(from, size, MADV_DONTFORK) : -1;
}

int getpeereid(int socket, uid_t *uid, gid_t *gid)
{
	struct ucred peer;
	socklen_t length = sizeof peer;

	if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) == -1)
		return -1;
	*uid = peer.uid;
	*gid = peer.gid;
	return 0;
}

void setproctitle(const char *format, ...)
{
	(void)format; /* the title is argv[0] already */
}

int setlogin(const char *name)
{
	(void)name; /* a session has none */
	return 0;
}

#ifdef WITH_QUEUE

static int queue = -1;
static pid_t owner;

int port_kqueue(void)
{
	owner = getpid();
	return queue = kqueue();
}

/* A kernel forgets at close(2) what was asked for the descriptor; a library has to be told. */
int port_close(int descriptor)
{
	static const short filters[] = {EVFILT_READ, EVFILT_WRITE};
	struct kevent change;

	for (int i = 0; i < 2 && queue != -1 && getpid() == owner; i++) {
		EV_SET(&change, descriptor, filters[i], EV_DELETE, 0, 0, NULL);
		(void)kevent(queue, &change, 1, NULL, 0, NULL);
	}
	return close(descriptor);
}

#else

int port_close(int descriptor)
{
	return close(descriptor);
}

#endif
