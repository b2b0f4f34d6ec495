/** What the chaos test counts with: two lists that do not know of each other, and a keeper that is killed in between. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { HistoryEntry } from '../rig/printed.ts';
import { weigh, type Evidence } from './equation.ts';
import { UNKNOWN, type Body, type KeeperLife } from './witness.ts';

const MS = 1_000_000n;
const keeper: KeeperLife = { pid: 100, from: 0n, diedAt: 1000n * MS, signal: 9 };

const death = (slot: string, at: bigint): Body => ({
  pid: 200,
  slot,
  keeper,
  namedAt: 0n,
  diedAt: at * MS,
  signal: 1,
});
const record = (id: string, slot: string): HistoryEntry =>
  ({ id, probe: `j${slot.replace('.', '/p')}`, by: 'jail', firedAt: '', fate: 'unknown' }) as HistoryEntry;

/** A command of 1.1 began in the life of the keeper, which tells whose life the epoch e is. */
function weighed(bodies: readonly Body[], history: readonly HistoryEntry[]) {
  const errands = new Map([['e-1', { id: 'e-1', slot: '1.1', pid: 300, parent: 100, at: 20n * MS }]]);
  const evidence: Evidence = {
    prefix: '',
    testimony: { bodies: [death('1.1', 10n), ...bodies], keepers: [keeper], lost: 0 },
    ledger: { errands, twice: [] } as unknown as Evidence['ledger'],
    history: [record('e-1', '1.1'), ...history],
    killed: new Set(),
    frozen: [],
  };
  const violations: string[] = [];
  const balance = weigh(evidence, (what) => void violations.push(what));
  return { ...balance, violations };
}

test('every death has its record: nothing is lost', () => {
  const { deaths, window, violations } = weighed([death('1.2', 30n)], [record('e-2', '1.2')]);
  assert.equal({ deaths, window, violations }, { deaths: 2, window: 0, violations: [] });
});

test('one that died too soon for its name is the one of a record whose command never began', () => {
  const { deaths, window, violations } = weighed([death(UNKNOWN, 600n)], [record('e-2', '1.2')]);
  assert.equal({ deaths, window, violations }, { deaths: 2, window: 0, violations: [] });
});

test('but a record without any death is one too many', () => {
  assert.equal(weighed([], [record('e-2', '1.2')]).violations, [
    '1.2: 1 more records than deaths by HUP (keeper 100)',
  ]);
});

test('a death without a record is explained by the end of the keeper just after it, and by nothing else', () => {
  const inTime = weighed([death('1.2', 995n)], []);
  assert.equal([inTime.window, inTime.windowMs, inTime.violations], [1, 5, []]);
  assert.equal(weighed([death('1.2', 600n)], []).violations, [
    '1.2: the HUP that killed process 200 came to nothing; keeper 100 was killed 400 ms later',
  ]);
});

test.run();
