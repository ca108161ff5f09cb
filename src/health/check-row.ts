import { type Health, type ServiceKey, serviceKey } from '../catalog/model.js';
import type { HealthCheckKind } from './check.js';
import type { CheckedTask } from './checked-task.js';

/** One task's check as operators see it. Times are milliseconds since the epoch. */
export interface CheckRow {
  /** Task id. */
  readonly task: string;
  readonly name: string;
  readonly service?: ServiceKey;
  readonly kind: HealthCheckKind;
  /** `http 10.42.0.7:80/healthz`. */
  readonly check: string;
  /** Where it was written. */
  readonly from: string;
  /** Milliseconds between two probes; absent: it is not we who probe. */
  readonly interval?: number;
  readonly health: Health;
  readonly since: number;
  /** In a row. */
  readonly passes: number;
  readonly failures: number;
  readonly rise: number;
  readonly fall: number;
  readonly last?: {
    readonly ok: boolean;
    readonly detail: string;
    readonly at: number;
    /** Milliseconds. */
    readonly took: number;
  };
  /** Absent: no probe is planned (HEALTHCHECK, stopped). */
  readonly next?: number;
  /** It changes too often and is not healthy before then. */
  readonly heldUntil?: number;
}

/** @param offset from the wheel's clock to the epoch */
export function rowOf(entry: CheckedTask, now: number, offset: number): CheckRow {
  const { task, check, state, last, dueAt } = entry;
  const { heldUntil } = state.damping;
  return {
    task: task.id,
    name: task.name,
    ...(task.service && { service: serviceKey(task.service) }),
    kind: check.kind,
    check: entry.description,
    from: check.from,
    ...(check.kind !== 'docker' && { interval: check.interval }),
    health: entry.health,
    since: Math.round(state.since + offset),
    passes: state.passes,
    failures: state.failures,
    rise: check.rise,
    fall: check.fall,
    ...(last && {
      last: {
        ok: last.result.ok,
        detail: last.result.detail,
        at: Math.round(last.at + offset),
        took: Math.round(last.took * 10) / 10,
      },
    }),
    ...(dueAt !== undefined && { next: Math.round(dueAt + offset) }),
    ...(heldUntil > now && { heldUntil: Math.round(heldUntil + offset) }),
  };
}
