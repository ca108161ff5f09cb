import { join } from 'node:path';
import { earlierValues } from '../linux/earlier-values.js';
import type { Part } from './lifecycle.js';
import type { LoadedConfig } from './loaded-config.js';

const keep = ({ config }: LoadedConfig): void => earlierValues.keepIn(join(config.state, 'settings.json'));

/** Has the next daemon know what settings of the host were before this one changed them. */
export const earlierSettings: Part = { name: 'earlier settings of the host', start: keep, reload: keep };
