#ifndef RECORD_H
#define RECORD_H

#include <stdint.h>

/* What a command writes into the FIFO: small enough that the kernel never mixes two of them. */
struct record {
	uint64_t at; /* CLOCK_MONOTONIC, nanoseconds, of its first instruction */
	uint64_t index; /* of the probe whose command it is */
};

#endif
