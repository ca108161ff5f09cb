import type { Instant } from '../../src/net/instant.js';

/** A moment at which both clocks say the same. */
export const instant = (now: number): Instant => ({ at: now, now });
