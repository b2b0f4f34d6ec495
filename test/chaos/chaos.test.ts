// alone: it kills and stops what it can, and counts to the millisecond
// limit: 900 s
/** A minute of the chaos test, as part of all tests; `npm run chaos` has longer ones. */
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { execute } from '../rig/execute.ts';
import { missing } from '../rig/proc.ts';
import { story } from '../rig/story.ts';
import { makePlan } from './plan.ts';

const test = suite('chaos');

const RUN = join(import.meta.dirname, 'run.ts');
/** With what is settled before and after, on a machine that is busy otherwise. */
const AT_MOST = 840;

test('the same seed is the same plan, and another seed another', () => {
  assert.equal(makePlan(7, 60), makePlan(7, 60));
  assert.not.equal(makePlan(8, 60).actions, makePlan(7, 60).actions);
});

story(
  test,
  'for a minute everything is killed at random, and every HUP is accounted for',
  { seconds: AT_MOST + 10, unless: missing('unshare', 'nsenter', 'mount', 'make', 'cc') },
  async () => {
    const args = ['--import', 'tsx', RUN, '--seconds', '60', '--seed', '7'];
    const { code, signal, stdout, stderr } = await execute(process.execPath, args, { seconds: AT_MOST });
    process.stdout.write(stdout);
    assert.is(code, 0, `${signal ?? `exit ${code}`}\n${stdout}${stderr}`);
  },
);

test.run();
