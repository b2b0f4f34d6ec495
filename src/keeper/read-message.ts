import { readFields, some, toNumber, type FieldReader } from './field-reader.ts';
import type { Frame } from './frame.ts';
import type { Ending, HoldReason, ListedRecord, ListedRun, Message, RecordState } from './messages.ts';

type Told = Exclude<Message['type'], 'foreign'>;
type Reader<T extends Told> = (f: FieldReader, epoch: string) => Omit<Extract<Message, { type: T }>, 'type'>;

const numbered = (f: FieldReader, epoch: string) => ({ epoch, seq: f.number('seq'), at: f.number('at') });
const ofProbe = (f: FieldReader, epoch: string) => ({ ...numbered(f, epoch), id: f.text('key') });
const ofInstance = (f: FieldReader, epoch: string) => ({
  ...ofProbe(f, epoch),
  instance: f.text('instance'),
});
const ofRun = (f: FieldReader, epoch: string) => ({ ...ofProbe(f, epoch), run: f.text('id') });

/** Verb → what is read of it (PROTOCOL.md, "Answers and events"). */
const READERS: { readonly [T in Told]: Reader<T> } = {
  hello: (f) => ({
    version: f.number('version'),
    epoch: f.text('epoch'),
    pid: f.number('pid'),
    started: f.number('started'),
    nofile: f.count('nofile') ?? 0,
    draining: f.flag('draining'),
  }),
  superseded: () => ({}),
  look: () => ({}),
  ok: (f) => ({ ref: f.number('ref'), ...some('run', f.optional('id')) }),
  refused: (f) => ({
    verb: f.text('verb'),
    why: f.text('why'),
    ...some('ref', f.count('ref')),
    ...some('id', f.optional('key')),
  }),
  record: (f) => ({ record: readRecord(f) }),
  listed: () => ({}),
  armed: (f, epoch) => ({
    ...ofInstance(f, epoch),
    tag: f.text('tag'),
    pid: f.number('pid'),
    title: f.text('title'),
  }),
  held: (f, epoch) => ({
    ...ofInstance(f, epoch),
    reason: f.text('reason') as HoldReason,
    ...some('until', f.count('until')),
  }),
  died: (f, epoch) => ({ ...ofInstance(f, epoch), pid: f.number('pid'), ending: readEnding(f) }),
  failed: (f, epoch) => ({
    ...ofInstance(f, epoch),
    stage: f.text('stage'),
    errno: f.number('errno'),
    ...some('pid', f.count('pid')),
  }),
  spent: ofInstance,
  removed: ofInstance,
  gone: (f, epoch) => ({ ...numbered(f, epoch), instance: f.text('instance') }),
  fired: (f, epoch) => ({
    ...ofInstance(f, epoch),
    run: f.text('id'),
    by: f.text('by') === 'host' ? 'host' : 'jail',
    once: f.flag('once'),
  }),
  started: (f, epoch) => ({
    ...ofRun(f, epoch),
    pid: f.number('pid'),
    ...some('marker', f.count('marker')),
  }),
  finished: (f, epoch) => ({
    ...ofRun(f, epoch),
    duration: f.number('duration'),
    ending: readEnding(f),
    timedOut: f.flag('timedout'),
    folded: f.count('folded') ?? 0,
  }),
};

/** Reads what the keeper of this epoch said. @throws Error naming the verb and the field, if it is not of this protocol */
export function readMessage(frame: Frame, epoch: string): Message {
  if (!Object.hasOwn(READERS, frame.verb))
    throw new Error(`keeper: unknown message ${JSON.stringify(frame.verb)}`);
  const type = frame.verb as Told;
  return { type, ...READERS[type](readFields(frame), epoch) } as Message;
}

/** What every version says, and means the same by (PROTOCOL.md, "What never changes"). */
const LASTING: ReadonlySet<string> = new Set<Told>([
  'hello',
  'superseded',
  'ok',
  'refused',
  'record',
  'listed',
  'fired',
  'started',
  'finished',
  'removed',
]);

/** Reads what a keeper of another version said: no more of it than what never changes. @throws as `readMessage` */
export function readForeignMessage(frame: Frame, epoch: string): Message {
  if (LASTING.has(frame.verb)) return readMessage(frame, epoch);
  const seq = Number(frame.fields.get('seq')?.[0]);
  return { type: 'foreign', verb: frame.verb, epoch, ...(Number.isSafeInteger(seq) && { seq }) };
}

function readEnding(f: FieldReader): Ending {
  return {
    ...some('exitCode', f.count('exit')),
    ...some('signal', f.count('signal')),
    ...some('stage', f.optional('stage')),
    ...some('errno', f.count('errno')),
  };
}

function readRecord(f: FieldReader): ListedRecord {
  return {
    id: f.text('key'),
    tag: f.optional('tag') ?? '',
    instance: f.text('instance'),
    state: f.text('state') as RecordState,
    since: f.count('since') ?? 0,
    once: f.flag('once'),
    ...some('pid', f.count('pid')),
    ...some('title', f.optional('title')),
    ...some('until', f.count('until')),
    ...some('reason', f.optional('reason') as HoldReason | undefined),
    runs: f.all('run').map(readRun),
  };
}

/** `ID PID-or-0 FIRED-AT STARTED-AT-or-0` */
function readRun(value: string): ListedRun {
  const [id = '', ...numbers] = value.split(' ');
  const [pid, firedAt, startedAt] = [0, 1, 2].map((at) => toNumber('record', 'run', numbers[at] ?? ''));
  return {
    id,
    firedAt: firedAt ?? 0,
    ...some('pid', pid || undefined),
    ...some('startedAt', startedAt || undefined),
  };
}
