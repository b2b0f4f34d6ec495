/*
 * The probe is executed from a sealed memfd: no path that could be another file by then, and what a jail reaches
 * through /proc/PID/exe is neither a file of the host nor to be written.
 */
#ifdef __linux__
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "image.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x10u
#endif
#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x20
#endif

__asm__(".pushsection .rodata\n"
	".globl probe_image, probe_image_end\n"
	"probe_image:\n\t.incbin \"" PROBE "\"\n"
	"probe_image_end:\n"
	".popsection\n");
extern const char probe_image[], probe_image_end[];

static int make(void)
{
	int image = memfd_create("jaildaemon-probe", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);

	if (image == -1 && errno == EINVAL) /* before Linux 6.3, where every memfd could be executed */
		image = memfd_create("jaildaemon-probe", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return image;
}

/* The last one, by which nobody can make it a file that is not to be executed, came with Linux 6.3. */
static int seal(int image)
{
	int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;

	return fcntl(image, F_ADD_SEALS, seals | F_SEAL_EXEC) == 0 ? 0 : fcntl(image, F_ADD_SEALS, seals);
}

int image_open(int *image, const char **why)
{
	size_t size = (size_t)(probe_image_end - probe_image);
	int reason;

	*why = "memfd_create for the probe's program";
	*image = make();
	if (*image == -1) {
		if (errno == EACCES)
			*why = "no memfd may be executed on this system: sysctl vm.memfd_noexec is 2, and must be 0 or 1";
		return -1;
	}
	*why = "writing and sealing the probe's program";
	if (write(*image, probe_image, size) == (ssize_t)size && fchmod(*image, 0555) == 0 && seal(*image) == 0)
		return 0;
	reason = errno;
	close(*image);
	*image = -1;
	errno = reason;
	return -1;
}

int image_execute(int image, const char *title)
{
	char *arguments[] = {(char *)title, NULL}, *environment[] = {NULL};

	syscall(SYS_execveat, image, "", arguments, environment, AT_EMPTY_PATH);
	return errno;
}

#else
typedef int not_this_platform;
#endif
