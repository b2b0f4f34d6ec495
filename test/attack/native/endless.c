/*
 * endless MEBIBYTES: a process of anybody's, which calls itself a keeper, and whose command line is so long. Nothing of it
 * is there before it is read, and then only as a page of zeros.
 */
#define _GNU_SOURCE
#include <linux/prctl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "report.h"

/* proc_pid_stat(5): where the kernel counts from 1, and the name in parentheses is the second. */
enum { START_CODE = 26, END_CODE, START_STACK, START_DATA = 45, END_DATA, START_BRK, ENV_START = 50, ENV_END, FIELDS = 60 };

static int read_layout(unsigned long *fields)
{
	static char text[4096];
	FILE *file = fopen("/proc/self/stat", "r");
	char *at;

	if (!file || fread(text, 1, sizeof text - 1, file) == 0 || !(at = strrchr(text, ')')))
		return -1;
	fclose(file);
	at = strtok(at + 1, " ");
	for (int number = 3; at && number < FIELDS; number++, at = strtok(NULL, " "))
		fields[number] = strtoul(at, NULL, 10);
	return 0;
}

int main(int count, char **arguments)
{
	size_t size = count == 2 ? strtoul(arguments[1], NULL, 10) << 20 : 0;
	unsigned long fields[FIELDS] = {0};
	struct prctl_mm_map map = {.exe_fd = (uint32_t)-1};
	void *line = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (line == MAP_FAILED || read_layout(fields) == -1)
		return 71;
	map.start_code = fields[START_CODE];
	map.end_code = fields[END_CODE];
	map.start_stack = fields[START_STACK];
	map.start_data = fields[START_DATA];
	map.end_data = fields[END_DATA];
	map.start_brk = fields[START_BRK];
	map.brk = (uintptr_t)sbrk(0);
	map.env_start = fields[ENV_START];
	map.env_end = fields[ENV_END];
	map.arg_start = (uintptr_t)line;
	map.arg_end = (uintptr_t)line + size;
	(void)prctl(PR_SET_NAME, "keeper");
	tell("set", prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0));
	for (;;)
		pause();
}
