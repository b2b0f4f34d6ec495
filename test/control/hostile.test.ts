/** What may come to the control socket: an error never stops the daemon, and the others are served meanwhile. */
import { createConnection, type Socket } from 'node:net';
import * as assert from 'uvu/assert';
import { scene, stories } from '../daemon/scene.ts';
import type { Teller } from '../rig/story.ts';
import { until } from '../rig/until.ts';

const { tell, run } = stories('control socket');

tell('garbage, half requests, wrong types: each gets one error, and nothing else happens', async (t) => {
  const s = await started(t);
  const garbage: [request: string | Buffer, say: RegExp][] = [
    ['\n', /not JSON/],
    ['garbage\n', /not JSON/],
    ['{"verb":\n', /not JSON/],
    ['null\n', /JSON object/],
    ['[]\n', /JSON object/],
    ['42\n', /JSON object/],
    ['"status"\n', /JSON object/],
    ['{}\n', /no "verb"/],
    ['{"verb":1}\n', /no "verb"/],
    ['{"verb":["status"]}\n', /no "verb"/],
    ['{"verb":"nosuch"}\n', /unknown verb "nosuch"/],
    ['{"verb":"__proto__"}\n', /unknown verb/],
    ['{"verb":"constructor"}\n', /unknown verb/],
    ['{"verb":"toString"}\n', /unknown verb/],
    ['{"__proto__":{"verb":"stop"}}\n', /no "verb"/],
    ['{"constructor":{"prototype":{"verb":"stop"}}}\n', /no "verb"/],
    ['{"verb":"output"}\n', /no "id"/],
    ['{"verb":"output","id":7}\n', /"id" must be a text/],
    ['{"verb":"output","id":"../../etc/passwd"}\n', /no trigger's id/],
    ['{"verb":"output","id":"0123abcd-1/../x"}\n', /no trigger's id/],
    ['{"verb":"output","id":"0123abcd-1\\u0000"}\n', /without NUL/],
    ['{"verb":"output","__proto__":{"id":"0123abcd-1"}}\n', /no "id"/],
    ['{"verb":"history","count":-1}\n', /"count" must be a whole number/],
    ['{"verb":"history","count":1.5}\n', /"count" must be a whole number/],
    ['{"verb":"history","count":"5"}\n', /"count" must be a whole number/],
    ['{"verb":"history","count":1e400}\n', /"count" must be a whole number/],
    ['{"verb":"history","follow":"yes"}\n', /"follow" must be true or false/],
    ['{"verb":"trigger","jail":{},"title":[]}\n', /"jail" must be a text/],
    ['{"verb":"attach","jail":"web"}\n', /no "command"/],
    ['{"verb":"attach","jail":"web","command":"x","respawn":"__proto__"}\n', /respawn/],
    ['{"verb":"attach","jail":"web","command":"x","uid":-1}\n', /"uid" must be a whole number/],
    ['{"verb":"attach","jail":"web","command":"x","uid":4294967295}\n', /"uid" must be a whole number/],
    ['{"verb":"attach","jail":"__proto__","command":"x"}\n', /no jail "__proto__"/],
    ['{"verb":"trigger","jail":"__proto__","title":"toString"}\n', /has no probe/],
    ['{"verb":"plan","file":"relative"}\n', /absolute/],
    ['{"verb":"plan","file":"/dev/zero"}\n', /./],
    [Buffer.from([0xff, 0xfe, 0, 0x0a]), /not JSON/],
    [`${'['.repeat(100_000)}\n`, /not JSON|JSON object/],
    [`{"verb":"status","x":"${'y'.repeat(300_000)}"}\n`, /at most 262144 bytes/],
    ['y'.repeat(400_000), /at most 262144 bytes/],
  ];
  for (const [request, say] of garbage) {
    const name = String(request).slice(0, 60);
    const answer = await talk(s.host.socket, request);
    const last = answer.trim().split('\n').at(-1) ?? '';
    const { error, done } = JSON.parse(last || '{}') as {
      error?: { code: number; message: string };
      done?: { ok: boolean; diagnostics: unknown };
    };
    // A file that is none is a plan that failed.
    assert.match(error?.message ?? JSON.stringify(done), say, `${name}: ${answer.slice(0, 200)}`);
    if (error) assert.ok([1, 64].includes(error.code), name);
  }
  await s.untouched();
});

tell('what comes after the first line is no request', async (t) => {
  const s = await started(t);
  const answer = await talk(s.host.socket, '{"verb":"hello"}\n{"verb":"stop"}\n{"verb":"stop"}\n');
  assert.is(answer.match(/"done"/g)?.length, 1);
  await s.untouched();
});

tell('clients that leave at any moment', async (t) => {
  const s = await started(t);
  for (const request of [
    '',
    '{"verb',
    '{"verb":"status"}\n',
    '{"verb":"history","follow":true}\n',
    '{"verb":"reload"}\n',
  ]) {
    for (let i = 0; i < 20; i++) {
      const socket = await connect(s.host.socket);
      if (request !== '') socket.write(request);
      socket.destroy();
    }
  }
  await s.untouched();
  assert.not.match(await s.host.log(), /a request failed/);
});

tell('a client that has closed its own side still gets its answer', async (t) => {
  const s = await started(t);
  const socket = await connect(s.host.socket);
  const answer = collect(socket);
  socket.end('{"verb":"status"}\n');
  assert.match(await answer, /"done"/);
  // One that has closed it before it had asked is let go.
  const half = await connect(s.host.socket);
  const nothing = collect(half);
  half.end('{"verb":"status"}');
  assert.is(await nothing, '');
});

tell('a request that comes byte by byte, and one in the middle of a letter', async (t) => {
  const s = await started(t);
  const socket = await connect(s.host.socket);
  const answer = collect(socket);
  for (const byte of Buffer.from('{"verb":"trigger","jail":"jäil","title":"ü"}\n')) {
    socket.write(Buffer.of(byte));
    await new Promise(setImmediate);
  }
  assert.match(await answer, /jäil/);
});

tell('a thousand idle connections: others are served, and all are let go', async (t) => {
  const s = await started(t);
  const idle: Socket[] = [];
  t.defer('close them', () => idle.forEach((socket) => socket.destroy()));
  let closed = 0;
  for (let i = 0; i < 1000; i++) {
    const socket = await connect(s.host.socket);
    socket.resume().on('end', () => closed++);
    idle.push(socket);
    if (i % 3 === 0) socket.write('{"verb":');
  }
  const before = performance.now();
  assert.is((await s.host.cli('status')).code, 0);
  assert.is((await s.hup()).code, 0);
  await s.reach(1);
  assert.ok(performance.now() - before < 5000);
  await until(() => closed === 1000, 'those that bring no request are let go', {
    seconds: 20,
    last: () => closed,
  });
  assert.is((await s.host.cli('status')).code, 0);
});

tell('a client that never reads costs nobody anything', async (t) => {
  const many = Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`B-${i}`, { command: 'true' }]));
  const s = await scene(t, () => ({ BUTTON: { command: 'true' } }));
  await s.reload(({ jails }) => {
    jails['absent'] = { pid: '/nonexistent', probes: many };
  });
  const deaf: Socket[] = [];
  t.defer('close them', () => deaf.forEach((socket) => socket.destroy()));
  for (let i = 0; i < 50; i++) {
    const socket = await connect(s.host.socket);
    socket.pause();
    socket.write('{"verb":"status"}\n');
    deaf.push(socket);
  }
  assert.is((await s.host.status()).probes.length, 2001);
  assert.is((await s.host.cli('stop')).code, 0, 'and does not hold up the end');
});

tell('many requests at once are all answered', async (t) => {
  const s = await started(t);
  const verbs = ['status', 'jails', 'history', 'reload', 'plan', 'hello', 'nosuch'];
  const answers = await Promise.all(
    Array.from({ length: 140 }, (_, i) => talk(s.host.socket, `{"verb":"${verbs[i % verbs.length]}"}\n`)),
  );
  for (const [i, answer] of answers.entries())
    assert.match(answer, i % verbs.length === 6 ? /"error"/ : /"done"/, String(i));
  await s.untouched();
});

run();

async function started(t: Teller) {
  const s = await scene(t, (at) => ({ BUTTON: { command: at.says('ran') } }));
  const { pid } = await s.host.reaches('web/BUTTON', 'armed');
  const daemon = await s.host.pid();
  return {
    ...s,
    /** The same daemon, the same probe, nothing ran. */
    async untouched() {
      assert.is((await s.host.status()).daemon.pid, daemon);
      assert.is((await s.host.reaches('web/BUTTON', 'armed')).pid, pid);
      assert.is((await s.host.status()).probes.length, 1);
      assert.equal(await s.lines(), []);
    },
  };
}

/** Waits while the queue of callers is full: a busy machine accepts them one by one. */
function connect(path: string): Promise<Socket> {
  return until(
    () =>
      connectOnce(path).catch((error: NodeJS.ErrnoException): undefined => {
        if (error.code !== 'EAGAIN') throw error;
      }),
    'there is room for another caller',
  );
}

function connectOnce(path: string): Promise<Socket> {
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

function collect(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('utf8').on('data', (piece) => (text += piece));
  return new Promise((resolve) => {
    socket.on('end', () => {
      socket.destroy();
      resolve(text);
    });
    socket.on('close', () => resolve(text));
  });
}

async function talk(path: string, request: string | Buffer): Promise<string> {
  const socket = await connect(path);
  const answer = collect(socket);
  socket.write(request);
  return answer;
}
