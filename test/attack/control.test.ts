// limit: 150 s
/** The control socket under whoever may connect to it, sane or not. */
import { readdirSync, readFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { scene, type Scene } from '../daemon/scene.ts';
import { unshared } from '../rig/kinds/unshare.ts';
import type { Teller } from '../rig/story.ts';
import { until } from '../rig/until.ts';
import { attacks, hold, isFull } from './attack.ts';
import { mutate, random, type Pick } from './mutants.ts';

const { attack, run } = attacks('the control socket');
const options = { who: 'whoever may connect', unless: unshared.available() };
const [REQUESTS, SECONDS] = isFull ? [100_000, 1500] : [Infinity, 20];
const HANDS = 12;

const GOOD = [
  '{"verb":"status"}',
  '{"verb":"hello"}',
  '{"verb":"jails"}',
  '{"verb":"history","count":5,"glob":"web/*"}',
  '{"verb":"history","count":5,"follow":true}',
  '{"verb":"output","id":"0123abcd-1"}',
  '{"verb":"plan","file":"/nonexistent.yml"}',
  '{"verb":"reload","json":true}',
  '{"verb":"remove","id":"adhoc/1"}',
  '{"verb":"trigger","jail":"absent","title":"BUTTON","wait":true}',
  '{"verb":"attach","jail":"absent","command":"true","uid":0,"gid":0,"title":"T","respawn":"after"}',
];

const SPICES = [
  '"',
  '{',
  '}',
  '[',
  ']',
  ':',
  ',',
  '\\',
  '\\u0000',
  '\\ud800',
  'null',
  'true',
  '-1',
  '1e400',
  '0.5',
  '\n',
  '\r',
  '"__proto__":{"verb":"status"},',
  '"constructor":{"prototype":{}},',
  '"__proto__"',
  '"toString"',
  '"verb":',
  '9007199254740993',
  '4294967295',
  '../../etc/passwd',
  '\0',
  '\ufeff',
  '\u{1f600}',
  '[[[[[[[[',
  '{"a":{"a":',
];

attack(
  'random, mutated, split, slow and half-closed requests',
  { ...options, seconds: SECONDS + 90 },
  async (t) => {
    const s = await started(t);
    const end = performance.now() + SECONDS * 1000;
    const counts = { sent: 0, answered: 0, left: 0 };
    const work = async (seed: number): Promise<void> => {
      const pick = random(seed);
      while (counts.sent < REQUESTS && performance.now() < end) {
        const request = requestOf(pick);
        // That one is a right that whoever may connect has.
        if (/"verb"\s*:\s*"stop"/.test(request)) continue;
        counts.sent++;
        const answer = await talk(s.host.socket, request, pick);
        if (answer === undefined) counts.left++;
        else {
          checkAnswer(request, answer);
          counts.answered++;
        }
      }
    };
    let slowest = 0;
    let over = { come: false };
    const hands = Promise.all(Array.from({ length: HANDS }, (_, i) => work(isFull ? Date.now() + i : i)));
    void hands.finally(() => (over = { come: true })).catch(() => {});
    while (!over.come) {
      const before = performance.now();
      await s.others();
      slowest = Math.max(slowest, performance.now() - before);
      await Promise.race([hands, pause(500)]);
    }
    await hands;
    hold(slowest < 4000, `status took ${slowest.toFixed(0)} ms meanwhile`);
    hold(counts.sent > 300 && counts.answered > 100, JSON.stringify(counts));
    await s.untouched();
    return `${counts.sent} requests, ${counts.answered} answered: no fault, no descriptor or memory lost; status within ${(slowest / 1000).toFixed(1)} s`;
  },
);

attack('1,000 connections that never speak, 200 that never read', options, async (t) => {
  const s = await started(t);
  const open: Socket[] = [];
  t.defer('close them', () => open.forEach((socket) => socket.destroy()));
  for (let i = 0; i < 1200; i++) {
    const socket = await connectAtLast(s.host.socket);
    socket.pause();
    if (i >= 1000) socket.write('{"verb":"history","follow":true}\n');
    else if (i % 2 === 0) socket.write('{"verb":');
    open.push(socket);
  }
  const before = performance.now();
  await s.others();
  const took = performance.now() - before;
  hold(took < 4000, `status took ${took.toFixed(0)} ms meanwhile`);
  hold((await s.hup()).code === 0, 'no probe to be asked');
  await s.reach(1);
  for (const socket of open) socket.destroy();
  await s.untouched();
  return `status within ${(took / 1000).toFixed(1)} s meanwhile, a trigger served; all is given back`;
});

run();

/** A daemon, and what it must be again in the end. */
async function started(t: Teller): Promise<Scene & { others(): Promise<void>; untouched(): Promise<void> }> {
  const s = await scene(t, (at) => ({ BUTTON: { command: at.says('ran'), respawn: 'after' } }));
  await s.host.reaches('web/BUTTON', 'armed');
  const pid = await s.host.pid();
  const keeper = (await s.host.status()).keeper?.pid;
  const descriptors = (): number => readdirSync(`/proc/${pid}/fd`).length;
  const memory = (): number =>
    Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]);
  const before = { descriptors: descriptors(), memory: memory() };
  const others = async (): Promise<void> => {
    const { code, stderr } = await s.host.cli('status');
    hold(code === 0, `status ends with ${code}: ${stderr}`);
  };
  return {
    ...s,
    others,
    async untouched() {
      await others();
      const status = await s.host.status();
      hold(
        status.daemon.pid === pid && status.keeper?.pid === keeper,
        'it is another daemon, or another keeper',
      );
      hold(status.probes.length === 1, `there are ${status.probes.length} probes`);
      await s.host.reaches('web/BUTTON', 'armed');
      await until(() => descriptors() <= before.descriptors + 2, 'the descriptors are given back', {
        seconds: 25,
        last: () => `${descriptors()}, ${before.descriptors} before`,
      });
      const grown = (memory() - before.memory) / 1024;
      hold(grown < 96, `the daemon grew by ${grown.toFixed(0)} MiB`);
      hold(!/a request failed|a fault of/.test(await s.host.log()), 'a request met a fault of ours');
    },
  };
}

function requestOf(pick: Pick): string {
  const seed = GOOD[pick(GOOD.length)] ?? '';
  switch (pick(8)) {
    case 0:
      return String.fromCharCode(...Array.from({ length: pick(200) }, () => pick(256)));
    case 1:
      return '['.repeat(pick(100_000));
    case 2: {
      const values = [...seed.matchAll(/:(?:"[^"]*"|\w+)/g)];
      const { 0: value = '', index = 0 } = values[pick(values.length)] ?? {};
      const wrong = ['{}', '[]', '-1', '1e999', '""', 'null', '"__proto__"'][pick(7)] ?? '';
      return `${seed.slice(0, index)}:${wrong}${seed.slice(index + value.length)}`;
    }
    case 3:
      return seed;
    default:
      return mutate(seed, pick, SPICES, 300_000);
  }
}

/** Each line is JSON, and the last says how it went. A request that was never whole gets none. */
function checkAnswer(request: string, answer: string): void {
  const lines = answer.split('\n').filter(Boolean);
  for (const line of lines) {
    const { error } = JSON.parse(line) as { error?: { code: number; message: string } };
    if (!error) continue;
    const about = JSON.stringify(request.slice(0, 200));
    hold(
      error.message.length > 0 && error.message.length < 6000,
      `an answer of ${error.message.length} to ${about}`,
    );
    hold(!/daemon failed/.test(error.message), `${error.message} to ${about}`);
  }
}

function connect(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path, allowHalfOpen: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      socket.on('error', () => {}); // a reset is an end like another
      resolve(socket);
    });
  });
}

/** The kernel keeps only so many waiting; who comes then tries again. */
function connectAtLast(path: string): Promise<Socket> {
  const full = (error: NodeJS.ErrnoException): undefined => {
    if (error.code !== 'EAGAIN') throw error;
    return undefined;
  };
  return until(() => connect(path).catch(full), 'there is room for one more connection');
}

/** Sends it whole or in pieces, with or without pauses, and waits for the end or leaves. @returns undefined when it left */
async function talk(path: string, request: string, pick: Pick): Promise<string | undefined> {
  const socket = await connect(path);
  let text = '';
  const ended = new Promise<void>((resolve) => {
    socket.setEncoding('utf8').on('data', (piece) => (text += piece));
    socket.on('end', resolve).on('close', () => resolve());
  });
  const line = Buffer.from(`${request}${pick(10) === 0 ? '' : '\n'}`, pick(2) === 0 ? 'utf8' : 'latin1');
  const pieces = pick(4) === 0 ? 1 + pick(20) : 1;
  const size = Math.ceil(line.length / pieces) || 1;
  for (let at = 0; at < line.length && !socket.destroyed; at += size) {
    socket.write(line.subarray(at, at + size));
    if (pieces > 1) await pause(pick(3));
  }
  const manner = pick(10);
  if (manner === 0) {
    socket.destroy();
    return undefined;
  }
  // Who follows, or has not finished, would wait for ever.
  if (manner < 6) socket.end();
  const patience = setTimeout(() => socket.destroy(), 1000);
  await ended;
  clearTimeout(patience);
  socket.destroy();
  return text;
}
