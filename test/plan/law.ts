import fc from 'fast-check';
import type { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { histories, type Deed } from './deeds.ts';

/** More of them find what a few do not: LAW_RUNS=20000 LAW_SEED=$RANDOM. */
const RUNS = Number(process.env['LAW_RUNS'] ?? 300);
const SEED = Number(process.env['LAW_SEED'] ?? 4711);

/** States a law over random histories; where it is broken, the shortest history is told that breaks it. */
export function createLaw(laws: ReturnType<typeof suite>) {
  return (name: string, deeds: fc.Arbitrary<Deed>, check: (history: readonly Deed[]) => void): void => {
    laws(name, () => {
      fc.assert(
        fc.property(histories(deeds), (history) => check(history)),
        {
          numRuns: RUNS,
          seed: SEED,
          reporter({ failed, counterexample, errorInstance, numRuns }) {
            if (!failed) return;
            const told = counterexample?.[0].map(([what]) => `  ${what}`).join('\n');
            throw new Error(`history ${numRuns}:\n${told}\n${(errorInstance as Error).message}`);
          },
        },
      );
    });
  };
}

/** Asserts that nothing was found. */
export function none(found: readonly unknown[], what: string): void {
  assert.ok(found.length === 0, `${what}: ${JSON.stringify(found, undefined, 1)}`);
}
