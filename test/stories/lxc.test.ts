// limit: 400 s
import { lxc, lxcUser } from '../rig/kinds/lxc.ts';
import { tellStoriesOf } from './jail-stories.ts';

tellStoriesOf(lxc);
tellStoriesOf(lxcUser);
