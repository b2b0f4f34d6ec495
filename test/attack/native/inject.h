#ifndef INJECT_H
#define INJECT_H

/* Making a stopped process make a system call: the registers, for each processor that we know them of. */

#include <elf.h>
#include <stdbool.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#if defined(__x86_64__)
enum { INSTRUCTION = 2 };

static inline unsigned long where(const struct user_regs_struct *registers)
{
	return registers->rip;
}

static inline void aim(struct user_regs_struct *registers, unsigned long at, long number, const long arguments[6])
{
	registers->rip = at;
	registers->rax = (unsigned long)number;
	registers->orig_rax = (unsigned long)-1; /* no call to be restarted */
	registers->rdi = (unsigned long)arguments[0];
	registers->rsi = (unsigned long)arguments[1];
	registers->rdx = (unsigned long)arguments[2];
	registers->r10 = (unsigned long)arguments[3];
	registers->r8 = (unsigned long)arguments[4];
	registers->r9 = (unsigned long)arguments[5];
}

static inline long result_in(const struct user_regs_struct *registers)
{
	return (long)registers->rax;
}

static inline unsigned long stack_in(const struct user_regs_struct *registers)
{
	return registers->rsp;
}

#elif defined(__aarch64__)
enum { INSTRUCTION = 4 };

static inline unsigned long where(const struct user_regs_struct *registers)
{
	return registers->pc;
}

static inline void aim(struct user_regs_struct *registers, unsigned long at, long number, const long arguments[6])
{
	registers->pc = at;
	registers->regs[8] = (unsigned long)number;
	for (int i = 0; i < 6; i++)
		registers->regs[i] = (unsigned long)arguments[i];
}

static inline long result_in(const struct user_regs_struct *registers)
{
	return (long)registers->regs[0];
}

static inline unsigned long stack_in(const struct user_regs_struct *registers)
{
	return registers->sp;
}

#else
#error "the attackers' injection is not written for this processor yet"
#endif

static inline bool get_registers(int pid, struct user_regs_struct *registers)
{
	struct iovec all = {registers, sizeof *registers};

	return ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &all) == 0;
}

static inline bool set_registers(int pid, struct user_regs_struct *registers)
{
	struct iovec all = {registers, sizeof *registers};

	return ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &all) == 0;
}

#endif
