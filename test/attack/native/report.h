#ifndef REPORT_H
#define REPORT_H

/*
 * What an attacker could do, in a fixed form: one line a finding, NAME TAB OUTCOME. The outcome is `ok`, the name of
 * an error, or what was seen. Whether that is harm, the story outside judges.
 */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static inline void say(const char *name, const char *format, ...)
{
	va_list values;

	printf("%s\t", name);
	va_start(values, format);
	vprintf(format, values);
	va_end(values);
	putchar('\n');
	fflush(stdout);
}

/* Of a call that gives -1 and errno, or something else. */
static inline void tell(const char *name, long result)
{
	say(name, "%s", result == -1 ? strerrorname_np(errno) : "ok");
}

#endif
