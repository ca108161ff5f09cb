import type { DaemonStatus, ProcessFigures } from '../ports.js';
import { counter, gauge, histogram, inSeconds, type Readings } from './exposition.js';

/** The process, under the names that all Prometheus client libraries use, and its parts. */
export const processMetrics = {
  process_cpu_seconds_total: counter('User and system CPU time of all threads.'),
  process_resident_memory_bytes: gauge('Resident memory.'),
  process_open_fds: gauge('Open file descriptors.'),
  process_max_fds: gauge('Limit of open file descriptors.'),
  process_start_time_seconds: gauge('Start time of the process, since the epoch.'),
  fairlead_build_info: gauge('Always 1; its labels say what runs.', 'version', 'node'),
  fairlead_event_loop_late_seconds: histogram(
    'How late the event loop of the main thread is, looked at twice a second.',
  ),
  fairlead_internal_errors_total: counter(
    'Errors that no code caught; several within a minute end the process.',
  ),
  fairlead_config_last_reload_successful: gauge(
    'Whether the configuration that was read last is the one in force: 0 after a reload that failed.',
  ),
  fairlead_state_write_failures_total: counter(
    'Writes of the state directory that failed; they are tried again.',
  ),
  fairlead_state_written_timestamp_seconds: gauge(
    'When the state directory was last written, since the epoch.',
  ),
  fairlead_config_loaded_timestamp_seconds: gauge(
    'Time at which the current configuration was loaded, since the epoch.',
  ),
};

export function readProcess(
  { version, node, config, internalErrors, state, eventLoop }: DaemonStatus,
  { cpuSeconds, residentBytes, openFds, maxFds, startedAt }: ProcessFigures,
): Readings<typeof processMetrics> {
  return {
    process_cpu_seconds_total: [[cpuSeconds]],
    process_resident_memory_bytes: [[residentBytes]],
    process_open_fds: openFds === undefined ? [] : [[openFds]],
    process_max_fds: maxFds === undefined ? [] : [[maxFds]],
    process_start_time_seconds: [[startedAt / 1000]],
    fairlead_build_info: [[1, version, node]],
    fairlead_event_loop_late_seconds: [[inSeconds(eventLoop)]],
    fairlead_internal_errors_total: [[internalErrors]],
    fairlead_config_last_reload_successful: [[config.reload?.ok === false ? 0 : 1]],
    fairlead_state_write_failures_total: [[state.failures]],
    fairlead_state_written_timestamp_seconds: state.writtenAt === undefined ? [] : [[state.writtenAt / 1000]],
    fairlead_config_loaded_timestamp_seconds: [[config.loadedAt / 1000]],
  };
}
