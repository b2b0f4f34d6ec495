import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunningJail } from '../../test/rig/jail.ts';
import { countOf, kindOf, type Layout } from './layout.ts';
import type { Workshop } from './workshop.ts';

/** Probes of one jail, and of one included file. */
export const EACH = 100;

export type Shape = 'includes' | 'single';

/** What an edit does to the file that holds a probe. */
interface Change {
  /** One probe more, of this title. */
  readonly added?: string;
  /** One word more in that probe's command. */
  readonly variant?: string;
}

/** The configuration of ours: one file, or one that includes a file for each jail. */
export interface ConfigFile {
  readonly path: string;
  /** The file in which the probe of this number stands. */
  holding(index: number): string;
  /** The text of that file as it is after an edit near that probe. */
  text(index: number, change: Change): string;
}

/** The brake would hold back what is triggered a hundred times in ten seconds, and the budget what is over 512. */
const SETTINGS = 'settings: {brake: {triggers: 0}, budget: 2000}';
const MAIN = `${SETTINGS}\ndefaults: {respawn: after}\n`;

export function writeConfigFile(
  workshop: Workshop,
  jails: readonly RunningJail[],
  layout: Layout,
  shape: Shape,
): ConfigFile {
  const folder = join(workshop.dir, workshop.unique('conf'));
  mkdirSync(join(folder, 'jails.d'), { recursive: true, mode: 0o700 });
  const path = join(folder, 'jaildaemon.yml');
  const total = countOf(layout);

  const section = (number: number, only: number, change: Change): string => {
    const jail = jails[number];
    if (jail === undefined) throw new Error(`there is no jail for probe ${number * EACH}`);
    const lines = [`  ${jail.name}:`, `    pid: ${jail.pid}`, '    probes:'];
    for (let index = number * EACH; index < Math.min(total, (number + 1) * EACH); index++) {
      lines.push(`      ${probe(workshop, layout, index, index === only ? change.variant : undefined)}`);
    }
    if (Math.floor(only / EACH) === number && change.added !== undefined)
      lines.push(`      ${change.added}: {command: 'true'}`);
    return `${lines.join('\n')}\n`;
  };
  const numbers = Array.from({ length: Math.max(1, Math.ceil(total / EACH)) }, (_, number) => number);
  const holding = (index: number): string =>
    shape === 'single' ? path : join(folder, 'jails.d', `${Math.floor(index / EACH)}.yml`);
  const text = (index: number, change: Change): string =>
    shape === 'single'
      ? `${MAIN}jails:\n${numbers.map((number) => section(number, index, change)).join('')}`
      : `jails:\n${section(Math.floor(index / EACH), index, change)}`;

  if (shape === 'includes') {
    writeFileSync(path, `include: [jails.d/*.yml]\n${MAIN}jails: {}\n`, { mode: 0o600 });
    for (const number of numbers)
      writeFileSync(holding(number * EACH), text(number * EACH, {}), { mode: 0o600 });
  } else writeFileSync(path, text(0, {}), { mode: 0o600 });
  return { path, holding, text };
}

/** The same command as the floor has for this number. */
function probe({ program, fifo, gate }: Workshop, layout: Layout, index: number, variant = ''): string {
  const kind = kindOf(layout, index);
  const words = [program('first'), fifo, gate, String(index)];
  const command = kind === 'shell' ? ['exec', ...words, variant].join(' ').trim() : JSON.stringify(words);
  return `B${index}: {command: ${command}${kind === 'immediately' ? ', respawn: immediately' : ''}}`;
}
