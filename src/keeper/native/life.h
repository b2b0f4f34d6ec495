#ifndef LIFE_H
#define LIFE_H

/*
 * Pipe L, one for each instance, on which its probes wait. Nothing is ever written to it: its end is the end of the
 * keeper, who alone has the end for writing. Where the kernel itself ends a probe with the keeper, there may be none.
 */
struct life {
	int ours;   /* the end for writing; -1: there is none */
	int theirs; /* the end for reading, where it cannot be opened anew for each probe; else -1 */
};

int life_open(struct life *life); /* 0, or -1 and errno */
void life_close(struct life *life);
int life_to_give(const struct life *life); /* what the child of an entry gets as FD_LIFE_IN; -1: nothing */

/* In that child: makes FD_LIFE of FD_LIFE_IN. 0, or errno. */
int life_take(void);

#endif
