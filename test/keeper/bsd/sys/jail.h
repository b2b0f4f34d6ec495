#include <sys/uio.h>

int jail_attach(int);
int jail_get(struct iovec *, unsigned, int); /* FreeBSD's */
