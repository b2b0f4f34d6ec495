/**
 * `npm run demo`: the product's main job in a temporary folder, with a jail made for the purpose. Works as root, and
 * as anybody where user namespaces may be made. Leaves nothing behind, whatever ends it.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { goBackstage, type Backstage } from './demo/backstage.ts';
import { isThere, openStage } from './demo/stage.ts';
import { makeJail, standIns } from './demo/throwaway-jail.ts';

if (process.platform !== 'linux' || !isThere('unshare') || !isThere('nsenter')) {
  console.error('The demo makes its jail with unshare(1) and nsenter(1) of util-linux, which are not here.');
  process.exit(69);
}

const RESTART = `      RESTART:
        command: [echo, the host would restart web now]
`;

const begun = performance.now();
// Before there is anything to leave behind.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    // A daemon that is just starting can be stopped when it is there.
    void stage.curtain().then(() => {
      backstage.clear();
      process.exit(130);
    });
  });
}
const backstage = goBackstage();
const stage = openStage(backstage.folder, backstage.env);
try {
  await tell(backstage);
  const faults = backstage.clear();
  if (faults.length > 0) throw new Error(faults.join('\n'));
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  console.log(`\nNothing is left: no process, no mount, no file. It took ${seconds} s.`);
} catch (error) {
  console.error(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}`);
  const log = join(backstage.folder, 'log');
  if (existsSync(log)) console.error(`The daemon's log:\n${readFileSync(log, 'utf8')}`);
  backstage.clear();
  process.exitCode = 1;
}

async function tell({ folder, bin, defer, ask, hear }: Backstage): Promise<void> {
  const { chapter, say, show, until } = stage;
  const write = (name: string, text: string): void =>
    writeFileSync(join(folder, name), text, { mode: 0o600 });
  const isArmed = (id: string): boolean =>
    ask<{ probes: { id: string; state: string }[] }>('status').probes.some(
      (probe) => probe.id === id && probe.state === 'armed',
    );
  const hasLine = (name: string) => (): boolean =>
    existsSync(join(folder, name)) && readFileSync(join(folder, name), 'utf8').includes('\n');

  const missing = await standIns(bin);
  const jail = await makeJail(stage, defer);
  const jailed = { inside: jail.inside, prompt: 'web#' };
  const ps = 'ps -eo pid,user,args';

  chapter('1. A jail');
  say('With processes, mounts, network and host name of its own: made for this demo, and gone with it.');
  say(jail.made);
  await show(`echo ${jail.pid} >web.pid`);
  await show(ps, jailed);
  if (missing.length > 0)
    say(`(No ${missing.join(' and ')} on this machine: the demo brings little stand-ins.)`);

  chapter('2. The host says what may be asked for');
  write('jaildaemon.yml', configuration(folder, 'date +%T'));
  await show('cat jaildaemon.yml');
  await show('jaildaemon -D --config jaildaemon.yml --state state -f sock -p pid --log log');
  await until('the probe is armed', () => isArmed('web/SNAPSHOT'));
  await show('jaildaemon -f sock status');

  chapter('3. Inside, there is a process that does nothing');
  say('Its title says what it is for. To send it HUP is to ask; nothing else crosses the border.');
  await show(ps, jailed);
  await show("pkill -HUP -f '^SNAPSHOT$'", jailed);

  chapter('4. On the host, the command has run');
  await until('the command has run', hasLine('snapshots'));
  await until('the probe is back', () => isArmed('web/SNAPSHOT'));
  await show('cat snapshots');
  await show('jaildaemon -f sock history');
  const { probes } = ask<{ probes: { last?: { id: string } }[] }>('status');
  const id = probes[0]?.last?.id ?? '';
  await until('its output is there', () => hear('output', id) !== '');
  await show(`jaildaemon -f sock output ${id}`);

  chapter('5. The file is edited');
  write('new.yml', configuration(folder, 'date -u +%FT%TZ', RESTART));
  await show('diff jaildaemon.yml new.yml', { expect: 1 });
  await show('jaildaemon -f sock plan new.yml');
  say('The daemon sees by itself that the file was replaced:');
  await show('mv new.yml jaildaemon.yml');
  await until('the new probe is armed', () => isArmed('web/RESTART'));
  await show('jaildaemon -f sock status');

  chapter('6. A slip of the pen changes nothing');
  await show('sed -i s/respawn/respwan/ jaildaemon.yml; jaildaemon -f sock reload', { expect: 78 });
  await show('jaildaemon -f sock status', { expect: 3 });
  await show(ps, jailed);
  await show('sed -i s/respwan/respawn/ jaildaemon.yml; jaildaemon -f sock reload');

  chapter('7. One more probe, without the file');
  await show(`jaildaemon -f sock -c 'echo "hello, $JAIL_NAME" >>${folder}/greetings' -j web -t HELLO`);
  await show("pkill -HUP -f '^HELLO$'", jailed);
  await until('it was greeted', hasLine('greetings'));
  await show('cat greetings');

  chapter('8. The end');
  await show('jaildaemon -f sock stop');
  await show(ps, jailed);
}

function configuration(folder: string, stamp: string, more = ''): string {
  return `jails:
  web:
    pid: ${folder}/web.pid
    probes:
      SNAPSHOT:
        command: |
          echo "$JAIL_NAME: snapshot at $(${stamp})" >>${folder}/snapshots
          echo "taken by $(id -un) on the host, trigger $TRIGGER_ID"
        respawn: after
${more}`;
}
