#ifndef PORT_SYSCTL_H
#define PORT_SYSCTL_H

#include <stddef.h>

enum { CTL_KERN = 1, KERN_PROC = 14, KERN_PROC_PID = 1, KERN_PROC_PATHNAME = 9 };
int sysctl(const int *, unsigned, void *, size_t *, const void *, size_t);

#endif
