// limit: 400 s
import { bubblewrap, bubblewrapUser } from '../rig/kinds/bubblewrap.ts';
import { tellStoriesOf } from './jail-stories.ts';

tellStoriesOf(bubblewrap);
tellStoriesOf(bubblewrapUser);
