#ifdef __linux__
#define _GNU_SOURCE
#include <sys/mman.h>

#include "memory.h"

void *memory_reserve(size_t size)
{
	void *base = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (base == MAP_FAILED)
		return NULL;
	if (madvise(base, size, MADV_DONTFORK) == -1) {
		(void)munmap(base, size);
		return NULL;
	}
	/* Kernels without huge pages say EINVAL, and have nothing to be told. */
	(void)madvise(base, size, MADV_NOHUGEPAGE);
	return base;
}

void memory_release(void *from, size_t size)
{
	(void)madvise(from, size, MADV_DONTNEED);
}

#else
typedef int not_this_platform;
#endif
