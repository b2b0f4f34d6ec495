#ifndef PORT_PROCCTL_H
#define PORT_PROCCTL_H

#include <sys/wait.h>

/* As numbers of the preprocessor, since that is where they are asked for. */
#define PROC_TRACE_CTL 7
#define PROC_TRACE_CTL_DISABLE 2
#define PROC_TRACE_CTL_DISABLE_EXEC 3
#define PROC_PDEATHSIG_CTL 11
#define PROC_NO_NEW_PRIVS_CTL 19
#define PROC_NO_NEW_PRIVS_ENABLE 1

int procctl(idtype_t, id_t, int, void *);

#endif
