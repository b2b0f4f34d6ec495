/** How many probes of which kind; in this order they are numbered, and number N has the title BN. */
export interface Layout {
  /** Their command is a text for the shell, and they come back when it has ended. */
  readonly shell: number;
  /** Their command is a list, and they come back when it has ended. */
  readonly list: number;
  /** Their command is a list, and they come back at once. */
  readonly immediately: number;
}

export type Kind = keyof Layout;

export function countOf(layout: Layout): number {
  return layout.shell + layout.list + layout.immediately;
}

/** The numbers of the probes of a kind. */
export function range(layout: Layout, kind: Kind): { from: number; count: number } {
  const from = { shell: 0, list: layout.shell, immediately: layout.shell + layout.list }[kind];
  return { from, count: layout[kind] };
}

export function kindOf(layout: Layout, index: number): Kind {
  if (index < layout.shell) return 'shell';
  return index < layout.shell + layout.list ? 'list' : 'immediately';
}
