import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Snapshot } from '../../catalog/snapshot.js';
import type { Told, VipFigures, VipStatus } from '../../net/vip-figures.js';
import type { VirtualServiceInfo } from '../ports.js';
import { counter, gauge, histogram, inSeconds, type Readings } from './exposition.js';
import { serviceLabels } from './survey.js';

const PORT_LABELS = ['service', 'environment', 'vip', 'port', 'protocol'] as const;
const TASK_LABELS = [...PORT_LABELS, 'task', 'id'] as const;

/** Virtual IPs, port by port. A port without traffic has no counters. */
export const vipMetrics = {
  fairlead_vip_plane: gauge('1; its label says what carries virtual IPs.', 'plane'),
  fairlead_vip_kernel_ports: gauge(
    'Ports of which the kernel carries connections itself; not there: the data plane does not have it do so.',
  ),
  fairlead_vip_repairs_total: counter(
    'Rules of the kernel that were put back because another program had taken them away.',
  ),
  fairlead_vip_ports: gauge('Ports of virtual IPs by state.', 'state'),
  fairlead_vip_threads: gauge('Threads that carry TCP; 0: there are none, or none was needed yet.'),
  fairlead_vip_thread_restarts_total: counter(
    'Threads that carry TCP which ended by themselves, with their connections, and were started again.',
  ),
  fairlead_vip_flows: gauge('Open connections of all virtual IPs; for UDP sessions.'),
  fairlead_vip_max_flows: gauge('How many there may be; not there: as many as there are descriptors for.'),
  fairlead_vip_descriptors: gauge('File descriptors of listeners and connections.'),
  fairlead_vip_max_descriptors: gauge('How many of them there may be.'),
  fairlead_vip_state: gauge(
    '1 for each port that is `empty` (no task takes connections) or `down` (it cannot be served); other ports have no sample.',
    ...PORT_LABELS,
    'state',
  ),
  fairlead_vip_active_connections: gauge('Open connections; sessions for UDP.', ...PORT_LABELS),
  fairlead_vip_connections_total: counter(
    'Connections passed to a task, or tried on one, without those that were refused; sessions for UDP.',
    ...PORT_LABELS,
  ),
  fairlead_vip_received_bytes_total: counter('Bytes from clients.', ...PORT_LABELS),
  fairlead_vip_sent_bytes_total: counter('Bytes to clients.', ...PORT_LABELS),
  fairlead_vip_refused_total: counter(
    'Refused connections: no task available, a limit, no PROXY header, or no file descriptor.',
    ...PORT_LABELS,
  ),
  fairlead_vip_failed_total: counter(
    'Connections for which every attempt failed; part of `fairlead_vip_connections_total`.',
    ...PORT_LABELS,
  ),
  fairlead_vip_connect_seconds: histogram(
    'Time until a connection to a task was established; TCP that the proxy carries.',
    ...PORT_LABELS,
  ),
  fairlead_vip_retried_total: counter('Further attempts on another task after a failed one.', ...PORT_LABELS),
};

/** The same by task; only on request, because there can be very many. */
export const vipTaskMetrics = {
  fairlead_vip_task_weight: gauge('Weight of the task, including slow start.', ...TASK_LABELS),
  fairlead_vip_task_active_connections: gauge('Open connections; sessions for UDP.', ...TASK_LABELS),
  fairlead_vip_task_connections_total: counter('Connections; sessions for UDP.', ...TASK_LABELS),
  fairlead_vip_task_received_bytes_total: counter('Bytes from clients.', ...TASK_LABELS),
  fairlead_vip_task_sent_bytes_total: counter('Bytes to clients.', ...TASK_LABELS),
  fairlead_vip_task_errors_total: counter(
    'Attempts that were refused or timed out, and connections that the task reset before its first byte.',
    ...TASK_LABELS,
  ),
};

type PortTexts = readonly [service: string, environment: string, vip: string, port: string, protocol: string];

interface LabelledPort {
  readonly info: VirtualServiceInfo;
  readonly labels: PortTexts;
}

/** How many ports are read before other work gets a turn. */
const PORTS_A_TURN = 500;

/** The ports of services that are still in the catalog, with the values of their labels. */
export async function labelledPorts(
  infos: Iterable<VirtualServiceInfo>,
  snapshot: Snapshot,
  environment: string,
): Promise<readonly LabelledPort[]> {
  const found: LabelledPort[] = [];
  for (const info of infos) {
    if (found.length % PORTS_A_TURN === PORTS_A_TURN - 1) await nextTurn();
    const service = snapshot.serviceByKey(info.service);
    if (!service) continue;
    const { vip, port, protocol } = info;
    found.push({ info, labels: [...serviceLabels(service, environment), vip, String(port), protocol] });
  }
  return found;
}

export function readVips(
  { plane, carrier, repairs }: VipStatus,
  ports: readonly LabelledPort[],
): Readings<typeof vipMetrics> {
  const states = { up: 0, empty: 0, down: 0 };
  for (const { info } of ports) states[info.state]++;
  const used = ports.filter(
    ({ info }) => info.total + (info.refused ?? 0) + (info.failed ?? 0) + info.active > 0,
  );
  const each = function* (
    value: (counters: Told<VipFigures>) => number | undefined,
  ): Generator<[number, ...PortTexts]> {
    for (const { info, labels } of used) {
      const figure = value(info);
      if (figure !== undefined) yield [figure, ...labels];
    }
  };
  return {
    fairlead_vip_plane: [[1, plane]],
    fairlead_vip_kernel_ports: carrier.kernel ? [[carrier.kernel.services]] : [],
    fairlead_vip_repairs_total: [[repairs ?? 0]],
    fairlead_vip_ports: Object.entries(states).map(([state, count]) => [count, state]),
    fairlead_vip_threads: [[carrier.threads]],
    fairlead_vip_thread_restarts_total: [[carrier.restarts]],
    fairlead_vip_flows: [[carrier.flows]],
    fairlead_vip_max_flows: carrier.maxFlows === undefined ? [] : [[carrier.maxFlows]],
    fairlead_vip_descriptors: [[carrier.descriptors]],
    fairlead_vip_max_descriptors: [[carrier.maxDescriptors]],
    fairlead_vip_state: ports
      .filter(({ info }) => info.state !== 'up')
      .map(({ info, labels }) => [1, ...labels, info.state]),
    fairlead_vip_active_connections: each(({ active }) => active),
    fairlead_vip_connections_total: each(({ total }) => total),
    fairlead_vip_received_bytes_total: each(({ bytesIn }) => bytesIn),
    fairlead_vip_sent_bytes_total: each(({ bytesOut }) => bytesOut),
    fairlead_vip_refused_total: each(({ refused }) => refused),
    fairlead_vip_failed_total: each(({ failed }) => failed),
    fairlead_vip_connect_seconds: used.flatMap(({ info: { connects }, labels }) =>
      connects ? [[inSeconds(connects), ...labels] as const] : [],
    ),
    fairlead_vip_retried_total: each(({ retried }) => retried),
  };
}

type TaskInfo = VirtualServiceInfo['tasks'][number];

export function readVipTasks(ports: readonly LabelledPort[]): Readings<typeof vipTaskMetrics> {
  const each = function* (value: (task: TaskInfo) => number | undefined) {
    for (const { info, labels } of ports) {
      for (const task of info.tasks) {
        const figure = value(task);
        if (figure !== undefined) yield [figure, ...labels, task.name, task.task] as const;
      }
    }
  };
  return {
    fairlead_vip_task_weight: each(({ weight }) => weight),
    fairlead_vip_task_active_connections: each(({ active }) => active),
    fairlead_vip_task_connections_total: each(({ total }) => total),
    fairlead_vip_task_received_bytes_total: each(({ bytesIn }) => bytesIn),
    fairlead_vip_task_sent_bytes_total: each(({ bytesOut }) => bytesOut),
    fairlead_vip_task_errors_total: each(({ errors }) => errors),
  };
}
