/** What of a probe a pattern is held against. The id of an ad hoc one does not name its jail. */
export interface Named {
  readonly id: string;
  readonly jail: string;
  readonly title: string;
}

/**
 * A GLOB on the command line: `JAIL/KEY` or, without a slash, `JAIL/*`. `*` and `?` match anything here, dots too.
 *
 * @returns whether a probe, by its id or by its jail and title, is meant; everything is when there is no pattern
 */
export function createProbeFilter(glob: string | undefined): (probe: Named) => boolean {
  if (glob === undefined) return () => true;
  const pattern = glob.includes('/') ? glob : `${glob}/*`;
  const matches = compile(pattern);
  return ({ id, jail, title }) => matches(id) || matches(`${jail}/${title}`);
}

/** Matches without a regular expression, so that no pattern can make it slow. */
function compile(pattern: string): (text: string) => boolean {
  return (text) => {
    let p = 0;
    let star = -1;
    let resume = 0;
    for (let t = 0; t < text.length;) {
      if (pattern[p] === '*') {
        star = p++;
        resume = t;
      } else if (pattern[p] === '?' || pattern[p] === text[t]) {
        p++;
        t++;
      } else if (star >= 0) {
        p = star + 1;
        t = ++resume;
      } else return false;
    }
    while (pattern[p] === '*') p++;
    return p === pattern.length;
  };
}
