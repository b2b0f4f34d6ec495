import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HistoryEntry } from '../rig/printed.ts';
import { audit } from './audit.ts';
import { examine } from './exam.ts';
import { readLedger } from './ledger.ts';
import { unleash } from './monkey.ts';
import type { Plan } from './plan.ts';
import { strays } from './resources.ts';
import { restore, settle, wholeHistory } from './settle.ts';
import { openStage } from './stage.ts';
import { sums, table, type Row } from './table.ts';
import { hearWitness } from './witness.ts';
import { openWorld, type World } from './world.ts';

/** At most so many of what is wrong are printed; the rest is in the evidence. */
const PRINTED = 40;

/** Carries out the plan and prints the table. @returns the exit code: 0 if everything held */
export async function chaos(plan: Plan): Promise<number> {
  const stage = await openStage();
  const stopped = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.once(signal, () => stopped.abort(new Error(`ended by ${signal}`)));
  const rows: Row[] = [];
  const wrong: string[] = [];
  let world: World | undefined;
  try {
    world = await openWorld(stage, plan, stopped.signal);
    await tell(world, plan, rows, wrong);
    if (wrong.length > 0) await keepEvidence(world, plan, wrong);
  } catch (error) {
    wrong.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  wrong.push(...(await stage.clear()));
  if (world) {
    const left = strays(world.dir, world.paths.prefix);
    rows.push({ what: 'stray processes and mounts', value: String(left.length), holds: left.length === 0 });
    wrong.push(...left);
  }
  if (stopped.signal.aborted) {
    await stage.remove();
    console.log(String(stopped.signal.reason));
    return 130;
  }
  console.log(`\n${table(rows)}\n`);
  if (wrong.length === 0) {
    await stage.remove();
    console.log('everything held.');
    return 0;
  }
  for (const what of wrong.slice(0, PRINTED)) console.log(`VIOLATED: ${what}`);
  if (wrong.length > PRINTED) console.log(`… and ${wrong.length - PRINTED} more`);
  console.log(
    `the evidence is in ${stage.dir}; the same plan: --seconds ${plan.seconds} --seed ${plan.seed}`,
  );
  return 1;
}

async function tell(world: World, plan: Plan, rows: Row[], wrong: string[]): Promise<void> {
  wrong.push(...(await settle(world)));
  say('all probes are armed; now the monkey');
  await unleash(world, plan);

  say('the monkey is tired; the world settles');
  await restore(world);
  const unsettled = await settle(world);
  await wholeHistory(world);
  say('every armed probe is asked for once more');
  const exam = await examine(world);
  unsettled.push(...exam.unsettled);

  const history = await wholeHistory(world);
  const ledger = await readLedger(world.paths.ledger);
  const testimony = await hearWitness(world.witness, world.paths.prefix);
  await writeFile(join(world.dir, 'history.json'), history.map((entry) => JSON.stringify(entry)).join('\n'));
  const { prefix } = world.paths;
  const verdict = audit({ prefix, testimony, ledger, history, frozen: world.frozen, killed: world.killed });
  const miscounted = await countsOf(world, history);
  rows.push(...sums(verdict), {
    what: 'runs in status that are not those in the history',
    value: String(miscounted.length),
    holds: miscounted.length === 0,
  });
  rows.push(...exam.rows);
  rows.push({
    what: 'what the jails lack of the file',
    value: String(unsettled.length),
    holds: unsettled.length === 0,
  });
  wrong.push(...unsettled, ...verdict.violations, ...miscounted, ...exam.wrong);

  say('daemon and keeper are compared with fresh ones');
  const compared = await exam.compare();
  rows.push(...compared.rows);
  wrong.push(...compared.wrong);
  const end = await world.host.stop();
  rows.push({ what: 'exit code of stop', value: String(end.code), holds: end.code === 0 });
  if (end.code !== 0) wrong.push(`jaildaemon stop: ${end.stderr}`);
  const remains = world.host.remains();
  rows.push({
    what: 'sockets and markers after stop',
    value: String(remains.length),
    holds: remains.length === 0,
  });
  wrong.push(...remains.map((name) => `${name} is still there after stop`));

  const killed = testimony.keepers.filter(({ signal }) => signal === 9).length;
  const trouble = [...world.trouble, ...world.host.faults];
  rows.push(
    {
      what: 'HUPs sent to a title; daemons started; keepers killed',
      value: `${world.pressed}; ${world.host.starts}; ${killed}`,
    },
    { what: 'processes of probes', value: String(testimony.bodies.length) },
    {
      what: 'faults of the daemon, odd answers to commands',
      value: String(trouble.length),
      holds: trouble.length === 0,
    },
  );
  wrong.push(...trouble);
}

/** Each declared probe's `runs` against its records. */
async function countsOf(world: World, history: readonly HistoryEntry[]): Promise<string[]> {
  const records = new Map<string, number>();
  for (const { probe } of history) records.set(probe, (records.get(probe) ?? 0) + 1);
  const status = await world.host.status();
  return (status?.probes ?? [])
    .filter(({ id, runs }) => runs !== (records.get(id) ?? 0))
    .map(({ id, runs }) => `${id}: ${runs} runs in the status, ${records.get(id) ?? 0} in the history`);
}

async function keepEvidence(world: World, plan: Plan, wrong: readonly string[]): Promise<void> {
  await writeFile(join(world.dir, 'violations'), `${wrong.join('\n')}\n`);
  const frozen = world.frozen.map(({ pid, from, to }) => `${pid} ${from} ${to ?? ''}`);
  await writeFile(join(world.dir, 'frozen'), frozen.join('\n'));
  await writeFile(join(world.dir, 'plan'), plan.actions.map((action) => JSON.stringify(action)).join('\n'));
  await cp(world.host.log, join(world.dir, 'log')).catch(() => undefined);
}

function say(what: string): void {
  console.error(`chaos: ${what} …`);
}
