/* knock PATH...: tries every way to use what is there: as a socket, a file, a directory. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "report.h"

static void knock(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int file = socket(AF_UNIX, SOCK_STREAM, 0);

	strncpy(address.sun_path, path, sizeof address.sun_path - 1);
	tell("connect", connect(file, (struct sockaddr *)&address, sizeof address));
	close(file);
	tell("read", file = open(path, O_RDONLY | O_NONBLOCK));
	close(file);
	tell("write", file = open(path, O_WRONLY | O_NONBLOCK));
	close(file);
	tell("list", file = open(path, O_RDONLY | O_DIRECTORY));
	close(file);
	tell("chmod", fchmodat(AT_FDCWD, path, 0777, 0));
	tell("unlink", unlink(path));
}

int main(int count, char **arguments)
{
	for (int i = 1; i < count; i++)
		knock(arguments[i]);
	return 0;
}
