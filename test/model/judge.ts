import { PROMISES, type Broken, type Sound } from './form.ts';
import { verify, type Verdict } from './spin.ts';

/** What was found of a form, and whether it is what should be found. */
export interface Judged {
  readonly form: Sound | Broken;
  readonly verdict: Verdict;
  readonly expected: boolean;
  /** In a few words. */
  readonly said: string;
}

/** Verifies a form: a sound one must hold, a broken one must break what it is there for. @param folder must not exist yet */
export async function judge(form: Sound | Broken, folder: string): Promise<Judged> {
  const verdict = await verify(form, folder);
  const broken = verdict.outcome === 'violated' ? promiseIn(verdict.why ?? '') : undefined;
  if (verdict.outcome === 'incomplete')
    return { form, verdict, expected: false, said: verdict.why ?? 'not complete' };
  if (verdict.outcome === 'holds') return { form, verdict, expected: !('breaks' in form), said: 'holds' };
  return {
    form,
    verdict,
    expected: 'breaks' in form && form.breaks === broken,
    said: `broken: ${broken ?? verdict.why ?? ''}`,
  };
}

/** pan(1) tells the assertion's text, and each begins with the number of what it is about: `((3>0)&&…`, `(((3!=3)&&…`. */
function promiseIn(text: string): string | undefined {
  if (text === 'non-progress cycle') return 'comes to rest';
  const number = /^assertion violated \(+(\d+)(?:>0|!=)/.exec(text)?.[1];
  return number === undefined ? undefined : PROMISES[Number(number) - 1];
}
