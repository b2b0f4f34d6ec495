/**
 * `npm run bench`: what the main job costs here, beside the least that could do it (`native/floor.c`), in one run.
 * `-- --full` measures 10,000 probes too, and what is about many of them; `-- --json` prints for machines.
 * Absolute times are this machine's; the ratios are the point.
 */
import { burst } from './measure/burst.ts';
import { back } from './measure/back.ts';
import { coldStart } from './measure/cold-start.ts';
import { daemonMemory } from './measure/daemon-memory.ts';
import { editToArmed } from './measure/edit.ts';
import { firstInstruction } from './measure/first-instruction.ts';
import { idle } from './measure/idle.ts';
import { footprint, memoryPerProbe } from './measure/memory.ts';
import { reloadOneChanged, reloadUnchanged } from './measure/reload.ts';
import { status } from './measure/status.ts';
import { busyShare, describe, lookAtMachine } from './machine.ts';
import { makeJails } from './rig/jails.ts';
import type { Layout } from './rig/layout.ts';
import { openWorkshop, type Workshop } from './rig/workshop.ts';
import { openOurs, openWorld } from './rig/world.ts';
import { compared, isReached, type Row } from './row.ts';
import { table } from './table.ts';

const options = new Set(process.argv.slice(2));
const unknown = [...options].filter((option) => !['--full', '--json'].includes(option));
if (unknown.length > 0) refuse(64, `bench: ${unknown.join(' ')}: there are only --full and --json.`);
if (process.platform !== 'linux')
  refuse(69, 'bench: it looks at both sides by /proc, and runs on Linux only.');
if (process.getuid?.() !== 0)
  refuse(77, 'bench: it makes real jails and enters them, and so needs root: try sudo npm run bench');

const ONE: Layout = { shell: 1, list: 0, immediately: 0 };
const TEN: Layout = { shell: 10, list: 0, immediately: 0 };
const THOUSAND: Layout = { shell: 500, list: 250, immediately: 250 };
const TEN_THOUSAND: Layout = { shell: 9500, list: 250, immediately: 250 };
/** What others may use of the CPUs without being noticed. */
const QUIET = 0.1;
const TURNS = 300;
const BURSTS = 7;

const NOTES = `
Floor: a bare C program (bench/native/floor.c) that spawns a waiting program for each probe and, on its death by HUP,
the same command. Ours: the real daemon and keeper, probes in real jails (unshare), with settings.brake.triggers 0 and
settings.budget 2000, so that nothing is held back, and its state directory on a tmpfs where there is one. Both run side
by side, their turns alternate, and what is not called p99 is a median.`;

const workshop = await openWorkshop();
let isInterrupted = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    isInterrupted = true;
    void workshop.clear().then(() => process.exit(130));
  });
}
const rows: Row[] = [];
const busy = { before: await busyShare(), after: Number.NaN };
try {
  await measure(workshop, rows);
} catch (error) {
  if (!isInterrupted) console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
await workshop.clear();
busy.after = await busyShare();
if (!isInterrupted) print();

async function measure(workshop: Workshop, rows: Row[]): Promise<void> {
  const jails = makeJails(workshop);

  tell('one probe');
  const one = await openWorld(workshop, jails, ONE);
  const few = await footprint(one);
  rows.push(...(await firstInstruction(one, 'shell', TURNS)));
  await one.end();
  const bare = await openWorld(workshop, jails, { shell: 0, list: 1, immediately: 0 });
  rows.push(...(await firstInstruction(bare, 'list', TURNS)));
  await bare.end();
  const prompt = await openWorld(workshop, jails, { shell: 0, list: 0, immediately: 1 });
  rows.push(...(await back(prompt, TURNS)));
  await prompt.end();

  tell('ten probes');
  const ten = await openOurs(workshop, jails, TEN);
  rows.push(...(await daemonMemory(workshop, ten, 10, 15)));
  if (options.has('--full')) rows.push(...(await status(ten, 10, 150)));
  await ten.end();

  tell('1,000 probes');
  const thousand = await coldStart(() => openWorld(workshop, jails, THOUSAND), 3, 800);
  rows.push(...thousand.rows);
  rows.push(...memoryPerProbe(few, await footprint(thousand.world)));
  rows.push(...(await firstInstruction(thousand.world, 'shell', TURNS)));
  rows.push(...(await firstInstruction(thousand.world, 'list', TURNS)));
  rows.push(...(await back(thousand.world, TURNS)));
  rows.push(...(await burst(thousand.world, BURSTS)));
  if (options.has('--full')) rows.push(...(await editToArmed(workshop, thousand.world.ours, 1000)));
  await thousand.world.end();
  if (!options.has('--full')) return;

  tell('10,000 probes');
  const many = await coldStart(() => openWorld(workshop, jails, TEN_THOUSAND), 1, 6000);
  const { world } = many;
  rows.push(...many.rows);
  rows.push(...(await daemonMemory(workshop, world.ours, 10_000, 45)));
  rows.push(...(await idle(world.ours, 10_000)));
  rows.push(...memoryPerProbe(few, await footprint(world)));
  rows.push(...(await firstInstruction(world, 'shell', TURNS)));
  rows.push(...(await firstInstruction(world, 'list', TURNS)));
  rows.push(...(await back(world, TURNS)));
  rows.push(...(await burst(world, BURSTS)));
  rows.push(...(await status(world.ours, 10_000, 500)));
  rows.push(...(await reloadUnchanged(world.ours, 10_000)));
  rows.push(...(await reloadOneChanged(world.ours, 10_000, 'an include', 350)));
  await world.end();

  tell('10,000 probes in a single file');
  const single = await openOurs(workshop, jails, TEN_THOUSAND, 'single');
  rows.push(...(await reloadOneChanged(single, 10_000, 'a single file', 1200)));
  await single.end();
}

function print(): void {
  const machine = lookAtMachine();
  if (options.has('--json')) {
    const judged = rows.map((row) => ({ ...row, compared: compared(row), reached: isReached(row) }));
    console.log(JSON.stringify({ version: 1, machine, busy, rows: judged }));
    return;
  }
  console.log(`\n${table(rows)}\n`);
  const judged = rows.map(isReached).filter((verdict) => verdict !== undefined);
  console.log(`${judged.filter(Boolean).length} of ${judged.length} goals reached. ${describe(machine)}.`);
  console.log(NOTES);
  const percent = (share: number): string => `${Math.round(share * 100)} %`;
  console.log(
    `Others used ${percent(busy.before)} of the CPUs just before, ${percent(busy.after)} just after.`,
  );
  if (Math.max(busy.before, busy.after) > QUIET)
    console.log(
      'That is too much for such short times: wait, or keep them off with chrt -r 1 npm run bench.',
    );
}

function tell(what: string): void {
  console.error(`bench: ${what} …`);
}

function refuse(code: number, why: string): never {
  console.error(why);
  process.exit(code);
}
