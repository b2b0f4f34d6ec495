/* Stands before every file of the keeper and of the probe when bsd.test.ts builds them on Linux. See port.c. */
#include <grp.h>
#include <sys/types.h>
#include <unistd.h>

enum { INHERIT_NONE = 2 };
int minherit(void *, size_t, int);
int getpeereid(int, uid_t *, gid_t *);
void setproctitle(const char *, ...);
int setlogin(const char *);

int port_close(int);
int port_kqueue(void);
#ifndef PORT
#define close port_close
#define kqueue port_kqueue
#endif

#ifdef FREEBSD_15
#include <sys/event.h>

#define EVFILT_JAIL (-14)
#define NOTE_JAIL_CHILD 0x80000000u
#define NOTE_JAIL_REMOVE 0x10000000u
#define NOTE_JAIL_MULTI 0x08000000u
int port_kevent(int, const struct kevent *, int, struct kevent *, int, const struct timespec *);
#ifndef PORT
#define kevent(...) port_kevent(__VA_ARGS__)
#endif
#endif
