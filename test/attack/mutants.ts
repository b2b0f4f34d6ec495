/** A small generator with a seed: the same numbers in every run. */
export type Pick = (below: number) => number;

export function random(seed: number): Pick {
  let now = seed;
  return (below) => {
    now = (Math.imul(now, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((now / 2 ** 32) * below);
  };
}

/** Cuts, doubles, exchanges and spices a text, one to six times. */
export function mutate(text: string, pick: Pick, spices: readonly string[], longest = 200_000): string {
  let now = text;
  for (let count = pick(6) + 1; count > 0; count--) {
    const at = pick(now.length + 1);
    const spice = spices[pick(spices.length)] ?? '';
    const forms = [
      () => now.slice(0, at) + now.slice(at + pick(40)),
      () => now.slice(0, at) + now.slice(at, at + pick(40)) + now.slice(at),
      () => now.slice(0, at) + spice + now.slice(at),
      () => now.slice(0, at) + spice + now.slice(at + 1),
      () => now.slice(0, at) + spice.repeat(pick(300)) + now.slice(at),
      () => now.slice(0, at) + now.slice(pick(now.length + 1)).slice(0, 200) + now.slice(at),
      () => now.slice(0, at),
    ];
    now = (forms[pick(forms.length)] ?? (() => now))().slice(0, longest);
  }
  return now;
}
