/* What FreeBSD has besides: see port.c. A jail's name is the text in the file `names/JID` beside the program. */
#ifdef __FreeBSD__
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/capsicum.h>
#include <sys/jail.h>
#include <sys/prctl.h>
#include <sys/procctl.h>
#include <unistd.h>

int procctl(idtype_t type, id_t id, int request, void *data)
{
	int value = *(int *)data;

	if (type == P_PID && (id == 0 || id == (id_t)getpid()))
		switch (request) {
		case PROC_TRACE_CTL:
			return prctl(PR_SET_DUMPABLE, 0);
		case PROC_PDEATHSIG_CTL:
			return prctl(PR_SET_PDEATHSIG, value);
		case PROC_NO_NEW_PRIVS_CTL:
			return prctl(PR_SET_NO_NEW_PRIVS, value, 0, 0, 0);
		}
	errno = EINVAL;
	return -1;
}

/* Takes nothing away; it is something that port.c can see in /proc. */
int cap_enter(void)
{
	return prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
}

static bool is_key(const struct iovec *vector, const char *key)
{
	return vector->iov_len == strlen(key) + 1 && memcmp(vector->iov_base, key, vector->iov_len) == 0;
}

/* Of all that this call can be asked, the name of the jail with a number. */
int jail_get(struct iovec *vector, unsigned count, int flags)
{
	char path[PATH_MAX];
	ssize_t got;
	int jid, file;

	if (flags != 0 || count != 4 || !is_key(&vector[0], "jid") || vector[1].iov_len != sizeof jid
		|| !is_key(&vector[2], "name")) {
		errno = EINVAL;
		return -1;
	}
	memcpy(&jid, vector[1].iov_base, sizeof jid);
	got = readlink("/proc/self/exe", path, sizeof path - 1);
	if (got == -1)
		return -1;
	path[got] = '\0';
	snprintf(strrchr(path, '/'), 32, "/names/%d", jid);
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file == -1)
		return -1; /* ENOENT: as that says it too */
	got = read(file, vector[3].iov_base, vector[3].iov_len - 1);
	close(file);
	return got == -1 ? -1 : jid;
}
#else
typedef int not_this_platform;
#endif
