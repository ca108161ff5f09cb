/**
 * Whether tests that try many cases run long: property, fuzz and bulk tests. `.ci/run` sets `THOROUGH=1`; `npm test` by itself
 * is short.
 */
export const isThorough = process.env['THOROUGH'] === '1';

/** How many cases a property test tries. @param thorough in a long run; a short one tries a tenth, and 20 at least */
export const runs = (thorough: number): number =>
  isThorough ? thorough : Math.min(thorough, Math.max(20, Math.ceil(thorough / 10)));
