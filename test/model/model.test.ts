// limit: 240 s
// The models of the protocol, in some of their smallest forms: that it holds, and that it can fail. `npm run model` has the others.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { join } from 'node:path';
import { story } from '../rig/story.ts';
import { judge } from './judge.ts';
import { BROKEN, SOUND } from './forms.ts';
import { endAll, whyNoSpin } from './spin.ts';

const test = suite('model');

for (const name of [
  'never: two faults',
  'run on any death',
  'moving, never: two faults',
  'armed before it is removed',
]) {
  story(test, `${name}: as expected`, { seconds: 120, unless: whyNoSpin() }, async (t) => {
    t.defer('end the search', endAll);
    const form = [...SOUND, ...BROKEN].find((one) => one.name === name);
    assert.ok(form);
    const { expected, said, verdict } = await judge({ ...form, small: true }, join(t.dir, 'form'));
    assert.ok(expected, `${said} after ${verdict.states} states`);
  });
}

test.run();
