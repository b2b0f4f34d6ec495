// limit: 400 s
import { nspawn } from '../rig/kinds/nspawn.ts';
import { tellStoriesOf } from './jail-stories.ts';

tellStoriesOf(nspawn);
