import { setFlagsFromString } from 'node:v8';

/** ms in which what the start left is collected. */
const SETTLING_MS = 10_000;

/**
 * Has V8 prefer little memory over rare collections. A daemon lives among the containers that it serves, and makes
 * little garbage once it is up: without this the heap keeps the size that it had while the first facts were read (151
 * MB instead of 100 resident, with 1,000 services from a file). To be called when names are answered: before that it
 * would cost a fifth more CPU time until the first answer.
 */
export function preferLittleMemory(): void {
  setFlagsFromString('--optimize-for-size');
  setFlagsFromString('--semi-space-growth-factor=1');
}

/** To be called when the threads run and the first facts are served, however long that took. */
export function preferLittleWorkSoon(): void {
  setTimeout(preferLittleWork, SETTLING_MS).unref();
}

/**
 * Under constant changes, V8 would collect constantly to save memory, at two fifths of the cost of the changes. With
 * this setting it collects when little happens, and otherwise when the live heap has grown by half.
 */
function preferLittleWork(): void {
  setFlagsFromString('--no-optimize-for-size');
  setFlagsFromString('--heap-growing-percent=50');
  // Starting a thread has reset it to two.
  setFlagsFromString('--semi-space-growth-factor=1');
}
