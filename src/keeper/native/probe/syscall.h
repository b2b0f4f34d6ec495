#ifndef SYSCALL_H
#define SYSCALL_H

/* System calls and the entry point, START, without a C library. */

#include <asm/unistd.h>
#include <linux/audit.h>

#if defined(__x86_64__)

#define ARCHITECTURE AUDIT_ARCH_X86_64

static inline long call(long number, long a, long b, long c, long d, long e)
{
	long result;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = 0;

	__asm__ volatile("syscall"
		: "=a"(result)
		: "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
		: "rcx", "r11", "memory");
	return result;
}

#define START ".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall probe\n"

#elif defined(__aarch64__)

#define ARCHITECTURE AUDIT_ARCH_AARCH64

static inline long call(long number, long a, long b, long c, long d, long e)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = 0;

	__asm__ volatile("svc 0"
		: "+r"(x0)
		: "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
		: "memory");
	return x0;
}

#define START ".globl _start\n_start:\n\tmov x29, #0\n\tmov x30, #0\n\tmov x0, sp\n\tbl probe\n"

#elif defined(__riscv) && __riscv_xlen == 64

#define ARCHITECTURE AUDIT_ARCH_RISCV64

static inline long call(long number, long a, long b, long c, long d, long e)
{
	register long a7 __asm__("a7") = number;
	register long a0 __asm__("a0") = a;
	register long a1 __asm__("a1") = b;
	register long a2 __asm__("a2") = c;
	register long a3 __asm__("a3") = d;
	register long a4 __asm__("a4") = e;
	register long a5 __asm__("a5") = 0;

	__asm__ volatile("ecall"
		: "+r"(a0)
		: "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5)
		: "memory");
	return a0;
}

#define START ".globl _start\n_start:\n\tli s0, 0\n\tmv a0, sp\n\tcall probe\n"

#else
#error "the probe's system calls are not written for this processor yet"
#endif

static inline long call0(long number) { return call(number, 0, 0, 0, 0, 0); }
static inline long call1(long number, long a) { return call(number, a, 0, 0, 0, 0); }
static inline long call2(long number, long a, long b) { return call(number, a, b, 0, 0, 0); }
static inline long call3(long number, long a, long b, long c) { return call(number, a, b, c, 0, 0); }
static inline long prctl(long option, long value) { return call(__NR_prctl, option, value, 0, 0, 0); }

#endif
