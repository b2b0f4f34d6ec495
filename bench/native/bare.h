#ifndef BARE_H
#define BARE_H

/*
 * Programs without a C library, so that nothing runs before their first line and a page or two is all they take.
 * They begin at program(), with the stack as the kernel made it: argc, argv[0], ..., NULL.
 */

#include <asm/unistd.h>

__attribute__((noreturn, used)) void program(const long *stack);

#if defined(__x86_64__)

static inline long call(long number, long a, long b, long c, long d)
{
	long result;
	register long r10 __asm__("r10") = d;

	__asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
		: "rcx", "r11", "memory");
	return result;
}

__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall program\n");

#elif defined(__aarch64__)

static inline long call(long number, long a, long b, long c, long d)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;

	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
	return x0;
}

__asm__(".globl _start\n_start:\n\tmov x29, #0\n\tmov x30, #0\n\tmov x0, sp\n\tbl program\n");

#else
#error "the bench's bare programs are not written for this processor yet"
#endif

#endif
