const MAX_WEIGHT = 65_535;
const FINEST = 100;

/**
 * The weight of a destination that has just come, so that it is not flooded while its caches are cold: linear in its age,
 * from 10 % to all of it (Envoy's slow start with aggression 1 and min_weight_percent 10).
 * @param base its full weight; 0 stays 0
 * @param ageMs milliseconds since it came
 * @param windowMs how long the start takes; 0: none
 * @returns a whole number, at least 1
 */
export function slowStartWeight(base: number, ageMs: number, windowMs: number): number {
  if (base <= 0) return 0;
  if (ageMs >= windowMs) return base;
  return Math.max(1, Math.round(base * Math.max(0.1, ageMs / windowMs)));
}

/**
 * By what to multiply all weights of a service, so that small ones can be lowered by steps: weights of 1 have none. Shares
 * do not change. Not for ovf, lblc and lblcr, which compare connections with the weight itself.
 * @returns a whole number, 1..100, with which no weight exceeds 65535
 */
export function slowStartScale(bases: readonly number[]): number {
  const greatest = bases.reduce((most, base) => Math.max(most, base), 1);
  return Math.max(1, Math.min(FINEST, Math.floor(MAX_WEIGHT / greatest)));
}
