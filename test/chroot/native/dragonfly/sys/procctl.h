/* What end_with.c needs of DragonFly's, in Linux's words: see ends.c. */
#include <sys/wait.h>

enum { PROC_PDEATHSIG = 4 };
#define PROC_PDEATHSIG_CTL PROC_PDEATHSIG
int procctl(int, int, int, void *);
