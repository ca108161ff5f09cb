import type { CheckCounts } from '../../catalog/checks.js';
import { counter, gauge, histogram, inSeconds, type Readings } from './exposition.js';

/** Health checks. */
export const checkMetrics = {
  fairlead_checks: gauge('Tasks with a check, by kind of check and health.', 'kind', 'health'),
  fairlead_probes_total: counter(
    'Finished probes; `local` failed for a reason on this host and does not count against the task.',
    'kind',
    'result',
  ),
  fairlead_probe_seconds: histogram('Duration of probes.', 'kind'),
  fairlead_probe_late_seconds: histogram('Delay between the due time of a probe and its start.'),
  fairlead_probes_running: gauge('Running probes.'),
  fairlead_probes_waiting: gauge('Due probes that wait for others to end.'),
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
