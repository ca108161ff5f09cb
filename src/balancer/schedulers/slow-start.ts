const MAX_WEIGHT = 65_535;
const FINEST = 100;

/**
 * The weight of a new destination, so that it is not flooded while its caches are cold. It grows linearly with age,
 * from 10 % to the full weight (Envoy's slow start with aggression 1 and min_weight_percent 10).
 * @param base its full weight; 0 stays 0
 * @param ageMs milliseconds since it was added
 * @param windowMs how long the slow start takes; 0: no slow start
 * @returns a whole number, at least 1
 */
export function slowStartWeight(base: number, ageMs: number, windowMs: number): number {
  if (base <= 0) return 0;
  if (ageMs >= windowMs) return base;
  return Math.max(1, Math.round(base * Math.max(0.1, ageMs / windowMs)));
}

/**
 * The factor for all weights of a service that allows small weights to grow in steps: a weight of 1 has no steps.
 * Shares do not change. Not for ovf, lblc and lblcr, which compare connections with the weight itself.
 * @returns a whole number, 1..100, with which no weight exceeds 65535
 */
export function slowStartScale(bases: readonly number[]): number {
  const greatest = bases.reduce((most, base) => Math.max(most, base), 1);
  return Math.max(1, Math.min(FINEST, Math.floor(MAX_WEIGHT / greatest)));
}
