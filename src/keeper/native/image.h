#ifndef IMAGE_H
#define IMAGE_H

/* The probe program, as the keeper carries it in itself. */
int image_open(const char **why);                  /* a descriptor to execute it by, or -1, errno and a sentence */
int image_execute(int image, const char *title);   /* returns only errno */

#endif
