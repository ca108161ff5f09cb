import { SPRIG_ABSENT } from './sprig-absent.js';
import { SPRIG_COLLECTIONS } from './sprig-collections.js';
import { SPRIG_CRYPTO } from './sprig-crypto.js';
import { SPRIG_MATH } from './sprig-math.js';
import { SPRIG_STRINGS } from './sprig-strings.js';
import { SPRIG_URL } from './sprig-url.js';
import type { Named } from './sprig-values.js';

/**
 * Sprig's functions that do not depend on the run, without their prefix `sprig_`. What gives another result at every
 * run has no place in a file that is rendered again and again: such functions fail and say why.
 */
export const SPRIG_FUNCTIONS: readonly Named[] = [
  ...SPRIG_STRINGS,
  ...SPRIG_COLLECTIONS,
  ...SPRIG_MATH,
  ...SPRIG_URL,
  ...SPRIG_CRYPTO,
  ...SPRIG_ABSENT,
];
