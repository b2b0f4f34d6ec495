/*
 * A file system whose root directory can be seen, and in which every look-up ends with EIO, as on a broken disk. FUSE
 * without a library: `broken-disk DIR [LOOKS]` mounts it there, prints a line, and serves until it is unmounted. After so many
 * looks at its root no other is answered; that the first is not, is another line.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static void answer(int fuse, uint64_t request, int error, void *body, size_t length)
{
	struct fuse_out_header head = {.len = (uint32_t)(sizeof head + length), .error = -error, .unique = request};
	struct iovec parts[] = {{&head, sizeof head}, {body, length}};

	(void)!writev(fuse, parts, length ? 2 : 1); /* who asked may have gone */
}

enum { STATX = 52 }; /* FUSE_STATX, which older headers lack */

static int looks = INT_MAX;

static void say(const char *line)
{
	puts(line);
	fflush(stdout);
}

static void serve(int fuse, const struct fuse_in_header *request)
{
	struct fuse_init_out init = {.major = FUSE_KERNEL_VERSION, .minor = 31, .max_write = 4096};
	struct fuse_attr_out root = {.attr = {.ino = FUSE_ROOT_ID, .mode = S_IFDIR | 0755, .nlink = 2}};

	switch (request->opcode) {
	case FUSE_INIT:
		answer(fuse, request->unique, 0, &init, sizeof init);
		break;
	case FUSE_GETATTR:
		if (looks-- == 0)
			say("silent");
		else if (looks >= 0)
			answer(fuse, request->unique, 0, &root, sizeof root);
		break;
	case STATX:
		answer(fuse, request->unique, ENOSYS, NULL, 0); /* then by FUSE_GETATTR */
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
		break; /* wants no answer */
	default:
		answer(fuse, request->unique, EIO, NULL, 0);
	}
}

int main(int argc, char **argv)
{
	static char request[1 << 17];
	char options[128];
	int fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	if (argc == 3)
		looks = atoi(argv[2]);
	if (argc < 2 || fuse == -1) {
		perror("/dev/fuse");
		return 1;
	}
	snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", fuse);
	if (mount("broken-disk", argv[1], "fuse.broken-disk", MS_NOSUID | MS_NODEV, options) == -1) {
		perror("mount");
		return 1;
	}
	say("mounted");
	for (;;) {
		ssize_t got = read(fuse, request, sizeof request);

		if (got == -1 && errno == ENODEV) /* unmounted */
			return 0;
		if (got >= (ssize_t)sizeof(struct fuse_in_header))
			serve(fuse, (const struct fuse_in_header *)(const void *)request);
	}
}
