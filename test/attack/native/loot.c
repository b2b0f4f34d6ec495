/*
 * loot PID FOLDER: takes all that a process can be made to tell, through every door that the kernel has for it. What
 * it reads is put into FOLDER, for the story to search.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "report.h"

static int victim;
static const char *folder;
static char buffer[1 << 20];

static const char *in_proc(const char *name)
{
	static char path[400];

	snprintf(path, sizeof path, "/proc/%d/%s", victim, name);
	return path;
}

static void keep(const char *name, const void *bytes, size_t size)
{
	char path[256];
	int file;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
	if (file == -1 || write(file, bytes, size) != (ssize_t)size)
		say("keep", "%s: %s", name, strerrorname_np(errno));
	close(file);
}

static void take_file(const char *name)
{
	int file = open(in_proc(name), O_RDONLY);
	ssize_t got = file == -1 ? -1 : read(file, buffer, sizeof buffer);

	tell(name, got);
	if (got > 0)
		keep(name, buffer, (size_t)got);
	close(file);
}

static void take_link(const char *name)
{
	char target[4096];
	ssize_t got = readlink(in_proc(name), target, sizeof target - 1);

	if (got == -1) {
		tell(name, -1);
		return;
	}
	target[got] = '\0';
	say(name, "%s", target);
	keep("links", target, (size_t)got + 1);
}

/* Every readable page, by both doors to it. */
static void take_memory(void)
{
	FILE *maps = fopen(in_proc("maps"), "r");
	int memory = open(in_proc("mem"), O_RDWR);
	char line[512];

	tell("open mem", memory);
	tell("open maps", maps ? 0 : -1);
	while (maps && fgets(line, sizeof line, maps)) {
		unsigned long from, to;
		char mode[8];

		if (sscanf(line, "%lx-%lx %7s", &from, &to, mode) != 3 || mode[0] != 'r' || to - from > sizeof buffer)
			continue;
		struct iovec here = {buffer, to - from}, there = {(void *)from, to - from};
		ssize_t got = process_vm_readv(victim, &here, 1, &there, 1, 0);

		tell("process_vm_readv", got);
		if (got > 0)
			keep("memory", buffer, (size_t)got);
		got = pread(memory, buffer, to - from, (off_t)from);
		tell("read mem", got);
		if (got > 0)
			keep("mem", buffer, (size_t)got);
		if (mode[1] == 'w') {
			here.iov_len = there.iov_len = 1;
			tell("process_vm_writev", process_vm_writev(victim, &here, 1, &there, 1, 0));
		}
	}
	if (maps)
		fclose(maps);
	close(memory);
}

static void take_registers(void)
{
	struct iovec all = {buffer, sizeof buffer};
	long attached = ptrace(PTRACE_ATTACH, victim, 0, 0);

	tell("PTRACE_ATTACH", attached);
	if (attached == -1)
		return;
	waitpid(victim, NULL, __WALL);
	tell("registers", ptrace(PTRACE_GETREGSET, victim, NT_PRSTATUS, &all));
	keep("registers", buffer, all.iov_len);
	ptrace(PTRACE_DETACH, victim, 0, 0);
}

static void seize(void)
{
	long seized = ptrace(PTRACE_SEIZE, victim, 0, 0);

	tell("PTRACE_SEIZE", seized);
	if (seized == -1)
		return;
	ptrace(PTRACE_INTERRUPT, victim, 0, 0);
	waitpid(victim, NULL, __WALL);
	ptrace(PTRACE_DETACH, victim, 0, 0);
}

/* Its descriptors: what they are, and whether one of them can be made ours. */
static void take_descriptors(void)
{
	DIR *list = opendir(in_proc("fd"));
	int handle = (int)syscall(SYS_pidfd_open, victim, 0);
	struct dirent *entry;

	tell("list fd", list ? 0 : -1);
	while (list && (entry = readdir(list))) {
		char name[280];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof name, "fd/%s", entry->d_name);
		take_link(name);
		tell("reopen to write", open(in_proc(name), O_WRONLY | O_NONBLOCK));
		tell("pidfd_getfd", syscall(SYS_pidfd_getfd, handle, atoi(entry->d_name), 0));
	}
	/* That it can be asked for by number does not depend on the listing. */
	for (int number = 0; number < 16; number++) {
		char name[16];

		snprintf(name, sizeof name, "getfd %d", number);
		tell(name, syscall(SYS_pidfd_getfd, handle, number, 0));
	}
}

/* A directory of the probe's, and what is above it: is that more than our own? */
static void follow(const char *name)
{
	struct stat ours, theirs, above;
	int directory = open(in_proc(name), O_RDONLY | O_DIRECTORY);

	take_link(name);
	if (directory == -1 || fstat(directory, &theirs) == -1 || stat("/", &ours) == -1
		|| fstatat(directory, "..", &above, 0) == -1) {
		say("follow", "%s %s", name, strerrorname_np(errno));
		return;
	}
	say("follow", "%s %s, above it %s", name,
		theirs.st_ino == ours.st_ino && theirs.st_dev == ours.st_dev ? "our own root" : "ANOTHER DIRECTORY",
		above.st_ino == ours.st_ino && above.st_dev == ours.st_dev ? "the same" : "ANOTHER DIRECTORY");
	close(directory);
}

/* The namespaces that can be joined through it must be those that we have. */
static void compare_namespaces(void)
{
	static const char *const kinds[] = {"user", "cgroup", "ipc", "uts", "net", "pid", "mnt"};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		char ours[64] = "", theirs[64] = "", name[32];

		snprintf(name, sizeof name, "/proc/self/ns/%s", kinds[i]);
		(void)!readlink(name, ours, sizeof ours - 1);
		if (readlink(in_proc(name + strlen("/proc/self/")), theirs, sizeof theirs - 1) == -1)
			say("namespace", "%s %s", kinds[i], strerrorname_np(errno));
		else
			say("namespace", "%s %s", kinds[i], strcmp(ours, theirs) == 0 ? "ours" : "ANOTHER");
	}
}

int main(int count, char **arguments)
{
	static const char *const files[] = {
		"auxv", "cgroup", "cmdline", "comm", "environ", "io", "limits", "maps", "mountinfo", "mounts",
		"mountstats", "numa_maps", "oom_score", "sched", "schedstat", "smaps", "stack", "stat", "status",
		"syscall", "timers", "wchan", "sessionid", "loginuid",
	};

	if (count != 3)
		return 64;
	victim = atoi(arguments[1]);
	folder = arguments[2];
	mkdir(folder, 0777);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		take_file(files[i]);
	take_link("exe");
	take_descriptors();
	follow("root");
	follow("cwd");
	compare_namespaces();
	take_memory();
	take_registers();
	seize();
	return 0;
}
