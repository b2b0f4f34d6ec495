/*
 * For use within one step, in which they are set before they are read: so they are no part of a state. (spin does not
 * put them back when it backtracks.) Its verifier has variables of its own with some of these names.
 * A d_step must not end with a loop: where there would be one, `n = 0` stands at its end.
 */
#define word x_word
#define p x_p
#define b x_b
#define k x_k
#define t x_t
#define j x_j
#define i x_i
#define n x_n
#define nth x_nth
#define what x_what
#define tag x_tag
#define inst x_inst
#define runs x_runs
#define state x_state
#define flag x_flag
#define found x_found
#define unsettled x_unsettled
hidden mtype word;
hidden byte p, k, b, t, j, i, n, nth, what, tag, inst, runs, state, flag, found, unsettled;
