/** Whether a name is a pattern: holds `*` or `?`. */
export function isGlob(name: string): boolean {
  return /[*?]/.test(name);
}

/**
 * Whether a pattern of `*` and `?` matches a whole text. No regular expression: those of a pattern with many stars
 * can take exponential time, and a text may come from a jail. This takes at most |pattern| × |text| steps.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  let at = 0;
  let seen = 0;
  let star = -1;
  let resume = 0;
  while (seen < text.length) {
    const want = pattern[at];
    if (want === '*') {
      star = at++;
      resume = seen;
    } else if (want === '?' || want === text[seen]) {
      at++;
      seen++;
    } else if (star >= 0) {
      at = star + 1;
      seen = ++resume;
    } else return false;
  }
  while (pattern[at] === '*') at++;
  return at === pattern.length;
}

/** FreeBSD 15 runs a service in a jail of its own if it is told to, and names that jail `svcj-SERVICE`. */
const serviceJail = 'svcj-';

/**
 * Whether a pattern matches a jail's name. `*` and `?` do not match a dot: nested jails are named by the root of their
 * parent, and `db-*` must not hand `db-1.evil` a button. The jail of a service is nobody's machine, and is matched only by
 * a pattern that begins with what all of them begin with.
 */
export function matchesJail(pattern: string, name: string): boolean {
  const parts = name.split('.');
  const patterns = pattern.split('.');
  return (
    parts.length === patterns.length && patterns.every((part, index) => matchesPart(part, parts[index] ?? ''))
  );
}

function matchesPart(pattern: string, name: string): boolean {
  return matchesGlob(pattern, name) && (!name.startsWith(serviceJail) || pattern.startsWith(serviceJail));
}
