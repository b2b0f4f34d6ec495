import { resolve } from 'node:path';
import type { Diagnostic } from '../config/diagnostic.ts';
import { formatDiagnostics } from '../config/format.ts';
import { ask } from '../control/client.ts';
import { EXIT } from '../control/protocol.ts';
import type { Change } from '../plan/plan.ts';
import type { Common } from './common.ts';
import { localTime, print, printJson, withoutSource } from './render.ts';
import { printable } from '../printable.ts';

type Row = Change & { readonly newPid?: number; readonly failed?: string };

interface Outcome {
  readonly generation: number;
  readonly ok: boolean;
  /** The daemon had taken this generation over by itself, when it saw the files change. */
  readonly since?: string;
  readonly totals: Readonly<Record<string, number>>;
  readonly diagnostics?: readonly Diagnostic[];
}

const SYMBOLS: Readonly<Record<string, string>> = {
  keep: '  =',
  update: '  ~',
  replace: '-/+',
  arm: '  +',
  disarm: '  -',
  wait: '  ?',
};

/** `plan [file]`: what a reload would do; nothing is done. */
export async function plan(
  common: Common,
  file: string | undefined,
  options: { readonly detailedExitcode?: boolean },
): Promise<number> {
  return show(
    common,
    { verb: 'plan', ...(file !== undefined && { file: resolve(file) }) },
    options.detailedExitcode ?? false,
  );
}

/** `reload`: does it, and waits until what was ordered is there or has failed. */
export async function reload(
  common: Common,
  options: { readonly detailedExitcode?: boolean },
): Promise<number> {
  return show(common, { verb: 'reload' }, options.detailedExitcode ?? false);
}

async function show(
  { socket, json }: Common,
  request: { verb: 'plan' | 'reload'; file?: string },
  detailed: boolean,
): Promise<number> {
  const rows: Row[] = [];
  const outcome = await ask<Outcome>(socket, request, (batch: readonly Row[]) => {
    for (const row of batch) rows.push(row);
  });
  if (json) {
    const diagnostics = outcome.diagnostics?.map(withoutSource);
    await printJson({ version: 1, ...outcome, ...(diagnostics && { diagnostics }), changes: rows });
  } else await showText(request.verb, outcome, rows);
  if (!outcome.ok) return EXIT.config;
  if (rows.some(({ failed }) => failed !== undefined)) return EXIT.failed;
  return detailed && rows.some(({ action }) => action !== 'keep' && action !== 'wait')
    ? EXIT.changes
    : EXIT.ok;
}

async function showText(verb: 'plan' | 'reload', outcome: Outcome, rows: readonly Row[]): Promise<void> {
  if (outcome.diagnostics) process.stderr.write(formatDiagnostics(outcome.diagnostics));
  if (!outcome.ok) {
    process.stderr.write(
      `nothing ${verb === 'plan' ? 'would change' : 'was changed'}: generation ${outcome.generation} stays active\n`,
    );
    return;
  }
  const lines = rows.map(line);
  const totals = ['keep', 'update', 'replace', 'arm', 'disarm', 'wait'].flatMap((action) =>
    outcome.totals[action] ? [`${outcome.totals[action]} ${WORDS[action]}`] : [],
  );
  const summary = totals.length > 0 ? totals.join(', ') : 'no probes';
  lines.push(
    verb === 'plan'
      ? `a reload would come to: ${summary}`
      : `generation ${outcome.generation} is active${outcome.since === undefined ? '' : ` since ${localTime(outcome.since)}`}: ${summary}`,
  );
  const failed = rows.filter((row) => row.failed !== undefined).length;
  if (failed > 0)
    lines.push(`${failed} could not be armed; the daemon goes on trying, "jaildaemon status" tells`);
  await print(`${lines.join('\n')}\n`);
}

const WORDS: Readonly<Record<string, string>> = {
  keep: 'unchanged',
  update: 'changed in place',
  replace: 'replaced',
  arm: 'armed',
  disarm: 'taken away',
  wait: 'waiting',
};

function line(row: Row): string {
  const pid =
    row.newPid === undefined ? row.pid : row.pid === undefined ? row.newPid : `${row.pid} -> ${row.newPid}`;
  const why = row.failed ?? row.why ?? HOW[row.action];
  return printable(
    `${SYMBOLS[row.action] ?? '  ?'} ${row.id}${pid === undefined ? '' : `  pid ${pid}`}${row.failed === undefined ? '' : '  NOT ARMED'}${why === undefined ? '' : `  ${why}`}`,
  );
}

const HOW: Readonly<Record<string, string | undefined>> = {
  update: 'same process, new definition',
  replace: 'armed new, then retired old',
};
