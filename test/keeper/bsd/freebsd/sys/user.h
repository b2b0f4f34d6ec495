#ifndef PORT_USER_H
#define PORT_USER_H

#include <stdbool.h>
#include <sys/types.h>

enum { KI_CRF_CAPABILITY_MODE = 1 };

struct kinfo_proc {
	uid_t ki_uid, ki_ruid, ki_svuid;
	int ki_jid;
	unsigned ki_cr_flags;
};

static inline void port_fill(struct kinfo_proc *seen, const uid_t *uids, int jid, bool locked)
{
	*seen = (struct kinfo_proc){.ki_ruid = uids[0], .ki_uid = uids[1], .ki_svuid = uids[2], .ki_jid = jid};
	seen->ki_cr_flags = locked ? KI_CRF_CAPABILITY_MODE : 0;
}

#endif
