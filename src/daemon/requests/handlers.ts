import type { Handler } from '../../control/server.ts';
import { attachHandler } from './attach.ts';
import { historyHandler } from './history.ts';
import { inventoryHandler } from './inventory.ts';
import { jailsHandler } from './jails.ts';
import { outputHandler } from './output.ts';
import { planHandler, reloadHandler } from './reload.ts';
import { removeHandler } from './remove.ts';
import type { Services } from './services.ts';
import { statusHandler } from './status.ts';
import { stopHandler } from './stop.ts';
import { triggerHandler } from './trigger.ts';
import { replaceKeeperHandler, upgradeHandler } from './upgrade.ts';

/** The verbs of the control socket; `hello` is answered by the socket itself. */
export function createHandlers(services: Services): ReadonlyMap<string, Handler> {
  return new Map<string, Handler>([
    ['status', statusHandler(services)],
    ['reload', reloadHandler(services)],
    ['plan', planHandler(services)],
    ['jails', jailsHandler(services)],
    ['inventory', inventoryHandler(services)],
    ['history', historyHandler(services)],
    ['output', outputHandler(services)],
    ['trigger', triggerHandler(services)],
    ['attach', attachHandler(services)],
    ['remove', removeHandler(services)],
    ['upgrade', upgradeHandler(services)],
    ['replace-keeper', replaceKeeperHandler(services)],
    ['stop', stopHandler(services)],
  ]);
}
