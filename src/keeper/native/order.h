#ifndef ORDER_H
#define ORDER_H

struct keeper;
struct connection;

/* Carries out what has come in, as far as there is room to answer it. */
void orders_read(struct keeper *keeper, struct connection *connection);

#endif
