#ifndef LABEL_H
#define LABEL_H

#include "enter.h"

/* Has the order ask for the AppArmor label of the jail's first process, where that is another one. 0 or errno. */
int label_ask_for(struct entrance *entrance);

#endif
