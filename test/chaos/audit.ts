import { ms, weigh, type Evidence } from './equation.ts';
import { firesOnce } from './probes.ts';
import type { Testimony } from './witness.ts';

/** The sums, and every case in which something is wrong. */
export interface Verdict {
  /** HUPs that killed a probe that was ready. */
  readonly deaths: number;
  /** Commands that such a death has started, by their own word. */
  readonly commands: number;
  /** Records of triggers from inside. */
  readonly records: number;
  readonly folded: number;
  /** Deaths just before their keeper was killed: the window. */
  readonly window: number;
  /** The longest time between such a death and that of the keeper, ms; while it was stopped counts apart. */
  readonly windowMs: number;
  readonly windowStopped: number;
  /** Told by the keeper, but it was killed before their command had begun. */
  readonly neverBegan: number;
  /** Killed, by the monkey or by their time limit, between their exec and their first line. */
  readonly cutShort: number;
  /** Commands whose end nobody saw. */
  readonly unknown: number;
  /** From the host: records without a death by HUP. */
  readonly byHost: number;
  /** The longest time that a probe outlived its keeper, ms. */
  readonly outlivedMs: number;
  readonly violations: readonly string[];
}

/** A probe may outlive its keeper by so long, ms: the kernel kills it, and it has to be scheduled to die. */
const OUTLIVES_MS = 1_000;

export function audit(evidence: Evidence): Verdict {
  const { testimony, ledger, history } = evidence;
  const violations: string[] = [];
  const fail = (what: string): void => void violations.push(what);
  if (testimony.lost > 0)
    fail(`the witness was overrun ${testimony.lost} times: nothing can be said of this run`);

  const { deaths, folded, window, windowMs, windowStopped } = weigh(evidence, fail);
  const { neverBegan, cutShort, unknown, byHost, commands } = compare(evidence, fail);
  once(history, fail);
  const outlivedMs = outlived(testimony, fail);
  for (const id of ledger.twice) fail(`${id}: two commands have begun`);
  for (const { id, slot, overlap } of ledger.errands.values())
    if (overlap) fail(`${id}: a command of ${slot} began while another one ran`);

  return {
    deaths,
    commands,
    records: history.filter(({ by }) => by === 'jail').length,
    folded,
    window,
    windowMs,
    windowStopped,
    neverBegan,
    cutShort,
    unknown,
    byHost,
    outlivedMs,
    violations,
  };
}

/** The ledger and the history, record by record. */
function compare({ ledger, history, killed }: Evidence, fail: (what: string) => void) {
  const seen = new Set<string>();
  let neverBegan = 0;
  let cutShort = 0;
  let unknown = 0;
  let byHost = 0;
  let commands = 0;
  for (const entry of history) {
    const { id, probe, by, fate, exitCode, signal, timedOut } = entry;
    if (seen.has(id)) fail(`${id}: two records`);
    seen.add(id);
    const errand = ledger.errands.get(id);
    if (by === 'host') byHost++;
    else if (errand) commands++;
    if (fate === 'unknown') unknown++;
    if (!errand) {
      const count = by === 'jail' ? 1 : 0;
      if (fate === 'unknown') neverBegan += count;
      else if (signal !== undefined && (killed.has(id) || timedOut)) cutShort += count;
      else fail(`${id} (${probe}): a record of a command that never began: ${JSON.stringify(entry)}`);
      continue;
    }
    if (fate !== undefined && fate !== 'unknown') fail(`${id} (${probe}): ${fate}, though it began`);
    if (exitCode !== undefined && exitCode !== errand.code)
      fail(`${id} (${probe}): recorded with exit ${exitCode}, ended with ${errand.code ?? 'nothing'}`);
  }
  for (const { id, slot } of ledger.errands.values())
    if (!seen.has(id)) fail(`${id}: a command of ${slot} ran, and the history does not know it`);
  return { neverBegan, cutShort, unknown, byHost, commands };
}

/** What fires once does so once in each life of its jail. */
function once(history: Evidence['history'], fail: (what: string) => void): void {
  const spent = new Map<string, string>();
  for (const entry of history) {
    if (!firesOnce(entry.probe)) continue;
    const place = `${entry.probe} in ${entry.instance}`;
    const earlier = spent.get(place);
    if (earlier !== undefined) fail(`${place}: ${earlier} and ${entry.id}, though it respawns never`);
    spent.set(place, entry.id);
  }
}

/** No dead button: a probe dies with its keeper. */
function outlived({ bodies }: Testimony, fail: (what: string) => void): number {
  let longest = 0;
  for (const { keeper, diedAt, pid, slot } of bodies) {
    if (keeper.diedAt === undefined) continue;
    const by = diedAt === undefined ? Infinity : ms(diedAt - keeper.diedAt);
    longest = Math.max(longest, by);
    if (by > OUTLIVES_MS) fail(`${slot}: process ${pid} outlived its keeper by ${by} ms`);
  }
  return longest;
}
