#ifndef ORDER_H
#define ORDER_H

#include <stdbool.h>

struct keeper;
struct connection;

/* Carries out what has come in, as far as there is room to answer it. */
void orders_read(struct keeper *keeper, struct connection *connection);

bool orders_wait(const struct connection *connection); /* one has come in that could be carried out now */

#endif
