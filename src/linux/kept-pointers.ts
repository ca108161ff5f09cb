import type { Pointer } from './pointer.js';

/**
 * Pointers for very frequent calls. A pointer does not fit into a V8 small integer, so each call would allocate an
 * object for it. In a list that also contains something other than numbers, each pointer stays the object that it is.
 */
export function keptPointers(pointers: readonly Pointer[]): readonly Pointer[] {
  const kept: readonly unknown[] = [...pointers, undefined];
  return kept as readonly Pointer[];
}
