import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { audit, type Verdict } from './audit.ts';
import { tailOf } from './host.ts';
import { readLedger } from './ledger.ts';
import { unleash } from './monkey.ts';
import type { Plan } from './plan.ts';
import { askAll, restore, settle, wholeHistory } from './settle.ts';
import { openStage } from './stage.ts';
import { table, type Row } from './table.ts';
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
  let wrong: string[];
  try {
    const world = await openWorld(stage, plan);
    const { rows, violations } = await tell(world, plan, stopped.signal);
    console.log(`\n${table(rows)}\n`);
    wrong = violations;
    if (wrong.length > 0) await keepEvidence(world, plan, wrong);
  } catch (error) {
    wrong = [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  }
  wrong.push(...(await stage.clear()));
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

async function tell(
  world: World,
  plan: Plan,
  stopped: AbortSignal,
): Promise<{ rows: Row[]; violations: string[] }> {
  const violations: string[] = [];
  violations.push(...(await settle(world)));
  say('all probes are armed; now the monkey');
  await unleash(world, plan, stopped);
  say('the monkey is tired; the world settles');
  await restore(world);
  const unsettled = await settle(world);
  say('every armed probe is asked for once more');
  await wholeHistory(world);
  const before = (await readLedger(world.paths.ledger)).errands.size;
  const asked = await askAll(world);
  unsettled.push(...(await settle(world)));
  const history = await wholeHistory(world);
  const ledger = await readLedger(world.paths.ledger);
  const testimony = await hearWitness(world.witness, world.paths.prefix);
  const answered = ledger.errands.size - before;
  const verdict = audit({ prefix: world.paths.prefix, testimony, ledger, history, frozen: world.frozen });
  violations.push(...unsettled, ...verdict.violations, ...world.trouble, ...world.host.faults);
  if (asked !== answered) violations.push(`at the end ${asked} were asked for, and ${answered} commands ran`);
  const killed = testimony.keepers.filter(({ signal }) => signal === 9).length;
  const rows: Row[] = [
    ...sums(verdict),
    {
      what: 'at the end, undisturbed: HUPs sent, commands run',
      value: `${asked}, ${answered}`,
      holds: asked === answered,
    },
    { what: 'final state is the file’s', value: String(unsettled.length), holds: unsettled.length === 0 },
    { what: 'daemons started, keepers killed', value: `${world.host.starts}, ${killed}` },
    { what: 'processes of probes', value: String(testimony.bodies.length) },
  ];
  await writeFile(join(world.dir, 'history.json'), history.map((entry) => JSON.stringify(entry)).join('\n'));
  return { rows, violations };
}

function sums(v: Verdict): Row[] {
  const windows = v.window + v.windowStopped;
  return [
    { what: 'HUPs that killed an armed probe', value: String(v.deaths) },
    { what: '  commands run', value: String(v.commands) },
    { what: '  told, keeper killed before the command began', value: String(v.neverBegan) },
    { what: '  folded into another trigger', value: String(v.folded) },
    {
      what: '  in the window: keeper killed at that moment',
      value: `${v.window} (at most ${v.windowMs.toFixed(1)} ms)`,
    },
    { what: '  in the window: keeper stopped, then killed', value: String(v.windowStopped) },
    {
      what: 'deaths = records + folded + in the window',
      value: `${v.records} + ${v.folded} + ${windows}`,
      holds: v.deaths === v.records + v.folded + windows,
    },
    { what: 'triggered from the host', value: String(v.byHost) },
    { what: 'records with an end that nobody saw', value: String(v.unknown) },
    { what: 'longest that a probe outlived its keeper', value: `${v.outlivedMs.toFixed(1)} ms` },
    { what: 'violations', value: String(v.violations.length), holds: v.violations.length === 0 },
  ];
}

async function keepEvidence(world: World, plan: Plan, wrong: readonly string[]): Promise<void> {
  await writeFile(join(world.dir, 'violations'), `${wrong.join('\n')}\n`);
  await writeFile(join(world.dir, 'plan'), plan.actions.map((action) => JSON.stringify(action)).join('\n'));
  await cp(world.host.log, join(world.dir, 'log')).catch(() => undefined);
  console.log(await tailOf(world.host.log, 5));
}

function say(what: string): void {
  console.error(`chaos: ${what} …`);
}
