// limit: 240 s
// What a keeper does with whatever bytes, for a short while; `npm run fuzz` takes longer.
import { suite as createSuite } from 'uvu';
import * as assert from 'uvu/assert';
import { story } from '../rig/story.ts';
import { noFuzzer } from './build.ts';
import { fuzzFrames } from './fuzz.ts';

const suite = createSuite('fuzzing frames');

story(
  suite,
  'for 20 s no connection makes the keeper do what C forbids',
  { seconds: 200, unless: noFuzzer() },
  async (t) => {
    const { code, stderr } = await fuzzFrames(t.dir, 20, 1);
    assert.is(code, 0, stderr.slice(-4_000));
    const runs = Number(/stat::number_of_executed_units:\s+(\d+)/.exec(stderr)?.[1]);
    assert.ok(runs > 1_000, `only ${runs} connections`);
  },
);

suite.run();
