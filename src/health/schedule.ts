import type { HealthCheck } from './check.js';
import type { HealthState } from './state-machine.js';

/** Once a starting task answers, the remaining probes of `rise` follow at this interval. */
const CONFIRM_MS = 500;
/** This many new tasks per second are probed at once. */
const NEWCOMERS_PER_SECOND = 250;
/**
 * The share of the interval by which probes come early at random, so that tasks do not move in step. Probes are never
 * late.
 */
const JITTER = 0.1;

/**
 * The delay of the first probe of a task that came with `crowd` others, in milliseconds. A single task is probed at
 * once; a crowd is spread over the interval.
 */
export function firstDelay(check: HealthCheck, crowd: number, random: () => number): number {
  return random() * Math.min(check.interval, (crowd * 1000) / NEWCOMERS_PER_SECOND);
}

/** From the start of one probe to the start of the next, in milliseconds. */
export function nextDelay(check: HealthCheck, state: HealthState, random: () => number): number {
  // The probe of a ttl check comes when the beat expires, not earlier.
  if (check.kind === 'ttl') return check.interval;
  const starting = state.probed === 'initializing' || state.probed === 'reinitializing';
  const base = starting && state.passes > 0 ? Math.min(CONFIRM_MS, check.interval) : check.interval;
  return base * (1 - JITTER * random());
}
