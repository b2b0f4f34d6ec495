import { fileURLToPath } from 'node:url';

/** A program in C of this package; the same place seen from src/keeper and from dist/keeper. */
export function builtProgram(name: 'keeper' | 'chroot'): string {
  return fileURLToPath(new URL(`../../dist/keeper/${name}`, import.meta.url));
}

/** A package carries no machine's programs, only what they are made from. */
export const HOW_TO_BUILD = `build it: make -C ${fileURLToPath(new URL('../../src/keeper/native', import.meta.url))}`;
