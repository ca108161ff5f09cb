import type { CheckTiming } from './check.js';

/**
 * Flap damping in the style of RFC 2439. Each fall adds to a penalty that decays. Above a limit the task is held out of
 * the rotation for a while, and twice as long each time it falls again after its return.
 */
export interface Damping {
  readonly penalty: number;
  /** The time to which the penalty refers. */
  readonly at: number;
  /** The task is not healthy before this time, regardless of the probes; 0: not held. */
  readonly heldUntil: number;
  /** Number of holds in a row. */
  readonly holds: number;
}

export const noDamping: Damping = { penalty: 0, at: 0, heldUntil: 0, holds: 0 };

const PER_FALL = 1000;
/**
 * The third fall within half a minute exceeds the limit, regardless of their distribution; if evenly distributed, also
 * within 40 seconds.
 */
const HOLD_ABOVE = 2400;
const CALM_BELOW = 500;
const MOST = 5000;
const SHORTEST_HOLD_MS = 10_000;
const LONGEST_HOLD_MS = 300_000;

/**
 * The damping after a task has fallen out of the rotation. Slow checks flap slowly, so the times grow with the
 * interval.
 */
export function noteFall(damping: Damping, check: CheckTiming, now: number): Damping {
  const halfLife = Math.max(60_000, 5 * (check.rise + check.fall) * check.interval);
  // The penalty does not decay during a hold, only after it.
  const calm = Math.max(0, now - damping.at);
  const decayed = damping.penalty * 2 ** (-calm / halfLife);
  const penalty = Math.min(MOST, decayed + PER_FALL);
  const holds = decayed < CALM_BELOW ? 0 : damping.holds;
  if (penalty <= HOLD_ABOVE) return { penalty, at: now, heldUntil: 0, holds };
  const shortest = Math.max(SHORTEST_HOLD_MS, 2 * check.rise * check.interval);
  const heldUntil = now + Math.min(Math.max(LONGEST_HOLD_MS, shortest), shortest * 2 ** Math.min(holds, 20));
  return { penalty, at: heldUntil, heldUntil, holds: holds + 1 };
}
