#ifndef CONNECTION_PARTS_H
#define CONNECTION_PARTS_H

/* What connection.c and connection_send.c have in common, and nobody else uses. */

#include "keeper.h"

static inline size_t connection_room(const struct connection *connection)
{
	return CONNECTION_OUT - connection->out_used;
}

/* The one that is told next; NULL: past the last. */
static inline struct record *connection_record_after(const struct keeper *keeper, const struct list *link)
{
	return link->next == &keeper->record_list ? NULL : OWNER(link->next, struct record, link);
}

#endif
