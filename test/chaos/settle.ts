import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { HistoryEntry, ProbeStatus, Status } from '../rig/printed.ts';
import { commandOf, isAlive } from '../rig/proc.ts';
import { parentOf } from './host.ts';
import { idOf, jailName, slotIn, titleOf } from './probes.ts';
import { presentProbes, press, textOf, type World } from './world.ts';

/** So long the world may take to come to what the file asks for when nothing disturbs it any more, ms. */
const SETTLES_WITHIN = 240_000;

/** What a probe should be in the end, and what status calls it. */
interface Want {
  readonly id: string;
  readonly slot: string;
  readonly jail: number;
  readonly title: string;
  readonly uid: number;
  readonly mayBeSpent: boolean;
}

/** The file as it should be, and then waits until the jails have what it asks for. Gives what they lack in the end. */
export async function settle(world: World): Promise<string[]> {
  const begin = performance.now();
  let lacking: string[] = ['nobody has looked'];
  while (performance.now() - begin < SETTLES_WITHIN) {
    lacking = lacks(world, await world.host.status());
    if (lacking.length === 0) return [];
    await pause(300, undefined, { signal: world.stopped });
  }
  return lacking.map((what) => `not settled after ${SETTLES_WITHIN / 1000} s: ${what}`);
}

/** The last file, once more and as a whole, whatever was done to it. */
export async function restore(world: World): Promise<void> {
  await world.host.write(textOf(world));
}

function wants(world: World): Want[] {
  const declared = presentProbes(world).map((probe) => ({
    id: idOf(probe),
    slot: probe.slot,
    jail: probe.jail,
    title: titleOf(world.paths.prefix, probe),
    uid: probe.uid,
    mayBeSpent: probe.respawn === 'never',
  }));
  // One that fires once is forgotten when it has.
  const kept = world.attached.filter(
    ({ jail, life, respawn }) => respawn !== 'never' && world.jails[jail]?.life === life,
  );
  const adhoc = kept.map(({ id, slot, jail }) => {
    const title = titleOf(world.paths.prefix, { slot, version: 0 });
    return { id, slot, jail, title, uid: 0, mayBeSpent: false };
  });
  return [...declared, ...adhoc];
}

function lacks(world: World, status: Status | undefined): string[] {
  if (!status) return ['no daemon answers'];
  const found: string[] = [];
  if (status.config.error) found.push('the file is in error');
  if (status.keeper === undefined) found.push('there is no keeper');
  const rows = new Map(status.probes.map((row) => [row.id, row]));
  const processes = probeProcesses(world);
  for (const want of wants(world)) {
    const row = rows.get(want.id);
    rows.delete(want.id);
    found.push(...lacksOf(world, want, row, processes));
  }
  for (const row of rows.values()) {
    // Asked for while the daemon was killed, so that nobody was told its id; it may be there, or not.
    if (row.origin === 'ad-hoc') claim(world, processes, row);
    else found.push(`${row.id} is ${row.state}, and nobody wants it`);
  }
  for (const [slot, pids] of processes) found.push(`${slot}: processes ${pids.join(', ')} that nobody wants`);
  return found;
}

function lacksOf(
  world: World,
  want: Want,
  row: ProbeStatus | undefined,
  processes: Map<string, number[]>,
): string[] {
  if (!row) return [`${want.id} is not in the status`];
  if (row.state === 'spent' && want.mayBeSpent) return [];
  if (row.state !== 'armed') return [`${want.id} is ${row.state}: ${row.reason ?? ''}`];
  const [pid, ...more] = claim(world, processes, row);
  if (pid === undefined || more.length > 0)
    return [`${want.id} has ${more.length + (pid === undefined ? 0 : 1)} processes`];
  const found: string[] = [];
  const shown = read(pid, 'cmdline').split('\0')[0] ?? '';
  if (shown !== want.title && !shown.startsWith(`${want.title} [`))
    found.push(`${want.id}: process ${pid} is called "${shown}", not "${want.title}"`);
  const uid = Number(/^Uid:\t(\d+)/m.exec(read(pid, 'status'))?.[1]);
  if (uid !== want.uid) found.push(`${want.id}: process ${pid} has uid ${uid}, not ${want.uid}`);
  if (pid !== row.pid) found.push(`${want.id}: its process is ${pid}, not ${row.pid ?? 'none'}`);
  if (namespaceOf(pid) !== namespaceOf(world.jails[want.jail]?.pid ?? 0))
    found.push(`${want.id}: process ${pid} is not in jail ${jailName(want.jail)}`);
  if (parentOf(pid) !== world.host.keeper()) found.push(`${want.id}: process ${pid} is not the keeper's`);
  return found;
}

/** Takes the processes of a row out of those that are left to explain. */
function claim(world: World, processes: Map<string, number[]>, { title }: ProbeStatus): number[] {
  const slot = slotIn(world.paths.prefix, title) ?? '';
  const pids = processes.get(slot) ?? [];
  processes.delete(slot);
  return pids;
}

/** All processes of probes on this host, by slot. */
export function probeProcesses(world: World): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    const slot = slotIn(world.paths.prefix, commandOf(pid));
    if (slot !== undefined && isAlive(pid)) found.set(slot, [...(found.get(slot) ?? []), pid]);
  }
  return found;
}

/** With nothing in the way, every probe that is armed is asked for once. Gives how many HUPs that were. */
export async function askAll(world: World): Promise<number> {
  let sent = 0;
  const slots = [...probeProcesses(world).keys()];
  for (const [jail] of world.jails.entries())
    sent += await press(
      world,
      jail,
      slots.filter((slot) => slot.startsWith(`${jail}.`)),
    );
  return sent;
}

/** The whole history, when nothing runs any more. */
export async function wholeHistory(world: World): Promise<HistoryEntry[]> {
  const begin = performance.now();
  const isEarly = (): boolean => performance.now() - begin < SETTLES_WITHIN;
  for (;;) {
    const { code, stdout, stderr } = await world.host.cli('history', '--json', '-n', '999999');
    if (code !== 0 && !(code === 75 && isEarly()))
      throw new Error(`jaildaemon history: exit ${code}\n${stderr}`);
    const all = stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as HistoryEntry);
    const isOpen = ({ fate }: HistoryEntry): boolean => fate === 'running' || fate === 'queued';
    if (code === 0 && (!all.some(isOpen) || !isEarly())) return all;
    await pause(300, undefined, { signal: world.stopped });
  }
}

function namespaceOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return 'none'; // it has ended
  }
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return ''; // it has ended
  }
}
