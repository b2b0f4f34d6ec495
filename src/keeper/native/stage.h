#ifndef STAGE_H
#define STAGE_H

/*
 * Where an arming or a command can fail, in one list: the keeper, the entering process and the probe
 * report a number, and the keeper alone knows the word.
 */
#define STAGES(STAGE) \
	STAGE(none) STAGE(fork) STAGE(pidfd) STAGE(gone) STAGE(root) STAGE(namespace) STAGE(exec) STAGE(order) \
	STAGE(dump) STAGE(keyring) STAGE(groups) STAGE(setns) STAGE(chroot) STAGE(chdir) STAGE(bounding) \
	STAGE(setgid) STAGE(setuid) STAGE(capset) STAGE(nonewprivs) STAGE(clone) STAGE(setsid) STAGE(pdeathsig) \
	STAGE(name) STAGE(seccomp) STAGE(report) STAGE(timeout) \
	STAGE(pipe) STAGE(stdin) STAGE(output) STAGE(limit) \
	STAGE(attach) STAGE(identity) STAGE(capmode) STAGE(mount) STAGE(guard) STAGE(label)

#define STAGE_NUMBER(word) STAGE_##word,
enum stage { STAGES(STAGE_NUMBER) STAGE_COUNT };
#undef STAGE_NUMBER

const char *stage_word(enum stage stage);

#endif
