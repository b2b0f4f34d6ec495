#ifndef PORT_USER_H
#define PORT_USER_H

#include <stdbool.h>
#include <sys/types.h>

struct kinfo_proc {
	uid_t kp_uid, kp_ruid, kp_svuid;
	int kp_jailid;
};

static inline void port_fill(struct kinfo_proc *seen, const uid_t *uids, int jid, bool locked)
{
	(void)locked;
	*seen = (struct kinfo_proc){.kp_ruid = uids[0], .kp_uid = uids[1], .kp_svuid = uids[2], .kp_jailid = jid};
}

#endif
