import { hostPlace } from '../catalog/host-place.js';
import { ANY_NETWORK, type Task, type TaskPort } from '../catalog/model.js';
import { reach } from '../catalog/reach.js';
import type { Snapshot } from '../catalog/snapshot.js';
import type { Instance } from './instance-groups.js';
import { registeredPorts } from './registrator-services.js';
import type { RenderingHost } from './rendering-host.js';
import { serviceRecord, type CheckFacts, type ServiceFacts } from './service-records.js';

/** The instances of a task: what registrator would register for its ports, as the rendering host reaches them. */
export function instancesOf(task: Task, snapshot: Snapshot, host: RenderingHost): Instance[] {
  if (task.health === 'stopped') return [];
  const node = task.node?.name ?? host.name;
  const instances: Instance[] = [];
  for (const { port, name, id, tags, meta } of registeredPorts(task)) {
    const place = placeOf(task, port, snapshot, host);
    if (place === undefined) continue;
    const entry = id ?? `${node}:${task.name}:${port.target}${port.protocol === 'udp' ? ':udp' : ''}`;
    const facts: ServiceFacts = {
      Node: node,
      NodeAddress: host.address,
      ServiceMeta: meta,
      Address: place.Address,
      ID: entry,
      Name: name,
      Tags: tags,
      Status: statusOf(task),
      Port: place.Port,
      Weights: { Passing: Math.max(1, task.weight), Warning: 1 },
    };
    instances.push({ name, facts, record: serviceRecord(facts, checksOf(task, node, entry, name)) });
  }
  return instances;
}

/** The address at which the rendering host reaches a port. */
function placeOf(
  task: Task,
  port: TaskPort,
  snapshot: Snapshot,
  host: RenderingHost,
): { Address: string; Port: number } | undefined {
  const isOfHost = !task.endpoints.some(({ network }) => network === ANY_NETWORK);
  if (host.addresses === 'published' && isOfHost) {
    const place = hostPlace(task, port, host.address);
    return place && { Address: place.address, Port: place.port };
  }
  const found = reach(snapshot, task, { networks: 'all' });
  const [address] = found?.serviceAddresses ?? [];
  const dial = found?.ports.find(({ taskPort }) => taskPort === port)?.dial;
  return address === undefined || dial === undefined ? undefined : { Address: address, Port: dial };
}

/** Consul's term for a task's health. */
function statusOf({ health }: Task): 'passing' | 'critical' | 'maintenance' {
  if (health === 'healthy') return 'passing';
  return health === 'draining' ? 'maintenance' : 'critical';
}

function checksOf(task: Task, node: string, entry: string, name: string): readonly CheckFacts[] {
  const status = statusOf(task);
  return [
    {
      Node: node,
      CheckID: `service:${entry}`,
      Name: `Service '${name}' check`,
      Status: status === 'maintenance' ? 'critical' : status,
      Output: task.reason ?? '',
      ServiceID: entry,
      ServiceName: name,
      Type: 'ttl',
    },
  ];
}
