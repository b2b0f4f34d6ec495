import type { Budget } from './tree.ts';

/** What a load of all files may use: enough for more than 10,000 probes of four keys. */
export const parseLimits: Readonly<Budget> = { tokens: 450_000, repeats: 200_000 };
