#ifndef ERROR_NAME_H
#define ERROR_NAME_H

/* "EPERM", where the errno is one of those that matter here; else what strerror(3) says. */
const char *error_name(int error);

#endif
