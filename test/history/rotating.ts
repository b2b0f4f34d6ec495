/** Appends triggers with small bounds, and prints each that counts as written: until it is killed. */
import { openJournal } from '../../src/history/journal.ts';
import { ended, fired } from './lines.ts';

const journal = openJournal(process.argv[2] ?? '', { triggers: 12, bytes: 1 << 30 });
for (let n = 1; n <= 30; n++) {
  journal.append([fired(n), ended(n)]);
  process.stdout.write(`${n}\n`);
}
