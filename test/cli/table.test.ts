/** Tables for people. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { table } from '../../src/cli/render.ts';

const cases = suite('table');

cases('columns are as wide as their longest cell', () => {
  assert.is(table(['A', 'B'], [['long', 'x']]), 'A     B\nlong  x\n');
});

cases('of as many rows as a history may have', () => {
  const rows = Array.from({ length: 200_000 }, (_, n) => [String(n), 'ok']);
  assert.is(table(['ID', 'OUTCOME'], rows).split('\n').length, 200_002);
});

cases.run();
