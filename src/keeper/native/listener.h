#ifndef LISTENER_H
#define LISTENER_H

struct keeper;

/* Listens at `name` in the working directory; root and the keeper's own user are let in. -1 and errno. */
int listener_open(struct keeper *keeper, const char *name);

#endif
