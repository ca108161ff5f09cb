import type { Destination } from './scheduler.js';

/**
 * Whether a destination may receive a new flow: it is not quiesced, not at its upper threshold, and was not tried yet.
 */
export function isAvailable(
  destination: Destination | undefined,
  exclude: ReadonlySet<string> | undefined,
): destination is Destination {
  return (
    destination !== undefined &&
    destination.weight > 0 &&
    (destination.upper === 0 || destination.active < destination.upper) &&
    (exclude === undefined || !exclude.has(destination.id))
  );
}
