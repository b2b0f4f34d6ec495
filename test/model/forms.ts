import type { Broken, Sound } from './form.ts';
import { DRAIN_BROKEN, DRAIN_SOUND } from './drain-forms.ts';
import { KEEPER_BROKEN, KEEPER_SOUND } from './keeper-forms.ts';

/** The largest first, so that nobody waits for it at the end. */
export const SOUND: readonly Sound[] = [...KEEPER_SOUND, ...DRAIN_SOUND];

export const BROKEN: readonly Broken[] = [...KEEPER_BROKEN, ...DRAIN_BROKEN];
