import type { Event, JailEvent } from './event.ts';
import { endingFields, errnoName } from './history/entry.ts';
import type { Ending } from './keeper/messages.ts';
import { printable, printableJson } from './printable.ts';

export type Level = 'debug' | 'info' | 'warn' | 'error';

/** One log line before it is written: an event in words. */
export interface LogLine {
  readonly at: number;
  readonly level: Level;
  /** The probe's id, or the jail's name. */
  readonly subject?: string;
  readonly what: string;
  readonly why?: string;
}

export type LogFormat = 'text' | 'json';

/** Writes a line as people read it, or as one JSON object. One event is one line, whatever is in it. */
export function formatLine(line: LogLine, format: LogFormat): string {
  const time = new Date(line.at).toISOString();
  if (format === 'json')
    return printableJson({
      time,
      level: line.level,
      ...(line.subject !== undefined && { subject: line.subject }),
      what: line.what,
      ...(line.why !== undefined && { why: line.why }),
    });
  const subject = line.subject === undefined ? '' : ` ${printable(line.subject)}:`;
  return `${time} ${line.level.padEnd(5)}${subject} ${printable(line.what)}${line.why === undefined ? '' : `: ${printable(line.why)}`}`;
}

/** An event in words; undefined where it is not worth a line. */
export function describe(event: Exclude<Event, JailEvent>): LogLine | undefined {
  const { at } = event;
  const line = (level: Level, subject: string | undefined, what: string, why?: string): LogLine => ({
    at,
    level,
    ...(subject !== undefined && { subject }),
    what,
    ...(why !== undefined && { why }),
  });
  switch (event.type) {
    case 'configured':
      return undefined; // said with its totals, once they are known
    case 'unchanged':
      return event.healed
        ? line('info', undefined, `${event.file} is good again: generation ${event.generation} stays active`)
        : line('debug', undefined, `${event.file} was read again: nothing has changed`);
    case 'misconfigured': {
      const [first, ...more] = event.diagnostics.filter(({ severity }) => severity === 'error');
      const where = first ? `${first.file}:${first.line}:${first.column}: ${first.message}` : '';
      return line(
        'error',
        undefined,
        `${event.file} has errors and changes nothing`,
        `${where}${more.length > 0 ? ` (and ${more.length} more)` : ''}`,
      );
    }
    case 'keeper-found':
      return event.leaving
        ? line(
            'info',
            undefined,
            `keeper ${event.epoch}, pid ${event.pid}, protocol ${event.version}, is replaced: its probes move, one by one`,
          )
        : line(
            'info',
            undefined,
            `keeper ${event.epoch} has pid ${event.pid}`,
            event.descriptors === undefined
              ? undefined
              : `room for about ${probesFor(event.descriptors)} probes`,
          );
    case 'keeper-foreign':
      return undefined;
    case 'keeper-silent':
      return line(
        'warn',
        undefined,
        `keeper ${event.epoch} ${event.stopped ? 'is stopped' : 'does not answer'}; its probes stay, and nothing is armed or changed until it goes on`,
        event.pid === undefined ? undefined : `pid ${event.pid}`,
      );
    case 'keeper-stopped':
      return event.stopped
        ? line('warn', undefined, `keeper ${event.epoch} is stopped: triggers wait until it goes on`)
        : line('info', undefined, `keeper ${event.epoch} goes on`);
    case 'keeper-listed':
      return line('debug', undefined, `the keeper holds ${event.records.length} probes`);
    case 'keeper-lost':
      return event.leaving
        ? line('info', undefined, `keeper ${event.epoch}, which was replaced, has ended`)
        : line('warn', undefined, `the line to keeper ${event.epoch} has broken`, event.why);
    case 'orphaned':
      return line(
        'warn',
        undefined,
        `commands of a dead keeper, which run or ended unseen: ${event.commands.length}`,
      );
    case 'orphan-ended':
      if (event.told) return undefined;
      return line('warn', event.id, `command ${event.run} of a dead keeper has ended, nobody saw how`);
    case 'gone':
      return line('info', undefined, `instance ${event.instance} has ended`);
    case 'ordered':
      return line('debug', event.want.id, `${event.order} ordered`);
    case 'disarmed':
      return line('info', event.id, 'taken away');
    case 'releasing':
      return line('debug', event.id, `leaves keeper ${event.epoch}`);
    case 'order-refused':
      return line('error', event.id, `the keeper refused to ${event.verb}`, event.why);
    case 'attached':
      return line('info', event.adhoc.id, `asked for in jail ${event.adhoc.jail}`);
    case 'detached':
      return line('info', event.id, 'forgotten', event.why);
    case 'remembered':
    case 'recalled':
      return undefined;
    case 'armed':
      return line('info', event.id, `armed, pid ${event.pid}`);
    case 'held':
      return line('info', event.id, 'held back', event.reason);
    case 'died':
      return line('warn', event.id, `the probe ${endingWords(event.ending)}; no trigger`);
    case 'failed':
      return line('error', event.id, `not armed: ${event.stage} failed`, errnoName(event.errno));
    case 'spent':
      return line('info', event.id, 'spent until its jail starts anew');
    case 'removed':
      return line('debug', event.id, 'its last process is gone');
    case 'fired':
      return line(
        'info',
        event.id,
        `triggered from the ${event.by === 'jail' ? 'jail' : 'host'}, ${event.run}`,
      );
    case 'started':
      return event.marker === undefined
        ? line('debug', event.id, `command ${event.run} runs, pid ${event.pid}`)
        : line(
            'warn',
            event.id,
            `command ${event.run} runs, pid ${event.pid}, without a marker: nobody would know it if its keeper died`,
            errnoName(event.marker),
          );
    case 'finished':
      return line(
        event.ending.exitCode === 0 ? 'info' : 'warn',
        event.id,
        `command ${event.run} ${endingWords(event.ending)} after ${event.duration} ms`,
        event.timedOut ? 'its time was over' : undefined,
      );
    case 'daemon':
      return line(event.level, undefined, event.what, event.why);
  }
}

/** A probe takes a descriptor; beside them there are those of instances and commands, and some hundred fixed ones. */
function probesFor(descriptors: number): number {
  return Math.max(0, Math.floor((descriptors - 256) * 0.9));
}

/** How something ended, as the rest of a sentence. */
function endingWords(ending: Ending): string {
  const { exitCode, signal, stage, errno } = endingFields(ending);
  if (stage !== undefined) return `could not be started: ${stage}: ${errno ?? 'failed'}`;
  if (signal !== undefined) return `was ended by ${signal}`;
  if (exitCode !== undefined) return exitCode === 0 ? 'ended well' : `ended with exit code ${exitCode}`;
  return 'ended, nobody saw how';
}
