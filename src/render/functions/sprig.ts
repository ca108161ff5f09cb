import { SPRIG_COLLECTIONS } from './sprig-collections.js';
import { SPRIG_MATH } from './sprig-math.js';
import { SPRIG_STRINGS } from './sprig-strings.js';
import type { Named } from './sprig-values.js';

/**
 * Sprig's hermetic functions, without their prefix `sprig_`. What makes keys, certificates and password hashes gives
 * another result at every run, which has no place in a file that is rendered again and again.
 */
export const SPRIG_FUNCTIONS: readonly Named[] = [...SPRIG_STRINGS, ...SPRIG_COLLECTIONS, ...SPRIG_MATH];
