/*
 * The truth about deaths, from the kernel and not from jaildaemon: writes down every probe, and how it and its keeper
 * died.
 *
 *     witness PREFIX FILE
 *
 * A keeper is the parent of a process that takes a name with the prefix, which is what enters a jail. A probe is a child
 * of a keeper that has such a name from its birth, and never executes anything.
 *
 * Lines: `named PID KEEPER NS NAME`, `executed PID` (it was none), `died PID NS STATUS`, `lost NS` when the kernel had no
 * more room for us. NS is CLOCK_MONOTONIC, STATUS as wait(2) has it. A child of a keeper that executed nothing and died
 * by HUP before we could read its name is a probe called `?`.
 *
 * It hears of all processes of the machine, through the kernel's process connector (linux/cn_proc.h), and needs root in
 * the first namespaces.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PIDS = 4194304, ROOM = 64 << 20, TASK_NAME = 17 };

enum kind { SOMEBODY, KEEPER, CHILD, PROBE };

static pid_t parents[PIDS];
static unsigned char kinds[PIDS];

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

static bool is_pid(int pid)
{
	return pid > 0 && pid < PIDS;
}

/* The name that a process has by now; false if there is none any more. */
static bool read_name(int pid, char name[TASK_NAME])
{
	char path[32];
	ssize_t got;
	int file;

	snprintf(path, sizeof path, "/proc/%d/comm", pid);
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file == -1)
		return false;
	got = read(file, name, TASK_NAME - 1);
	close(file);
	name[got > 0 ? got - 1 : 0] = '\0'; /* without its newline */
	return got > 0;
}

static bool is_ours(const char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

static void was_born(FILE *file, int pid, int parent, uint64_t at, const char *prefix)
{
	char name[TASK_NAME];

	parents[pid] = parent;
	kinds[pid] = SOMEBODY;
	if (!is_pid(parent) || kinds[parent] != KEEPER)
		return;
	kinds[pid] = CHILD;
	if (read_name(pid, name) && is_ours(name, prefix)) {
		kinds[pid] = PROBE;
		fprintf(file, "named %d %d %" PRIu64 " %s\n", pid, parent, at, name);
	}
}

static void has_executed(FILE *file, int pid)
{
	if (kinds[pid] == PROBE) /* we had been slow: it was named after its birth */
		fprintf(file, "executed %d\n", pid);
	if (kinds[pid] != KEEPER)
		kinds[pid] = SOMEBODY;
}

static void has_died(FILE *file, int pid, uint64_t at, unsigned status)
{
	if (kinds[pid] == CHILD && WIFSIGNALED((int)status) && WTERMSIG((int)status) == SIGHUP) {
		fprintf(file, "named %d %d %" PRIu64 " ?\n", pid, parents[pid], at);
		kinds[pid] = PROBE;
	}
	if (kinds[pid] == PROBE || kinds[pid] == KEEPER)
		fprintf(file, "died %d %" PRIu64 " %u\n", pid, at, status);
	kinds[pid] = SOMEBODY;
}

static void take(FILE *file, const struct proc_event *event, const char *prefix)
{
	uint64_t at = event->timestamp_ns;
	int pid;

	switch (event->what) {
	case PROC_EVENT_FORK:
		pid = event->event_data.fork.child_tgid;
		if (pid == event->event_data.fork.child_pid && is_pid(pid))
			was_born(file, pid, event->event_data.fork.parent_tgid, at, prefix);
		return;
	case PROC_EVENT_COMM:
		pid = event->event_data.comm.process_tgid;
		if (is_pid(pid) && is_ours(event->event_data.comm.comm, prefix) && is_pid(parents[pid]))
			kinds[parents[pid]] = KEEPER;
		return;
	case PROC_EVENT_EXEC:
		pid = event->event_data.exec.process_tgid;
		if (is_pid(pid))
			has_executed(file, pid);
		return;
	case PROC_EVENT_EXIT:
		pid = event->event_data.exit.process_tgid;
		if (pid == event->event_data.exit.process_pid && is_pid(pid))
			has_died(file, pid, at, event->event_data.exit.exit_code);
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
				take(file, (const struct proc_event *)message->data, argv[1]);
		}
	}
}
