import type { CheckCounts, ProbeTimes } from '../../catalog/checks.js';
import { counter, gauge, histogram, type HistogramValue, type Readings } from './exposition.js';

/** Health checks. */
export const checkMetrics = {
  fairlead_checks: gauge('Tasks that have a check, by its kind and their health.', 'kind', 'health'),
  fairlead_probes_total: counter(
    'Probes that ended; `local` failed for a reason of this host and counts for no task.',
    'kind',
    'result',
  ),
  fairlead_probe_seconds: histogram('How long probes took.', 'kind'),
  fairlead_probe_late_seconds: histogram('From when a probe was due to when it began.'),
  fairlead_probes_running: gauge('Probes under way.'),
  fairlead_probes_waiting: gauge('Probes that are due and wait until others have ended.'),
};

export function readChecks({
  tasks,
  probes,
  late,
  running,
  waiting,
}: CheckCounts): Readings<typeof checkMetrics> {
  return {
    fairlead_checks: tasks.map(({ kind, health, count }) => [count, kind, health]),
    fairlead_probes_total: probes.flatMap(({ kind, passed, failed, local }): [number, string, string][] => [
      [passed, kind, 'passed'],
      [failed, kind, 'failed'],
      [local, kind, 'local'],
    ]),
    fairlead_probe_seconds: probes.map(({ kind, took }) => [inSeconds(took), kind]),
    fairlead_probe_late_seconds: [[inSeconds(late)]],
    fairlead_probes_running: [[running]],
    fairlead_probes_waiting: [[waiting]],
  };
}

function inSeconds({ bounds, counts, sum }: ProbeTimes): HistogramValue {
  return { bounds: bounds.map((ms) => ms / 1000), counts, sum: sum / 1000 };
}
