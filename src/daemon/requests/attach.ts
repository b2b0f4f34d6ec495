import { findUntrustedCommands } from '../../config/command-trust.ts';
import type { ProbeConfig, Respawn } from '../../config/config.ts';
import {
  Complaint,
  EXIT,
  optionalNumber,
  optionalText,
  textArgument,
  type Arguments,
} from '../../control/protocol.ts';
import type { Handler } from '../../control/server.ts';
import { troubleWords } from '../../history/standing.ts';
import type { Adhoc } from '../../plan/observed.ts';
import { refuseWhileEnding } from '../ending.ts';
import type { Loop } from '../loop.ts';
import { findJail, whereToFindAgain } from './find-jail.ts';
import type { Services } from './services.ts';
import { refuseStandstill } from './standstill.ts';

/** The largest uid and gid: 4294967295 means "no change" to setresuid(2). */
const MOST_ID = 4_294_967_294;
/** An entry has 10 s in the keeper; a queue of them may be before ours. */
const ARMED_WITHIN = 20_000;

/** `-c`: puts an ad hoc probe into a running jail and answers when it is armed, or why it is not; then nothing is kept. */
export function attachHandler(services: Services): Handler {
  const { loop, looker, state, ending } = services;
  return async (args, reply) => {
    refuseWhileEnding(ending);
    const command = textArgument(args, 'command', 65_536);
    const jail = await findJail(loop, looker, textArgument(args, 'jail', 1023));
    await refuseStandstill(services);
    // Meanwhile it may have begun: what is saved from here on would stay without ever having been armed.
    refuseWhileEnding(ending);
    const adhocCount = state.facts.adhocCount + 1;
    const id = `adhoc/${adhocCount}`;
    const probe = probeFrom(args, command, adhocCount);
    refuseTakenTitle(loop, jail.name, probe.title);
    refuseDanger(probe, jail.name);
    remember(() => state.save({ adhocCount }));

    const adhoc: Adhoc = {
      id,
      jail: jail.name,
      instance: jail.instance,
      // Also of a jail that the file names: it may leave the file, and the probe stays.
      whereabouts: loop.wish.declared.whereabouts(jail.name) ?? whereToFindAgain(jail),
      probe,
    };
    const at = Date.now();
    loop.post(
      { type: 'sighted', at, sightings: [{ name: jail.name, jail }] },
      { type: 'attached', at, adhoc },
    );
    const fate = await loop.until(createFateOf(loop, adhoc), ARMED_WITHIN, reply.gone);
    if (fate === 'armed') {
      const pid = loop.observed.jails.get(jail.name)?.probes.get(id)?.held?.pid;
      return {
        id,
        jail: jail.name,
        title: probe.title,
        ...(pid !== undefined && { pid }),
        ...(command.trim() === '' && { warning: 'the command is empty: a trigger will do nothing' }),
      };
    }
    loop.post({ type: 'detached', at: Date.now(), id, why: 'it could not be armed' });
    throw new Complaint(
      EXIT.failed,
      `the probe could not be armed in jail ${jail.name}: ${fate ?? 'it took too long'}`,
      'nothing was kept',
    );
  };
}

/** A number that could not be written down would be given out twice. */
function remember(save: () => void): void {
  try {
    save();
  } catch (error) {
    throw new Complaint(
      EXIT.failed,
      `the state cannot be written: ${(error as Error).message}`,
      'nothing was kept',
    );
  }
}

function probeFrom(args: Arguments, command: string, number: number): ProbeConfig {
  const title = optionalText(args, 'title', 200) ?? `jaildaemon:${number}`;
  if (!/^[\x20-\x7e]{1,200}$/.test(title))
    throw new Complaint(EXIT.usage, 'a title is 1 to 200 characters of printable ASCII');
  const uid = optionalNumber(args, 'uid', 0, MOST_ID) ?? 0;
  const respawn = optionalText(args, 'respawn', 20) ?? 'never';
  if (respawn !== 'never' && respawn !== 'after' && respawn !== 'immediately')
    throw new Complaint(EXIT.usage, `unknown respawn mode ${JSON.stringify(respawn)}`);
  return {
    key: String(number),
    title,
    enabled: true,
    argv: ['/bin/sh', '-c', command],
    uid,
    gid: optionalNumber(args, 'gid', 0, MOST_ID) ?? uid,
    groups: [],
    respawn: respawn satisfies Respawn,
    timeout: 0,
    killAfter: 10_000,
    cooldown: 0,
    concurrency: 10,
    cwd: '/',
    env: {},
    receipt: false,
    origin: { file: 'ad hoc', line: 0, column: 0 },
  };
}

function refuseTakenTitle(loop: Loop, jail: string, title: string): void {
  for (const want of loop.desired.forJail(jail).values()) {
    if (want.probe.title !== title) continue;
    const where = want.adhoc ? 'ad hoc' : `${want.probe.origin.file}:${want.probe.origin.line}`;
    throw new Complaint(
      EXIT.failed,
      `the title "${title}" is taken in jail ${jail} by ${want.id} (${where})`,
      want.adhoc ? `choose another with -t, or "jaildaemon remove ${want.id}"` : 'choose another with -t',
    );
  }
}

/** A command of the file would be refused for it, and so is one of `-c`. */
function refuseDanger(probe: ProbeConfig, jail: string): void {
  const origin = probe.origin;
  const entry = { name: jail, glob: false, whereabouts: { by: 'name' } as const, probes: [probe], origin };
  const [danger] = findUntrustedCommands([entry], { owner: process.getuid?.() ?? 0, lenient: false });
  if (danger) throw new Complaint(EXIT.failed, danger.message, danger.hint);
}

/** Gives `armed`, or why it is not; undefined while nothing is known. */
function createFateOf(loop: Loop, adhoc: Adhoc): () => string | undefined {
  let seen = false;
  return () => {
    const want = loop.desired.forJail(adhoc.jail).get(adhoc.id);
    if (want?.clash !== undefined) return want.clash;
    const probe = loop.observed.jails.get(adhoc.jail)?.probes.get(adhoc.id);
    if (probe?.held?.state === 'armed' || (probe?.runs ?? 0) > 0) return 'armed';
    const trouble = probe?.trouble;
    if (trouble) return troubleWords(trouble);
    if (loop.observed.adhoc.has(adhoc.id)) seen = true;
    else if (seen) return 'its jail has stopped';
    return undefined;
  };
}
