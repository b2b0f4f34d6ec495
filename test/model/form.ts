import type { Form } from './spin.ts';

/** What is promised, in the order of the numbers that the models have for it. */
export const PROMISES = [
  'exactly one command',
  'all in the history, once',
  'no overlap',
  'spent is spent',
  'no probe without a keeper',
  'as the file asks',
  'all acknowledged',
  'within the bounds of the model',
  'never in two keepers',
  'the older keeper ends',
  'comes to rest',
] as const;

export type Promised = (typeof PROMISES)[number];

/** A form of a model that is right: everything must hold. */
export interface Sound extends Form {
  readonly name: string;
}

/** A form with something taken out or put wrong: it must be found to break this promise. */
export interface Broken extends Form {
  readonly name: string;
  readonly breaks: Promised;
}

/** @param defines what the model is to know, by words with a blank between */
export function sound(model: string, name: string, defines: string): Sound {
  return { name, model, defines: defines.split(' ') };
}

/** The same, in which only cycles are looked for. */
export function resting(model: string, name: string, defines: string): Sound {
  return { ...sound(model, `rest: ${name}`, defines), cycles: true };
}

/** Only this promise is looked at: what is wrong may break others, too. */
export function broken(model: string, name: string, breaks: Promised, defines: string): Broken {
  const only = `ONLY=${PROMISES.indexOf(breaks) + 1}`;
  const cycles = breaks === 'comes to rest';
  return { name, model, breaks, small: true, cycles, defines: [only, ...defines.split(' ')] };
}
