// limit: 400 s
import { chroot } from '../rig/kinds/chroot.ts';
import { tellStoriesOf } from './jail-stories.ts';

tellStoriesOf(chroot);
