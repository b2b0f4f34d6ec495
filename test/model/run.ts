/**
 * `npm run model`: verifies the models of the protocol, and that each way to break them is found out.
 * `-- WORD…` takes only the forms with a WORD in their name. README.md says what they cover.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BROKEN, SOUND } from './forms.ts';
import { judge, type Judged } from './judge.ts';
import { endAll, whyNoSpin } from './spin.ts';

/** A search has one thread, and the largest needs nearly 5 GiB. */
const AT_ONCE = 2;

const why = whyNoSpin();
if (why !== undefined) {
  console.error(`The model is verified by spin(1) and gcc(1). ${why}`);
  process.exit(69);
}
const words = process.argv.slice(2);
const isWanted = ({ name }: { name: string }): boolean =>
  words.length === 0 || words.some((word) => name.includes(word));
const forms = [...SOUND, ...BROKEN].filter(isWanted);

const folder = mkdtempSync(join(tmpdir(), 'jdm-'));
process.once('exit', () => {
  endAll();
  rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));

const begun = performance.now();
const judged: Judged[] = [];
const waiting = forms.map((form, number) => ({ form, folder: join(folder, String(number)) }));
console.log(line(['configuration', 'verdict', 'states', 'depth', 'seconds']));
const work = async (): Promise<void> => {
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const found = await judge(next.form, next.folder);
    rmSync(next.folder, { recursive: true, force: true });
    judged.push(found);
    print(found);
  }
};
await Promise.all(Array.from({ length: AT_ONCE }, work));

const wrong = judged.filter(({ expected }) => !expected).length;
const states = judged.reduce((sum, { verdict }) => sum + verdict.states, 0);
const seconds = ((performance.now() - begun) / 1000).toFixed(0);
console.log(
  `\n${judged.length - wrong} as expected, ${wrong} not; ${states.toLocaleString('en')} states in ${seconds} s`,
);
process.exitCode = wrong === 0 && judged.length > 0 ? 0 : 1;

function print({ form, verdict, expected, said }: Judged): void {
  const { states, depth, seconds } = verdict;
  const mark = expected ? '' : 'NOT AS EXPECTED: ';
  console.log(line([form.name, mark + said, states.toLocaleString('en'), String(depth), seconds.toFixed(1)]));
}

function line([name = '', verdict = '', ...numbers]: readonly string[]): string {
  return `${name.padEnd(56)} ${verdict.padEnd(42)} ${numbers.map((number) => number.padStart(11)).join(' ')}`;
}
