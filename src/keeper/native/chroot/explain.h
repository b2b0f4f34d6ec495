#ifndef EXPLAIN_H
#define EXPLAIN_H

#include <stdbool.h>

#include "change_root.h"

/* On stderr, printable whatever the path holds: what failed, why, and what to do next. */
void explain_root(const char *dirname, int error, const struct root_fault *fault, bool mount);
void explain_command(const char *dirname, const char *command, int error);

#endif
