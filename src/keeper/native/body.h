#ifndef BODY_H
#define BODY_H

#include "child.h"
#include "definition.h"
#include "instance.h"
#include "list.h"

struct entry;
struct record;

enum { RECEIPT_ROOM = 32 };

/*
 * One process of a probe.
 *
 *   waiting ──its turn──► entering ──ready──► armed ──newer one ready, disarm, another's trigger──► retired
 *      └───────given up──────┴──────────────────┴─────────────── reaped ◄───────────────────────────────┘
 */
struct body {
	struct child child; /* pid 0 until the clone is known */
	struct list of_record;
	struct list of_instance; /* in `pending` while it waits, else in `bodies` */
	struct record *record;
	struct instance *instance;
	struct definition *definition; /* that it was armed with, or updated to */
	struct entry *entry;
	uint64_t folded; /* seq of the trigger that made it superfluous; 0: none */
	bool waiting, ready, ended;
	char receipt[RECEIPT_ROOM]; /* the end of its title */
};

/* Queued in its instance; NULL when there is no memory. */
struct body *body_make(struct keeper *keeper, struct record *record);

/* It is to go: killed, and forgotten when it has been reaped. Its death by HUP may still count. */
void body_retire(struct keeper *keeper, struct body *body);

void body_kill(struct body *body);

void body_leave_queue(struct keeper *keeper, struct body *body);
void body_free_if_over(struct keeper *keeper, struct body *body);
void body_title(const struct body *body, char *title, size_t room);

#endif
