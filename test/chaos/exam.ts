import { until } from '../rig/until.ts';
import { killExactly, startOf } from '../rig/proc.ts';
import { readLedger } from './ledger.ts';
import { footprint, zombies } from './resources.ts';
import { askAll, settle, wholeHistory } from './settle.ts';
import type { Row } from './table.ts';
import type { World } from './world.ts';

/** What is found out with nothing in the way. */
export interface Exam {
  readonly rows: readonly Row[];
  readonly wrong: readonly string[];
  readonly unsettled: readonly string[];
  /** Replaces both by fresh ones, which come to hold what the old ones should. It is the last thing to be done. */
  compare(): Promise<{ readonly rows: readonly Row[]; readonly wrong: readonly string[] }>;
}

const MIB = 1 << 20;
/** What may be more than in a fresh process: descriptors that Node opens when it pleases; memory that is kept for reuse. */
const MORE_DESCRIPTORS = { daemon: 6, keeper: 0 };
const MORE_MEMORY = { daemon: 96 * MIB, keeper: 4 * MIB };

/** Every armed probe is asked for once, and each must run its command once. */
export async function examine(world: World): Promise<Exam> {
  const before = (await readLedger(world.paths.ledger)).errands.size;
  const asked = await askAll(world);
  const unsettled = await settle(world);
  await wholeHistory(world);
  const answered = (await readLedger(world.paths.ledger)).errands.size - before;
  const dead = await zombies(world);
  const wrong = [...dead];
  if (asked !== answered)
    wrong.push(`undisturbed, ${asked} probes were asked for, and ${answered} commands ran`);
  const rows: Row[] = [
    {
      what: 'undisturbed: HUPs sent, commands run',
      value: `${asked}, ${answered}`,
      holds: asked === answered,
    },
    { what: 'zombies', value: String(dead.length), holds: dead.length === 0 },
  ];
  return { rows, wrong, unsettled, compare: () => compare(world) };
}

async function compare(world: World): Promise<{ rows: Row[]; wrong: string[] }> {
  const old = await footprint(world);
  const pids = { daemon: world.host.daemon(), keeper: world.host.keeper() };
  for (const pid of Object.values(pids)) if (pid !== undefined) await killExactly(pid, startOf(pid));
  await until(() => ![undefined, pids.daemon].includes(world.host.daemon()), 'there is another daemon');
  const wrong = await settle(world);
  const fresh = await footprint(world);
  const rows: Row[] = [];
  for (const who of ['daemon', 'keeper'] as const) {
    const descriptors = old[who].descriptors - fresh[who].descriptors;
    const memory = old[who].memory - fresh[who].memory;
    rows.push(
      {
        what: `descriptors of the ${who}; of a fresh one`,
        value: `${old[who].descriptors}; ${fresh[who].descriptors}`,
        holds: descriptors <= MORE_DESCRIPTORS[who],
      },
      {
        what: `memory of the ${who}; of a fresh one`,
        value: `${mib(old[who].memory)}; ${mib(fresh[who].memory)}`,
        holds: memory <= MORE_MEMORY[who],
      },
    );
    if (descriptors > MORE_DESCRIPTORS[who])
      wrong.push(`the ${who} holds ${descriptors} descriptors too many`);
    if (memory > MORE_MEMORY[who]) wrong.push(`the ${who} holds ${mib(memory)} more than a fresh one`);
  }
  return { rows, wrong };
}

function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}
