#ifndef OPEN_DIRECTORY_H
#define OPEN_DIRECTORY_H

/* kern.chroot_allow_open_directories, for one call. */
enum open_directories {
	OPEN_REFUSED = 0,      /* any open directory is a way back out */
	OPEN_UNLESS_UNDER = 1, /* the default: refused only to a process that is under a chroot already */
	OPEN_ALLOWED = 2,      /* this and any other number: nobody looks */
};

struct open_directory {
	int descriptor; /* the lowest that is an open directory; -1: none */
	int unseen;     /* errno: whether we are under a chroot could not be seen, and is taken as yes */
};

/* 0, or EPERM and why. */
int open_directory_refused(int rule, struct open_directory *found);

/*
 * The kernel itself has refused: that of the BSDs has kern.chroot_allow_open_directories, which holds whatever `rule` was. Finds what
 * it has met, if there is anything.
 */
void open_directory_blame(struct open_directory *found);

#endif
