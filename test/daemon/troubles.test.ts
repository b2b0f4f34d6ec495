/** What goes wrong again and again is told once. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createTroubles } from '../../src/daemon/troubles.ts';

const cases = suite('troubles');

cases('until it goes wrong for another reason, or has passed', () => {
  const told: string[] = [];
  const troubles = createTroubles((what, why) => told.push(`${what}: ${why}`));
  for (let n = 0; n < 3; n++) {
    troubles.has('disk', 'full');
    troubles.has('keeper', 'gone');
  }
  assert.equal(told.splice(0), ['disk: full', 'keeper: gone']);
  troubles.has('disk', 'broken');
  troubles.hasNot('keeper');
  troubles.has('keeper', 'gone');
  assert.equal(told, ['disk: broken', 'keeper: gone']);
});

cases.run();
