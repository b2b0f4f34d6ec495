#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <unistd.h>

#include "layout.h"
#include "self.h"

/* Copies above all that is wanted first, so that no copy overwrites one that is still to be copied. */
void layout_arrange(const struct layout *layout, const int *from, int above)
{
	int high[LAUNCH_DESCRIPTORS];

	for (int i = 0; i < layout->count; i++) {
		high[i] = from[i] == -1 ? -1 : fcntl(from[i], F_DUPFD, above);
		if (high[i] == -1 && from[i] != -1)
			_exit(127);
	}
	for (int i = 0; i < layout->count; i++)
		if (high[i] == -1)
			(void)close(i); /* EBADF: it was not open */
		else if (dup3(high[i], i, i >= layout->close_on_exec ? O_CLOEXEC : 0) == -1)
			_exit(127);
	if (close_from(layout->count) == -1)
		_exit(127);
}
