#ifndef SET_UP_H
#define SET_UP_H

struct keeper;

/* Ends the process if it cannot, with one line on standard error and a code of sysexits(3). */
void set_up(struct keeper *keeper, const char *state_directory);
_Noreturn void set_up_fail(int code, const char *what);

/* One line for whoever has started us, and then no word to anybody but the daemon. */
void say_ready(const struct keeper *keeper);

#endif
