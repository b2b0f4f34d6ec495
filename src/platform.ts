import { type } from 'node:os';

/** The systems that this runs on, by the names that they give themselves (`uname -s`). */
export type Platform = 'Linux' | 'FreeBSD' | 'DragonFly';

/**
 * The system that this process runs on; what is none of the three is taken for Linux, where everything is looked for and
 * nothing is assumed. Not `process.platform`, which a port of Node may leave unset or have as something else.
 */
export const PLATFORM: Platform = platformOf(type());

/**
 * Whether a file has a time of its birth there. DragonFly has none, and Node gives the time of the last change in its place, which
 * says nothing of whether it is the same file.
 */
export function hasBirthTimes(platform: Platform = PLATFORM): boolean {
  return platform !== 'DragonFly';
}

/** @param name as os.type() gives it */
function platformOf(name: string): Platform {
  return name === 'FreeBSD' || name === 'DragonFly' ? name : 'Linux';
}
