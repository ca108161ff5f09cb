import type { Pointer } from './pointer.js';

/**
 * Pointers for calls that are made very often. A pointer does not fit a small integer of V8, so that each call would make an object of it
 * again; in a list that has something else beside them numbers stay the objects that they are.
 */
export function keptPointers(pointers: readonly Pointer[]): readonly Pointer[] {
  const kept: readonly unknown[] = [...pointers, undefined];
  return kept as readonly Pointer[];
}
