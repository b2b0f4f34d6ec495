#ifndef SAY_H
#define SAY_H

#include <stddef.h>

/* On stderr. A name may hold whatever its maker liked; a terminal must not obey it. */
void say(const char *text, size_t length);

/* Of what is longer than `longest`, its beginning says enough. */
void say_up_to(size_t longest, const char *text, size_t length);

#endif
