#!/usr/bin/env node
/**
 * The entry. Handlers first, imports after: until a listener for SIGUSR1 is there, Node opens its debugger to every
 * local user on that signal, and a HUP, which means "reload" here, would end a daemon that is just starting.
 */
import type { EarlySignal, Signals } from './signals.ts';

const NAMES = ['SIGHUP', 'SIGTERM', 'SIGINT', 'SIGUSR1', 'SIGUSR2'] as const;
const early: EarlySignal[] = [];
let receive = (signal: EarlySignal): void => void early.push(signal);
for (const name of NAMES) process.on(name, () => receive(name));

const signals: Signals = {
  handle(handler) {
    receive = handler;
    for (const signal of early.splice(0)) handler(signal);
  },
  release() {
    for (const name of NAMES) if (name !== 'SIGUSR1') process.removeAllListeners(name);
    for (const signal of early.splice(0)) process.kill(process.pid, signal);
    receive = () => {};
  },
};

// What a command is to inherit must be known before anything else is opened.
const inherited = process.argv[2] === 'chroot' ? (await import('./inherited.ts')).inheritedDescriptors() : [];

const { run } = await import('./cli/run.ts');
await run(process.argv.slice(2), signals, inherited);
