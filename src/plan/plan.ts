import type { ProbeConfig } from '../config/config.ts';
import type { Jail } from '../jails/jail.ts';
import { defineProbe, type Host } from './definition.ts';
import type { Scope } from './draft.ts';
import { planMoves } from './moving.ts';
import { allHaveListed, runningJail, type Observed, type ObservedJail } from './observed.ts';
import { judge, type Action } from './rules.ts';
import type { Step } from './step.ts';
import type { Desired } from './desired.ts';
import type { Wanted } from './wanted.ts';

/** One probe and what is to be done about it: a row of `plan` and `reload`. */
export interface Change {
  readonly action: Action;
  readonly id: string;
  readonly jail: string;
  readonly title: string;
  readonly pid?: number;
  readonly why?: string;
}

export interface Plan {
  readonly changes: readonly Change[];
  readonly steps: readonly Step[];
  /** Probes to plan again though nothing happened, and when (ms since 1970). */
  readonly wakes: ReadonlyMap<string, { readonly jail: string; readonly at: number }>;
}

/**
 * Remembers the tags of definitions, which are all that planning needs of them as long as nothing changes.
 * It belongs to one `Host`.
 */
export type Tags = WeakMap<Jail, WeakMap<ProbeConfig, string>>;

/**
 * What has to happen so that these jails have what is wanted. Pure; a second plan of the world that the first one's
 * steps lead to is empty.
 *
 * @param scope which probes to look at: the touched ones, or all
 * @param now ms since 1970
 */
export function plan(
  desired: Desired,
  observed: Observed,
  scope: Scope,
  now: number,
  host: Host,
  tags: Tags,
): Plan {
  const changes: Change[] = [];
  const steps: Step[] = [];
  const wakes = new Map<string, { jail: string; at: number }>();
  if (!allHaveListed(observed)) return { changes, steps, wakes };

  for (const [name, ids] of scope) {
    const jail: ObservedJail = observed.jails.get(name) ?? { name, probes: new Map() };
    const wanted = desired.forJail(name);
    for (const id of ids === 'all' ? wanted.keys() : ids) planProbe(jail, id, wanted.get(id));
    for (const id of ids === 'all' ? jail.probes.keys() : []) {
      if (!wanted.has(id)) planProbe(jail, id, undefined);
    }
  }
  const arming = steps.filter((step) => step.do === 'arm').length;
  const moves = planMoves(desired, observed, arming, now);
  steps.push(...moves.steps);
  if (moves.wake) wakes.set(moves.wake.id, moves.wake);
  return { changes, steps, wakes };

  function planProbe(observedJail: ObservedJail, id: string, want: Wanted | undefined): void {
    const running = runningJail(observedJail);
    const probe = observedJail.probes.get(id);
    const tag = want && running && want.clash === undefined ? tagOf(want, running) : '';
    const verdict = judge({
      now,
      tag,
      ...(want && { wanted: want }),
      ...(probe && { probe }),
      ...(observedJail.sighting && { sighting: observedJail.sighting }),
      ...(running && { jail: running, lonely: observedJail.lonely !== undefined }),
    });
    if (verdict.wakeAt !== undefined) wakes.set(id, { jail: observedJail.name, at: verdict.wakeAt });
    if (!want && verdict.action === 'keep') return;
    changes.push({
      action: verdict.action,
      id,
      jail: observedJail.name,
      title: want?.probe.title ?? probe?.held?.shownTitle ?? id,
      ...(probe?.held?.pid !== undefined && { pid: probe.held.pid }),
      ...(verdict.why !== undefined && { why: verdict.why }),
    });
    if (verdict.action === 'disarm') steps.push({ do: 'disarm', jail: observedJail.name, id });
    if (
      !want ||
      !running ||
      verdict.action === 'keep' ||
      verdict.action === 'wait' ||
      verdict.action === 'disarm'
    )
      return;
    const definition = defineProbe(want.id, want.probe, running, host);
    steps.push({
      do: verdict.action === 'update' ? 'update' : 'arm',
      jail: observedJail.name,
      want,
      definition,
    });
  }

  function tagOf(want: Wanted, jail: Jail): string {
    const ofJail = tags.get(jail) ?? new WeakMap<ProbeConfig, string>();
    tags.set(jail, ofJail);
    const known = ofJail.get(want.probe);
    if (known !== undefined) return known;
    const { tag } = defineProbe(want.id, want.probe, jail, host);
    ofJail.set(want.probe, tag);
    return tag;
  }
}

/** Every probe of every jail that is wanted or known. */
export function wholeScope(desired: Desired, observed: Observed): Scope {
  const names = [...desired.jailNames, ...observed.jails.keys()];
  return new Map(names.map((name) => [name, 'all']));
}

/** How many of each action. */
export function totalsOf(changes: readonly Change[]): Record<string, number> {
  const totals: Record<string, number> = {};
  for (const { action } of changes) totals[action] = (totals[action] ?? 0) + 1;
  return totals;
}
