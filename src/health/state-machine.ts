import type { Health } from '../catalog/model.js';
import { duration, type CheckTiming } from './check.js';
import { noDamping, noteFall, type Damping } from './damping.js';

/** The states of a running task that probes can determine. */
export type ProbedHealth = 'initializing' | 'healthy' | 'unhealthy' | 'reinitializing';

/** The state of one task with a check. All times are from the clock that `step` receives, in milliseconds. */
export interface HealthState {
  /** The phase of the task itself, which wins over results of probes. */
  readonly phase: 'running' | 'draining' | 'stopped';
  readonly probed: ProbedHealth;
  /** When {@link healthOf} last changed. */
  readonly since: number;
  /** When `probed` last changed, or the task was restarted in this state. Its timeout counts from here. */
  readonly probedSince: number;
  /** Successes in a row. */
  readonly passes: number;
  /** Failures in a row. */
  readonly failures: number;
  /** The finding of the last failed probe. */
  readonly lastFailure?: string;
  readonly damping: Damping;
}

export type HealthEvent =
  /** It has started, for the first time or again. */
  | { readonly type: 'start' }
  /** A probe has ended; `detail` is its finding, for people. */
  | { readonly type: 'result'; readonly ok: boolean; readonly detail: string }
  /** A client's connection to it has failed. It counts, but the last failure before a fall must come from a probe. */
  | { readonly type: 'passive'; readonly detail: string }
  /** A probe has ended without a result about the task; `detail` says why. */
  | { readonly type: 'inconclusive'; readonly detail: string }
  /** Time has passed. */
  | { readonly type: 'tick' }
  | { readonly type: 'drain'; readonly detail: string }
  /** It continues after all: an operator ended a drain, or the task ignored the stop signal. */
  | { readonly type: 'resume' }
  | { readonly type: 'stop'; readonly detail: string };

export interface Step {
  readonly state: HealthState;
  /** Whether {@link healthOf} differs from before. */
  readonly changed: boolean;
  /** Why it changed; '' if it did not. */
  readonly cause: string;
  /** Why `probed` changed, which can happen invisibly during a drain; '' if it did not. */
  readonly probedCause: string;
}

export function healthOf(state: HealthState): Health {
  return state.phase === 'running' ? state.probed : state.phase;
}

/** The state of a new running task. @param probed its known state, if any */
export function firstState(now: number, probed: ProbedHealth = 'initializing'): HealthState {
  return {
    phase: 'running',
    probed,
    since: now,
    probedSince: now,
    passes: 0,
    failures: 0,
    damping: noDamping,
  };
}

/**
 * The state after an event. The transitions are Rancher's (reference: cattle spring-process-context.xml:368-370,
 * HealthcheckServiceImpl.java:114-181): successes make any state healthy; failures make only a healthy task unhealthy,
 * those of a starting one are ignored until its timeout; a restart makes a healthy task reinitializing. Where Rancher
 * recreated a container after its timeout, the task becomes unhealthy here.
 */
export function step(before: HealthState, event: HealthEvent, check: CheckTiming, now: number): Step {
  const timed = expire(before, check, now);
  const { state, cause } = next(timed.state, event, check, now);
  const byEvent = state.probed !== timed.state.probed;
  const probedCause = state.probed === before.probed ? '' : byEvent ? cause : timed.cause;
  const changed = healthOf(state) !== healthOf(before);
  if (!changed) return { state, changed, cause: '', probedCause };
  return { state: { ...state, since: now }, changed, cause: cause === '' ? timed.cause : cause, probedCause };
}

interface Moved {
  readonly state: HealthState;
  readonly cause: string;
}

const stay = (state: HealthState): Moved => ({ state, cause: '' });

/** Ends `initializing` and `reinitializing` when they last too long. */
function expire(state: HealthState, check: CheckTiming, now: number): Moved {
  const limit = timeoutOf(state, check);
  if (limit === undefined || now < state.probedSince + limit) return stay(state);
  const last = state.lastFailure === undefined ? 'no probe has ended' : state.lastFailure;
  return {
    state: { ...state, probed: 'unhealthy', probedSince: now },
    cause: `not healthy within ${duration(limit)} of its start: ${last}`,
  };
}

/** When the state changes by itself; undefined if it does not. */
export function expiresAt(state: HealthState, check: CheckTiming): number | undefined {
  const limit = timeoutOf(state, check);
  return limit === undefined ? undefined : state.probedSince + limit;
}

function timeoutOf({ phase, probed }: HealthState, check: CheckTiming): number | undefined {
  if (phase === 'stopped') return undefined;
  if (probed === 'initializing') return check.initializingTimeout;
  return probed === 'reinitializing' ? check.reinitializingTimeout : undefined;
}

function next(state: HealthState, event: HealthEvent, check: CheckTiming, now: number): Moved {
  switch (event.type) {
    case 'tick':
      return stay(state);
    case 'inconclusive':
      return stay({ ...state, lastFailure: event.detail });
    case 'start':
      return started(state, now);
    case 'stop':
      return { state: { ...state, phase: 'stopped', passes: 0, failures: 0 }, cause: event.detail };
    case 'drain':
      return state.phase === 'stopped'
        ? stay(state)
        : { state: { ...state, phase: 'draining' }, cause: event.detail };
    case 'resume':
      return state.phase === 'draining'
        ? { state: { ...state, phase: 'running' }, cause: 'drain ended' }
        : stay(state);
    case 'passive': {
      if (state.phase === 'stopped') return stay(state);
      const failures = Math.max(state.failures, Math.min(state.failures + 1, check.fall - 1));
      return stay({ ...state, passes: 0, failures, lastFailure: event.detail });
    }
    case 'result':
      if (state.phase === 'stopped') return stay(state);
      return event.ok ? passed(state, event.detail, check, now) : failed(state, event.detail, check, now);
  }
}

function started(state: HealthState, now: number): Moved {
  const probed = state.probed === 'healthy' ? 'reinitializing' : state.probed;
  const { since, damping } = state;
  return {
    state: { phase: 'running', probed, since, probedSince: now, passes: 0, failures: 0, damping },
    cause: 'started again',
  };
}

function passed(state: HealthState, detail: string, check: CheckTiming, now: number): Moved {
  const passes = state.passes + 1;
  const counted = { ...state, passes, failures: 0 };
  const held = now < state.damping.heldUntil;
  if (state.probed === 'healthy' || passes < check.rise || held) return stay(counted);
  return { state: { ...counted, probed: 'healthy', probedSince: now }, cause: times(detail, passes) };
}

function failed(state: HealthState, detail: string, check: CheckTiming, now: number): Moved {
  const failures = state.failures + 1;
  const counted = { ...state, passes: 0, failures, lastFailure: detail };
  if (state.probed !== 'healthy' || failures < check.fall) return stay(counted);
  const damping = noteFall(state.damping, check, now);
  const held =
    damping.heldUntil > now
      ? `; it changes too often, so it is held out for ${duration(damping.heldUntil - now)}`
      : '';
  return {
    state: { ...counted, probed: 'unhealthy', probedSince: now, damping },
    cause: `${times(detail, failures)}${held}`,
  };
}

const times = (detail: string, count: number): string => (count > 1 ? `${detail} ×${count}` : detail);
