import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { RunningJail } from '../rig/jail.ts';
import { unshared } from '../rig/kinds/unshare.ts';
import type { Teller } from '../rig/story.ts';
import { JAILS, jailName } from './probes.ts';

/** A jail that is stopped and started, with somebody inside who asks for things. */
export interface Jail {
  readonly pidfile: string;
  /** Of its first process, as the host sees it. */
  readonly pid: number;
  /** How many lives it has had. */
  readonly life: number;
  /** Sends HUP to all whose title begins so (`*`: to everybody); gives how many were sent, 0 if the jail is not there. */
  press(stems: readonly string[]): Promise<number>;
  stop(): Promise<void>;
  restart(): Promise<void>;
}

export async function openJails(t: Teller, finger: string): Promise<Jail[]> {
  return Promise.all(Array.from({ length: JAILS }, (_, jail) => openJail(t, jailName(jail), finger)));
}

async function openJail(t: Teller, name: string, finger: string): Promise<Jail> {
  const jail = await unshared.start(t, name);
  let life = 1;
  let somebody = enter(jail, finger);
  t.defer(`let somebody leave jail ${name}`, () => somebody.leave());
  // What is done to one jail is done in turn: stopping it twice at once is not a fault that jails have.
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const done = turn.then(work);
    turn = done.catch(() => undefined);
    return done;
  };
  return {
    pidfile: jail.where.replace(/^pid: /, ''),
    get pid() {
      return jail.pid;
    },
    get life() {
      return life;
    },
    press: (stems) => somebody.press(stems),
    stop: () =>
      inTurn(async () => {
        await somebody.leave();
        await jail.stop();
      }),
    restart: () =>
      inTurn(async () => {
        await somebody.leave();
        await jail.restart();
        life++;
        somebody = enter(jail, finger);
      }),
  };
}

interface Somebody {
  press(stems: readonly string[]): Promise<number>;
  leave(): Promise<void>;
}

function enter(jail: RunningJail, finger: string): Somebody {
  const child: ChildProcess = spawn('nsenter', ['-t', String(jail.pid), '-a', '-r', '-w', '--', finger], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const { stdin, stdout } = child;
  if (!stdin || !stdout) throw new Error('nsenter has no pipes');
  stdin.on('error', () => {}); // the jail has just ended, and he with it
  const waiting: ((sent: number) => void)[] = [];
  let gone = false;
  createInterface({ input: stdout }).on('line', (line) => waiting.shift()?.(Number(line)));
  const exit = once(child, 'exit').then(() => {
    gone = true;
    for (const resolve of waiting.splice(0)) resolve(0);
  });
  return {
    press: (stems) => {
      if (gone) return Promise.resolve(0);
      return new Promise((resolve) => {
        waiting.push(resolve);
        stdin.write(`${stems.join(' ')}\n`);
      });
    },
    leave: async () => {
      stdin.end();
      await exit;
    },
  };
}
