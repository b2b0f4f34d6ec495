#ifndef PARTS_LINUX_H
#define PARTS_LINUX_H

/* What the parts of the probe have in common, and nobody else uses. In the order in which they come into use. */

#include "../stage.h"
#include "arming.h"
#include "syscall.h"

/* The kernel's numbers of errors and signals. */
enum { NO_PERMISSION = 1, NO_SUCH_PROCESS = 3, INTERRUPTED = 4, NO_MEMORY = 12, INVALID = 22, NO_SYSTEM_CALL = 38 };
enum { PROTOCOL = 71, QUOTA = 122, SIGNAL_KILL = 9, SIGNAL_CHILD = 17 };

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* ---- report_linux.c */

_Noreturn void leave(int status);

/* Without an order: from the clone, which knows no nonce. */
void report(const struct arming_order *order, enum arming_kind kind, enum stage stage, int value);

/* Around a call that must have succeeded: a probe never runs half locked. */
void must(const struct arming_order *order, enum stage stage, long result);

void read_order(struct arming_order *order);

/* ---- guard_linux.c */

/* Its pid, and the pipe by which it says that it is in its place. 0: there is none. */
struct guarded {
	long pid;
	int ends[2];
};

void start_guard(const struct arming_order *order, struct guarded *guarded);
void await_guard(const struct arming_order *order, const struct guarded *guarded);

/* ---- get_in_linux.c */

/* The file through which the label is asked for, while the host's /proc is there; below 0: none is. */
long open_label(const struct arming_order *order);
void leave_keyring(const struct arming_order *order);
void drop_groups(const struct arming_order *order);
void enter(const struct arming_order *order);
void take_label(const struct arming_order *order, long file);

/* ---- lock_linux.c */

void drop_bounding_set(const struct arming_order *order);
void become(const struct arming_order *order);
void drop_capabilities(const struct arming_order *order);
void take_no_more(const struct arming_order *order);
void lock(void);

#endif
