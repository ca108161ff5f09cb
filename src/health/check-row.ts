import type { CheckRow } from '../catalog/checks.js';
import type { CheckedTask } from './checked-task.js';

/** @param offset from the wheel's clock to the epoch */
export function rowOf(entry: CheckedTask, now: number, offset: number): CheckRow {
  const { task, check, state, last, dueAt } = entry;
  const { heldUntil } = state.damping;
  return {
    task: task.id,
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
    ...(check.kind === 'docker' && task.selfCheck && { last: task.selfCheck }),
    ...(dueAt !== undefined && { next: Math.round(dueAt + offset) }),
    ...(heldUntil > now && { heldUntil: Math.round(heldUntil + offset) }),
  };
}
