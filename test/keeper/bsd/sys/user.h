#ifndef PORT_USER_H
#define PORT_USER_H

#include <sys/types.h>

struct kinfo_proc {
	uid_t kp_uid, kp_ruid, kp_svuid;
	int kp_jailid;
};

#endif
