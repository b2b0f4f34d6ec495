/*
 *     chroot -p PARENT [-k] [-o 0|1|2] [-n FILES] DIR [COMMAND [ARGUMENT...]]
 *
 *     chroot -t GROUP
 *
 * -p: who has started us, and waits; -k: the root mount (--kernel); -o: --open-directories; -n: the soft limit of open files to go
 * back to. -t: nothing but to give the terminal to a process group, which Node cannot.
 */
#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "open_directory.h"
#include "wish.h"

static _Noreturn void usage(void)
{
	fputs("this program is a part of jaildaemon(8): see jaildaemon chroot --help\n", stderr);
	exit(EX_USAGE);
}

static long number(const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (*text == '\0' || *end != '\0' || value < 0)
		usage();
	return value;
}

struct wish wish_read(int argc, char **argv)
{
	struct wish wish = {.rule = -1};
	int option;

	/* "+": what follows the directory is the command's own. Only glibc needs to be told. */
	while ((option = getopt(argc, argv, "+p:ko:n:t:")) != -1)
		switch (option) {
		case 'p':
			wish.parent = (pid_t)number(optarg);
			break;
		case 'k':
			wish.mount = true;
			break;
		case 'o':
			wish.rule = (int)number(optarg);
			break;
		case 'n':
			wish.files = (rlim_t)number(optarg);
			break;
		case 't':
			wish.foreground = (pid_t)number(optarg);
			break;
		default:
			usage();
		}
	if (wish.foreground)
		return wish;
	if (optind >= argc || !wish.parent)
		usage();
	/* A directory that is left open leads back to a root that is to be out of reach. */
	if (wish.rule == -1)
		wish.rule = wish.mount ? OPEN_REFUSED : OPEN_UNLESS_UNDER;
	wish.dirname = argv[optind];
	wish.command = argv + optind + 1;
	return wish;
}
