/*
 * Arming, as the entering process begins it: on the host's side, with all that can be looked up there, until it
 * becomes the probe program.
 */
#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "keeper.h"

void entrance_prepare(struct keeper *keeper, const struct body *body, uint64_t nonce)
{
	const struct definition *definition = body->definition;
	struct entrance *entrance = &keeper->entrance;
	struct arming_order *order = &entrance->order;

	memset(entrance, 0, offsetof(struct entrance, root));
	entrance->enter = (enum enter)definition->enter;
	entrance->pid = (pid_t)definition->pid;
	entrance->dev = definition->dev;
	entrance->ino = definition->ino;
	entrance->mount = definition->mount;
	strcpy(entrance->root, definition_text(definition, definition->root)); /* its length was checked */
	body_title(body, entrance->title, sizeof entrance->title);
	order->version = ARMING_VERSION;
	order->keeper = (int32_t)getpid();
	order->jid = (int32_t)definition->jid;
	order->nonce = nonce;
	order->flags = geteuid() == 0 ? 0 : ARMING_KEEP_GROUPS;
	order->uid = (uint32_t)definition->uid;
	order->gid = (uint32_t)definition->gid;
	order->group_count =
		(uint32_t)parse_groups(definition_text(definition, definition->groups), order->groups, ARMING_GROUPS);
}

static _Noreturn void give_in(const struct entrance *entrance, enum stage stage, int error)
{
	struct arming_report report = {
		.nonce = entrance->order.nonce, .kind = ARMING_FAILED, .stage = stage, .value = error};

	(void)!write(FD_REPORT, &report, sizeof report); /* else the keeper sees us end without a word */
	_exit(1);
}

/* Pipe G: what we write into it now, the program that we are about to become reads from it. */
static int leave_order(const struct arming_order *order)
{
	int ends[2];

	if (pipe(ends) == -1 || write(ends[1], order, sizeof *order) != sizeof *order)
		return errno;
	if (ends[0] != FD_ORDER && dup2(ends[0], FD_ORDER) == -1)
		return errno;
	if (ends[0] != FD_ORDER)
		close(ends[0]);
	close(ends[1]);
	return 0;
}

_Noreturn void entrance_become_probe(struct keeper *keeper)
{
	struct entrance *entrance = &keeper->entrance;
	enum stage stage = STAGE_none;
	int error = ENOSYS;

	switch (entrance->enter) {
	case ENTER_PID:
		error = enter_process(entrance, &keeper->home, &stage);
		break;
	case ENTER_JAIL:
		error = enter_jail(entrance, &stage);
		break;
	case ENTER_CHROOT:
		error = enter_chroot(entrance, &stage);
		break;
	}
	if (error)
		give_in(entrance, stage, error);
	error = life_take();
	if (!error)
		error = leave_order(&entrance->order);
	if (error)
		give_in(entrance, STAGE_order, error);
	error = image_execute(FD_IMAGE, entrance->title);
	give_in(entrance, STAGE_exec, error);
}
