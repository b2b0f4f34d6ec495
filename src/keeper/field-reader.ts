import type { Frame } from './frame.ts';

/** The fields of a message, as what they should be. @throws Error (each) naming the verb and the field that is none */
export interface FieldReader {
  text(name: string): string;
  optional(name: string): string | undefined;
  number(name: string): number;
  /** A number that may be missing. */
  count(name: string): number | undefined;
  /** A flag is `1` or missing. */
  flag(name: string): boolean;
  /** Every value of a name that may be repeated. */
  all(name: string): readonly string[];
}

/** Of one frame. */
export function readFields({ verb, fields }: Frame): FieldReader {
  const optional = (name: string): string | undefined => fields.get(name)?.[0];
  const text = (name: string): string => {
    const value = optional(name);
    if (value === undefined) throw new Error(`keeper: ${verb} without ${name}`);
    return value;
  };
  return {
    text,
    optional,
    number: (name) => toNumber(verb, name, text(name)),
    count(name) {
      const value = optional(name);
      return value === undefined ? undefined : toNumber(verb, name, value);
    },
    flag: (name) => optional(name) === '1',
    all: (name) => fields.get(name) ?? [],
  };
}

/** @throws Error naming the verb and the field */
export function toNumber(verb: string, name: string, value: string): number {
  if (!/^\d{1,16}$/.test(value)) throw new Error(`keeper: ${verb} with ${name}=${JSON.stringify(value)}`);
  return Number(value);
}

/** Leaves out what is absent, so that a message never holds `undefined`. */
export function some<K extends string, V>(name: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [name]: value }) as { [P in K]?: V };
}
