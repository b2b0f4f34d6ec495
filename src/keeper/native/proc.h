#ifndef PROC_H
#define PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Linux: reads /proc/PID/NAME into `text`, as a string, cut off where `room` ends. False: there is nothing to read. */
bool proc_read(pid_t pid, const char *name, char *text, size_t room);

#endif
