#ifndef __linux__
#include <sys/types.h>
#include <sys/mman.h>

#include "memory.h"

/* Swap is charged for what mprotect(2) makes writable, not for this. */
void *memory_reserve(size_t size)
{
	void *base = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANON, -1, 0);

	if (base == MAP_FAILED)
		return NULL;
	if (minherit(base, size, INHERIT_NONE) == -1) {
		(void)munmap(base, size);
		return NULL;
	}
	return base;
}

/* Here MADV_DONTNEED only says that the pages may wait; it keeps what is in them, and so their swap. */
void memory_release(void *from, size_t size)
{
	(void)madvise(from, size, MADV_FREE);
}

#else
typedef int not_this_platform;
#endif
