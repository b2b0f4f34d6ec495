#ifndef LIST_H
#define LIST_H

#include <stdbool.h>
#include <stddef.h>

/* A ring of links that live inside the things they join. A lone link points at itself. */
struct list {
	struct list *next, *prev;
};

/* The thing of which `link` is the member `member`. */
#define OWNER(link, type, member) ((type *)(void *)((char *)(link) - offsetof(type, member)))

static inline void list_init(struct list *link)
{
	link->next = link->prev = link;
}

static inline bool list_empty(const struct list *head)
{
	return head->next == head;
}

static inline void list_remove(struct list *link)
{
	link->prev->next = link->next;
	link->next->prev = link->prev;
	list_init(link);
}

/* At the end of the ring whose head is `head`. */
static inline void list_append(struct list *head, struct list *link)
{
	link->prev = head->prev;
	link->next = head;
	head->prev->next = link;
	head->prev = link;
}

static inline void list_prepend(struct list *head, struct list *link)
{
	list_append(head->next, link);
}

#endif
