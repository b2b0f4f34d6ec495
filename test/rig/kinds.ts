import type { Kind } from './jail.ts';
import { bubblewrap, bubblewrapUser } from './kinds/bubblewrap.ts';
import { chroot } from './kinds/chroot.ts';
import { lxc, lxcUser } from './kinds/lxc.ts';
import { nspawn } from './kinds/nspawn.ts';
import { runc, runcUser } from './kinds/runc.ts';
import { unshared, unsharedChroot, userRange, userSingle } from './kinds/unshare.ts';

/** Every kind of jail that `pid` and `chroot` reach. */
export const KINDS: readonly Kind[] = [
  unshared,
  unsharedChroot,
  userRange,
  userSingle,
  bubblewrap,
  bubblewrapUser,
  runc,
  runcUser,
  nspawn,
  lxc,
  lxcUser,
  chroot,
];
