/* FreeBSD 15's events of jails: see port.c. Each line that somebody writes into the FIFO `news` beside the program is one. */
#ifdef FREEBSD_15
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

enum { JAILS = 100 };

static int news = -1;
static bool asked[JAILS];

static void beside(char path[PATH_MAX], const char *format, int jid)
{
	ssize_t got = readlink("/proc/self/exe", path, PATH_MAX - 1);

	path[got > 0 ? got : 0] = '\0';
	snprintf(strrchr(path, '/') + 1, 32, format, jid);
}

static int ask(int queue, const struct kevent *change)
{
	int jid = (int)change->ident;
	struct kevent reading;
	char path[PATH_MAX];

	if (change->flags & EV_DELETE) {
		bool was = asked[jid];

		asked[jid] = false;
		errno = ENOENT;
		return was ? 0 : -1;
	}
	beside(path, "jails/%d", jid);
	if (jid != 0 && access(path, F_OK) == -1)
		return -1;
	asked[jid] = true;
	if (news != -1)
		return 0;
	beside(path, "news", 0);
	news = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	EV_SET(&reading, news, EVFILT_READ, EV_ADD, 0, 0, NULL);
	return news == -1 ? -1 : kevent(queue, &reading, 1, NULL, 0, NULL);
}

/* To whom nobody listens, nothing is told. */
static void tell(struct kevent *event)
{
	char line[64] = "";
	int jid = 0;
	ssize_t got = read(news, line, sizeof line - 1);
	bool removed = got > 0 && sscanf(line, "removed %d\n", &jid) == 1;
	bool created = got > 0 && sscanf(line, "created %d\n", &jid) == 1;

	memset(event, 0, sizeof *event);
	if (removed && jid > 0 && jid < JAILS && asked[jid]) {
		asked[jid] = false;
		EV_SET(event, jid, EVFILT_JAIL, EV_EOF | EV_ONESHOT | EV_CLEAR, NOTE_JAIL_REMOVE, 0, NULL);
	} else if (created && asked[0]) {
		EV_SET(event, 0, EVFILT_JAIL, EV_CLEAR, NOTE_JAIL_CHILD, jid, NULL);
	}
}

int port_kevent(int queue, const struct kevent *changes, int change_count, struct kevent *events, int room,
	const struct timespec *limit)
{
	int count;

	if (change_count == 1 && changes->filter == EVFILT_JAIL)
		return ask(queue, changes);
	count = kevent(queue, changes, change_count, events, room, limit);
	for (int i = 0; i < count; i++)
		if (events[i].filter == EVFILT_READ && (int)events[i].ident == news)
			tell(&events[i]);
	return count;
}
#else
typedef int not_this_platform;
#endif
