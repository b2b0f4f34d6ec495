/** What a daemon says that it has, for others to look at: the control verb `inventory`. */
export interface Inventory {
  readonly daemon: { readonly pid: number; readonly version: string; readonly uid: number };
  readonly keeper?: { readonly pid: number; readonly epoch: string };
  readonly config: string;
  readonly own: readonly { readonly what: string; readonly path: string }[];
  readonly jails: readonly InventoryJail[];
  readonly probes: readonly InventoryProbe[];
}

export interface InventoryJail {
  readonly name: string;
  readonly kind: string;
  /** The host's pid of the process that stands for it. */
  readonly pid?: number;
  /** Its root, where the host knows it by a path. */
  readonly path?: string;
}

export interface InventoryProbe {
  readonly id: string;
  readonly jail: string;
  /** As ps(1) shows it. */
  readonly title: string;
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  readonly argv: readonly string[];
  /** The armed process. */
  readonly pid?: number;
  readonly origin: { readonly file: string; readonly line: number };
}
