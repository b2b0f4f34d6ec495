// limit: 400 s
import { runc, runcUser } from '../rig/kinds/runc.ts';
import { tellStoriesOf } from './jail-stories.ts';

tellStoriesOf(runc);
tellStoriesOf(runcUser);
