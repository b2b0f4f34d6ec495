import { ask } from '../control/client.ts';
import { EXIT } from '../control/protocol.ts';
import type { Jail } from '../jails/jail.ts';
import type { Common } from './common.ts';
import { print, printJson, table } from './render.ts';

type Row = Pick<Jail, 'name' | 'kind' | 'instance' | 'jid' | 'pid' | 'path' | 'hostname'>;

/** `jails`: those that run. */
export async function jails({ socket, json }: Common): Promise<number> {
  const running: Row[] = [];
  await ask(socket, { verb: 'jails' }, (rows: readonly Row[]) => {
    for (const row of rows) running.push(row);
  });
  if (json) await printJson({ version: 1, jails: running });
  else if (running.length === 0) await print('no jail runs\n');
  else {
    const rows = running.map(({ name, kind, jid, pid, path, instance }) => [
      name,
      kind,
      String(jid ?? pid ?? '-'),
      path ?? '-',
      instance,
    ]);
    await print(table(['JAIL', 'KIND', 'JID', 'PATH', 'INSTANCE'], rows));
  }
  return EXIT.ok;
}
