#ifndef MEMORY_H
#define MEMORY_H

#include <stddef.h>

/* Address space that no child inherits, all PROT_NONE; NULL and errno. */
void *memory_reserve(size_t size);

/* What is in these pages is not needed any more. They stay readable and writable. */
void memory_release(void *from, size_t size);

#endif
