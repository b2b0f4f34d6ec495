/*
 * What every trigger of the chaos test runs on the host: it writes into the ledger that it began, stays a while, and
 * writes that it ended.
 *
 *     errand LEDGER LOCK SLOT MS CODE [deaf]
 *
 * Lines: `began ID SLOT PID PARENT NS`, `ended ID CODE`, and `overlap ID SLOT` if the lock is held: by a command of the
 * same probe that has not ended. The kernel frees it when that one dies, however it dies. With LOCK `-` several may run
 * at once. A deaf one does not end on TERM.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

static int ledger;

/* One write(2) to a file that is only ever appended to: the lines of many never mix. */
static void __attribute__((format(printf, 1, 2))) write_down(const char *format, ...)
{
	char line[256];
	va_list words;
	int length;

	va_start(words, format);
	length = vsnprintf(line, sizeof line, format, words);
	va_end(words);
	if (length <= 0 || (size_t)length >= sizeof line || write(ledger, line, (size_t)length) != length)
		err(1, "the ledger");
}

static bool is_alone(const char *path)
{
	int lock;

	if (strcmp(path, "-") == 0)
		return true;
	lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600); /* stays open until we end */
	if (lock == -1)
		err(1, "%s", path);
	if (flock(lock, LOCK_EX | LOCK_NB) == 0)
		return true;
	if (errno != EWOULDBLOCK)
		err(1, "%s", path);
	return false;
}

static void stay(long ms)
{
	struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	while (nanosleep(&left, &left) == -1 && errno == EINTR)
		continue;
}

int main(int argc, char **argv)
{
	const char *id = getenv("TRIGGER_ID");
	struct timespec now;

	if (argc < 6 || !id)
		errx(64, "usage: TRIGGER_ID=… errand LEDGER LOCK SLOT MS CODE [deaf]");
	if (argc > 6)
		signal(SIGTERM, SIG_IGN);
	ledger = open(argv[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (ledger == -1)
		err(1, "%s", argv[1]);
	clock_gettime(CLOCK_MONOTONIC, &now);
	write_down("began %s %s %ld %ld %" PRIu64 "\n", id, argv[3], (long)getpid(), (long)getppid(),
		(uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec);
	if (!is_alone(argv[2]))
		write_down("overlap %s %s\n", id, argv[3]);
	printf("%s %s\n", id, argv[3]);
	fflush(stdout);
	stay(atol(argv[4]));
	write_down("ended %s %s\n", id, argv[5]);
	return atoi(argv[5]);
}
