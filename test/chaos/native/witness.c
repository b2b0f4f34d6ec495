/*
 * The truth about deaths, from the kernel and not from jaildaemon: writes down every process that takes a name with
 * the given prefix, as probes do when they are ready, and how it died; and how its parent died, which is a keeper.
 *
 *     witness PREFIX FILE
 *
 * Lines: `named PID PARENT NS NAME`, `died PID NS STATUS`, `lost NS` when the kernel had no more room for us. NS is
 * CLOCK_MONOTONIC, STATUS as wait(2) has it. It hears of all processes of the machine, through the kernel's process
 * connector (linux/cn_proc.h), and needs root in the first namespaces.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PIDS = 4194304, ROOM = 64 << 20 };

static pid_t parents[PIDS];
static char watched[PIDS];

static int listen_to_kernel(void)
{
	struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC};
	enum proc_cn_mcast_op operation = PROC_CN_MCAST_LISTEN;
	struct cn_msg message = {.id = {CN_IDX_PROC, CN_VAL_PROC}, .len = sizeof operation};
	char order[NLMSG_SPACE(sizeof message + sizeof operation)] __attribute__((aligned(NLMSG_ALIGNTO))) = {0};
	struct nlmsghdr *header = (struct nlmsghdr *)order;
	int room = ROOM, kernel = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_CONNECTOR);

	if (kernel == -1)
		err(1, "no process connector");
	*header = (struct nlmsghdr){.nlmsg_len = NLMSG_LENGTH(sizeof message + sizeof operation), .nlmsg_type = NLMSG_DONE};
	memcpy(NLMSG_DATA(header), &message, sizeof message);
	memcpy((char *)NLMSG_DATA(header) + sizeof message, &operation, sizeof operation);
	if (setsockopt(kernel, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) == -1)
		err(1, "no room for what the kernel has to say");
	if (bind(kernel, (struct sockaddr *)&address, sizeof address) == -1)
		err(1, "the process connector cannot be listened to");
	if (send(kernel, order, header->nlmsg_len, 0) == -1)
		err(1, "the process connector does not take an order");
	return kernel;
}

static int is_pid(int pid)
{
	return pid > 0 && pid < PIDS;
}

static void write_down(FILE *file, const struct proc_event *event, const char *prefix)
{
	int pid;

	switch (event->what) {
	case PROC_EVENT_FORK:
		pid = event->event_data.fork.child_tgid;
		if (pid == event->event_data.fork.child_pid && is_pid(pid)) {
			parents[pid] = event->event_data.fork.parent_tgid;
			watched[pid] = 0;
		}
		return;
	case PROC_EVENT_COMM:
		pid = event->event_data.comm.process_pid;
		if (strncmp(event->event_data.comm.comm, prefix, strlen(prefix)) != 0 || !is_pid(pid))
			return;
		fprintf(file, "named %d %d %" PRIu64 " %.16s\n", pid, parents[pid], (uint64_t)event->timestamp_ns,
			event->event_data.comm.comm);
		watched[pid] = 1;
		if (is_pid(parents[pid]))
			watched[parents[pid]] = 1;
		return;
	case PROC_EVENT_EXIT:
		pid = event->event_data.exit.process_pid;
		if (pid != event->event_data.exit.process_tgid || !is_pid(pid) || !watched[pid])
			return;
		watched[pid] = 0;
		fprintf(file, "died %d %" PRIu64 " %u\n", pid, (uint64_t)event->timestamp_ns,
			event->event_data.exit.exit_code);
		return;
	default:
		return;
	}
}

static void confess(FILE *file)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	fprintf(file, "lost %" PRIu64 "\n", (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec);
}

int main(int argc, char **argv)
{
	static char buffer[65536] __attribute__((aligned(NLMSG_ALIGNTO)));
	int kernel;
	FILE *file;

	if (argc != 3)
		errx(64, "usage: witness PREFIX FILE");
	file = fopen(argv[2], "ae");
	if (!file)
		err(1, "%s", argv[2]);
	kernel = listen_to_kernel();
	puts("ready");
	fflush(stdout);
	for (;;) {
		ssize_t got = recv(kernel, buffer, sizeof buffer, MSG_DONTWAIT);

		if (got == -1 && errno == EAGAIN) { /* all is read: now others may read it too */
			if (fflush(file) == EOF)
				err(1, "%s", argv[2]);
			got = recv(kernel, buffer, sizeof buffer, 0);
		}
		if (got == -1 && errno == ENOBUFS)
			confess(file);
		else if (got == -1 && errno != EINTR)
			err(1, "the process connector");
		for (struct nlmsghdr *header = (struct nlmsghdr *)buffer; got > 0 && NLMSG_OK(header, (size_t)got);
			header = NLMSG_NEXT(header, got)) {
			const struct cn_msg *message = NLMSG_DATA(header);

			if (message->id.idx == CN_IDX_PROC && message->len >= sizeof(struct proc_event))
				write_down(file, (const struct proc_event *)message->data, argv[1]);
		}
	}
}
