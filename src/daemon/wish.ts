import type { Config, Whereabouts } from '../config/config.ts';
import { createDeclared } from '../config/declared.ts';
import type { Observed } from '../plan/observed.ts';
import type { Wish } from '../plan/planner.ts';
import { defineHost } from './host.ts';

/** What a configuration asks for, in the words of the plan. */
export function wishFor(config: Config): Wish {
  return { declared: createDeclared(config), host: defineHost(config.settings) };
}

/** Where every exactly named jail is to be found, and the jails that only ad hoc probes know. */
export function whereaboutsOf({ declared }: Wish, observed: Observed): Map<string, Whereabouts> {
  const jails = new Map<string, Whereabouts>();
  for (const { jail, whereabouts } of observed.adhoc.values()) jails.set(jail, whereabouts);
  for (const jid of declared.jids) jails.set(jid, { by: 'name' });
  for (const name of declared.jailNames) jails.set(name, declared.whereabouts(name) ?? { by: 'name' });
  return jails;
}
