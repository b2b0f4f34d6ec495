#ifndef LAYOUT_H
#define LAYOUT_H

enum { LAUNCH_DESCRIPTORS = 10 };

/* What a child is to have: descriptor i is a copy of wanted[i], or closed (-1); nothing above `count`. */
struct layout {
	int wanted[LAUNCH_DESCRIPTORS];
	int count;
	int close_on_exec; /* from this number on */
};

/*
 * In the child: arranges it, and closes all else. `from` is where the wanted ones stand; numbers from `above` on may be
 * used meanwhile, and none of the layout's is there. Ends the child if it cannot.
 */
void layout_arrange(const struct layout *layout, const int *from, int above);

#endif
