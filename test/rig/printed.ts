/**
 * What `--json` prints, as the manual promises it. Written down here once more on purpose: the stories hold the
 * program to its promise, not to its own types.
 */
export interface Status {
  readonly version: 1;
  readonly daemon: { readonly pid: number; readonly version: string; readonly startedAt: string };
  readonly keeper?: { readonly pid: number; readonly startedAt: string; readonly version: number };
  readonly config: {
    readonly file: string;
    readonly generation: number;
    readonly loadedAt: string;
    readonly error?: { readonly at: string; readonly diagnostics: readonly { readonly message: string }[] };
  };
  readonly probes: readonly ProbeStatus[];
}

export interface ProbeStatus {
  readonly id: string;
  readonly jail: string;
  readonly instance?: string;
  readonly jid?: number;
  readonly title: string;
  readonly description?: string;
  readonly uid: number;
  readonly respawn: 'never' | 'after' | 'immediately';
  readonly state: 'waiting' | 'armed' | 'running' | 'cooling' | 'spent' | 'failed';
  readonly pid?: number;
  readonly jailPid?: number;
  readonly since: string;
  readonly origin: { readonly file: string; readonly line: number } | 'ad-hoc';
  readonly runs: number;
  readonly reason?: string;
  readonly last?: {
    readonly id: string;
    readonly firedAt: string;
    readonly exitCode?: number;
    readonly running?: true;
  };
}

export interface HistoryEntry {
  readonly id: string;
  readonly probe: string;
  readonly jail: string;
  readonly instance: string;
  readonly title: string;
  readonly firedAt: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
  readonly durationMs?: number;
  readonly exitCode?: number;
  readonly signal?: string;
  readonly fate?: string;
  readonly stage?: string;
  readonly by: 'jail' | 'host';
}
