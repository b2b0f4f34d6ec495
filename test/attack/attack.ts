import { suite as createSuite } from 'uvu';
import { story, type Teller } from '../rig/story.ts';

/** One attack and what came of it, as the table shows it. */
export interface Row {
  readonly subject: string;
  readonly attack: string;
  /** Who attacks, and with what in hand. */
  readonly who: string;
  readonly fate: 'repelled' | 'succeeded' | 'skipped';
  /** Why it failed; or what it reached. */
  readonly outcome: string;
}

/** Every row is printed as one line that begins so, for whoever makes the table. */
export const ROW = 'attack: ';

/** Set when the full counts are wanted, which take minutes instead of seconds. */
export const isFull = process.env['JAILDAEMON_ATTACK'] === 'full';

/** The attacker got what must be out of reach. */
export class Breach extends Error {}

/** @throws Breach unless this holds */
export function hold(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new Breach(otherwise);
}

export interface AttackOptions {
  readonly who: string;
  readonly seconds?: number;
  /** Why it cannot be tried here. */
  readonly unless?: string | undefined;
}

/**
 * The attacks on one subject. Each is a story whose end is that the attack has failed: it returns the reason, and
 * throws when the attack has succeeded, or when it could not be carried through.
 */
export function attacks(subject: string) {
  const suite = createSuite(subject);
  return {
    attack(
      attack: string,
      { who, seconds = 40, unless }: AttackOptions,
      how: (t: Teller) => Promise<string>,
    ): void {
      const row = (fate: Row['fate'], outcome: string): void =>
        void process.stdout.write(
          `${ROW}${JSON.stringify({ subject, attack, who, fate, outcome } satisfies Row)}\n`,
        );
      if (unless !== undefined) row('skipped', unless);
      story(suite, `${subject}: ${attack} (${who})`, { seconds, unless }, async (t) => {
        try {
          row('repelled', await how(t));
        } catch (error) {
          const why = (error as Error).message.split('\n')[0] ?? '';
          row('succeeded', error instanceof Breach ? why : `it could not be carried through: ${why}`);
          throw error;
        }
      });
    },
    run: (): void => suite.run(),
  };
}
