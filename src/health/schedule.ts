import type { HealthCheck } from './check.js';
import type { HealthState } from './state-machine.js';

/** While a starting task answers already, the rest of `rise` follows this fast. */
const CONFIRM_MS = 500;
/** So many newcomers a second are begun at once. */
const NEWCOMERS_PER_SECOND = 250;
/** Part of the interval by which probes come early, at random, so that tasks do not move in step. Never late. */
const JITTER = 0.1;

/**
 * When a task that came with `crowd` others is probed first, in milliseconds from now: one alone at once, a crowd spread
 * over the interval.
 */
export function firstDelay(check: HealthCheck, crowd: number, random: () => number): number {
  return random() * Math.min(check.interval, (crowd * 1000) / NEWCOMERS_PER_SECOND);
}

/** From the start of one probe to the start of the next, in milliseconds. */
export function nextDelay(check: HealthCheck, state: HealthState, random: () => number): number {
  // The probe of a TTL comes when the beat is over, not before.
  if (check.kind === 'ttl') return check.interval;
  const starting = state.probed === 'initializing' || state.probed === 'reinitializing';
  const base = starting && state.passes > 0 ? Math.min(CONFIRM_MS, check.interval) : check.interval;
  return base * (1 - JITTER * random());
}
