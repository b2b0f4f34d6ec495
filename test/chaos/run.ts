/**
 * `npm run chaos -- --seconds N --seed S`: jails with a few hundred probes, somebody inside who asks for things at
 * random, and a monkey that kills, stops, rewrites and fills whatever it can reach. At the end it is counted whether
 * every HUP that killed an armed probe ran its command once. The same seed is the same plan; `--plan` prints it.
 *
 * One fault is left out, a clock that jumps: a time namespace has no wall clock of its own, and the machine's is not
 * ours to set.
 */
import { createHash } from 'node:crypto';
import { parseArgs } from 'node:util';
import { missing } from '../rig/proc.ts';
import { makePlan, type Plan } from './plan.ts';
import { chaos } from './chaos.ts';

const { values } = parseArgs({
  options: { seconds: { type: 'string' }, seed: { type: 'string' }, plan: { type: 'boolean' } },
});
const [seconds, seed] = [Number(values.seconds ?? 60), Number(values.seed ?? 1)];
if (!(seconds >= 5) || !Number.isInteger(seed))
  refuse(64, 'chaos: --seconds is at least 5, --seed a whole number.');

const plan = makePlan(seed, seconds);
console.log(`chaos: seed ${seed}, ${seconds} s, ${plan.actions.length} actions, plan ${digestOf(plan)}`);
if (values.plan) {
  for (const { at, ...deed } of plan.actions)
    console.log(`${(at / 1000).toFixed(3)}  ${JSON.stringify(deed)}`);
} else {
  if (process.platform !== 'linux')
    refuse(69, 'chaos: it makes its jails and hears of deaths as Linux does.');
  const lacking = missing('unshare', 'nsenter', 'mount', 'make', 'cc');
  if (lacking !== undefined) refuse(77, `chaos: it makes real jails and watches all processes: ${lacking}.`);
  process.exitCode = await chaos(plan);
}

function digestOf(plan: Plan): string {
  const { first, last, ...rest } = plan;
  return createHash('sha256')
    .update(JSON.stringify([rest, [...first], [...last]]))
    .digest('hex')
    .slice(0, 16);
}

function refuse(code: number, why: string): never {
  console.error(why);
  process.exit(code);
}
