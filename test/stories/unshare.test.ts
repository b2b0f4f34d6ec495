// limit: 400 s
import { unshared, unsharedChroot, userRange, userSingle } from '../rig/kinds/unshare.ts';
import { tellStoriesOf } from './jail-stories.ts';

tellStoriesOf(unshared);
tellStoriesOf(unsharedChroot);
tellStoriesOf(userRange);
tellStoriesOf(userSingle);
