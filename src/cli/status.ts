import { ask } from '../control/client.ts';
import { EXIT } from '../control/protocol.ts';
import { createProbeFilter } from '../control/pattern.ts';
import type { Diagnostic } from '../config/diagnostic.ts';
import { formatDiagnostics } from '../config/format.ts';
import type { ProbeStatus } from '../history/status.ts';
import { printable } from '../printable.ts';
import type { Common } from './common.ts';
import { localTime, outcome, print, printJson, table, withoutSource } from './render.ts';

interface KeeperHead {
  readonly pid?: number;
  readonly version?: number;
  readonly state?: 'stopped' | 'silent';
}

interface Head {
  readonly daemon: { readonly pid: number; readonly version: string; readonly startedAt: string };
  readonly keeper?: KeeperHead;
  readonly leaving?: readonly KeeperHead[];
  readonly config: {
    readonly file: string;
    readonly generation: number;
    readonly loadedAt: string;
    readonly error?: { readonly at: string; readonly diagnostics: readonly Diagnostic[] };
    readonly warnings?: readonly Diagnostic[];
  };
  readonly history?: { readonly error: string };
}

/** What `status` has been told. */
export interface StatusAnswer {
  readonly head: Head;
  readonly probes: readonly ProbeStatus[];
}

/** `status [glob]`: exit 3 when something is wrong, see `isWell`. */
export async function status({ socket, json }: Common, glob: string | undefined): Promise<number> {
  const { head, probes } = await askStatus(socket, glob);
  if (json) await printJson(forPrograms({ head, probes }));
  else await print(text(head, probes));
  return isWell({ head, probes }) ? EXIT.ok : EXIT.notArmed;
}

/** Asks the daemon behind this socket. @param glob which probes are wanted; all of them without one */
export async function askStatus(socket: string, glob?: string): Promise<StatusAnswer> {
  const matches = createProbeFilter(glob);
  const probes: ProbeStatus[] = [];
  const head = await ask<Head>(socket, { verb: 'status' }, (rows: readonly ProbeStatus[]) => {
    for (const probe of rows) if (matches(probe)) probes.push(probe);
  });
  return { head, probes };
}

/** What `--json` prints. */
export function forPrograms({ head, probes }: StatusAnswer): object {
  return { version: 1, ...head, config: configForPrograms(head.config), probes };
}

/** Whether nothing waits to be mended: what is wrong with all of it, or with a probe that was asked for. */
function isWell({ head: { keeper, leaving = [], config, history }, probes }: StatusAnswer): boolean {
  const goesOn = ({ state }: KeeperHead): boolean => state === undefined;
  return (
    keeper !== undefined &&
    [keeper, ...leaving].every(goesOn) &&
    config.error === undefined &&
    history === undefined &&
    probes.every(({ state }) => state !== 'failed')
  );
}

function standstill({ pid, state }: KeeperHead): string {
  const who = `pid ${pid ?? 'unknown'}`;
  return state === 'stopped'
    ? `KEEPER STOPPED: ${who} is stopped (SIGSTOP, or a tracer): triggers wait, and nothing is armed or changed until it goes on (kill -CONT)`
    : `KEEPER SILENT: ${who} accepts and does not answer: nothing is armed or changed until it does`;
}

function configForPrograms({ error, warnings, ...config }: Head['config']): object {
  return {
    ...config,
    ...(error && { error: { ...error, diagnostics: error.diagnostics.map(withoutSource) } }),
    ...(warnings && { warnings: warnings.map(withoutSource) }),
  };
}

/** So many warnings are shown in full: status is read for the probes. */
const SHOWN = 3;

function warned(warnings: readonly Diagnostic[]): string[] {
  const lines = warnings
    .slice(0, SHOWN)
    .map(({ file, line, message }) => printable(`warning: ${file}:${line}: ${message}`));
  if (warnings.length > 0)
    lines.push(
      warnings.length > SHOWN
        ? `${warnings.length - SHOWN} more; "jaildaemon plan" tells all of them, and what to do`
        : '"jaildaemon plan" tells what to do',
    );
  return lines;
}

function text(head: Head, probes: readonly ProbeStatus[]): string {
  const { config, keeper, daemon } = head;
  const lines: string[] = [];
  if (config.error) {
    lines.push(
      `CONFIGURATION IN ERROR since ${localTime(config.error.at)}: generation ${config.generation} stays active`,
    );
    lines.push(formatDiagnostics(config.error.diagnostics).trimEnd(), '');
  }
  if (head.history)
    lines.push(
      `HISTORY CANNOT BE WRITTEN: ${head.history.error}; triggers stay with the keeper until it can`,
      '',
    );
  if (!keeper)
    lines.push('NO KEEPER: no probe is armed; the daemon tries to start one, its log says why it fails', '');
  for (const one of [keeper, ...(head.leaving ?? [])])
    if (one?.state !== undefined) lines.push(standstill(one), '');
  lines.push(
    `daemon ${daemon.version} pid ${daemon.pid}${keeper ? `, keeper pid ${keeper.pid ?? 'unknown'}` : ''}; generation ${config.generation} of ${printable(config.file)}, loaded ${localTime(config.loadedAt)}`,
  );
  for (const one of head.leaving ?? [])
    lines.push(
      `keeper pid ${one.pid ?? 'unknown'}, protocol ${one.version ?? 'unknown'}, is replaced: its probes move to the new one`,
    );
  lines.push(...warned(config.warnings ?? []));
  if (probes.length === 0) return `${lines.join('\n')}\nno probes\n`;
  const rows = probes.map((probe) => [
    probe.jail,
    probe.shownTitle ?? probe.title,
    String(probe.uid),
    probe.respawn,
    probe.state,
    probe.pid === undefined ? '-' : String(probe.pid),
    probe.last ? `${localTime(probe.last.firedAt)} ${outcome(probe.last)}` : '-',
    probe.origin === 'ad-hoc' ? `ad hoc, ${probe.id}` : `${probe.origin.file}:${probe.origin.line}`,
    `${probe.reason ?? probe.description ?? ''}${probe.until === undefined ? '' : ` (until ${localTime(probe.until)})`}`.trim(),
  ]);
  lines.push(
    '',
    table(['JAIL', 'TITLE', 'UID', 'RESPAWN', 'STATE', 'PID', 'LAST', 'FROM', 'WHY'], rows).trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}
