import { ask } from '../control/client.ts';
import { EXIT } from '../control/protocol.ts';
import { examine, type Examination } from '../doctor/examine.ts';
import type { Finding } from '../doctor/finding.ts';
import type { Inventory, InventoryProbe } from '../doctor/inventory.ts';
import { printable } from '../printable.ts';
import type { Common } from './common.ts';
import { print, printJson } from './render.ts';

/** `doctor`: looks at the living system from the host; exit 1 when there is something to mend. */
export async function doctor({ socket, json }: Common): Promise<number> {
  const probes: InventoryProbe[] = [];
  const told = await ask<Omit<Inventory, 'probes'>>(
    socket,
    { verb: 'inventory' },
    (rows: readonly InventoryProbe[]) => {
      for (const row of rows) probes.push(row);
    },
  );
  const examination = await examine({ ...told, probes });
  const ok = examination.findings.every(({ severity }) => severity === 'note');
  if (json) await printJson({ version: 1, ok, ...examination });
  else await print(text(examination));
  return ok ? EXIT.ok : EXIT.failed;
}

function text({ findings, looked, skipped }: Examination): string {
  const lines = findings.flatMap(({ severity, subject, message, fix, at }) => [
    printable(`${severity}: ${subject}: ${message}`),
    ...(at && at.line > 0 ? [printable(`  at ${at.file}:${at.line}`)] : []),
    printable(`  = ${fix}`),
  ]);
  for (const what of skipped) lines.push(printable(`not looked at: ${what}`));
  const counts = (['danger', 'warning', 'note'] as const).flatMap((severity) => count(findings, severity));
  const { probes, files, jails } = looked;
  lines.push(
    `${counts.length > 0 ? counts.join(', ') : 'nothing to mend'}; looked at ${plural(probes, 'armed probe')}, ${plural(jails, 'running jail')}, ${plural(files, 'file')} of the daemon and what commands run`,
  );
  return `${lines.join('\n')}\n`;
}

function count(findings: readonly Finding[], severity: Finding['severity']): string[] {
  const number = findings.filter((finding) => finding.severity === severity).length;
  return number === 0 ? [] : [plural(number, severity)];
}

const plural = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`;
