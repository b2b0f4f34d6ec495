#ifndef END_WITH_H
#define END_WITH_H

#include <sys/types.h>

/* Our parent is that process, and when it ends we are killed; where it has ended before, we do not return. */
void end_with(pid_t parent);

#endif
