#ifndef IMAGE_H
#define IMAGE_H

/* The probe program: on Linux the keeper carries it in itself, on BSD it is a file beside the keeper's own. */
int image_open(int *image, const char **why);    /* 0 and a descriptor to execute it by (-1: none is needed); -1, errno, a sentence */
int image_execute(int image, const char *title); /* the title is its whole argv, and nothing its environment. Returns only errno */

#endif
