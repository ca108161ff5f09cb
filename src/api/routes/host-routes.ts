import type { FastifyInstance } from 'fastify';
import type { SourceStatus, Task, TaskNode } from '../../catalog/model.js';
import type { Snapshot } from '../../catalog/snapshot.js';
import { healthCounts, timestamp } from '../json.js';
import { Params } from '../params.js';
import type { ApiPorts, DaemonStatus } from '../ports.js';
import { byText } from '../sorted.js';
import type { HostJson, HostListJson } from '../types/hosts-json.js';

/** `/v1/hosts`: where the tasks of the catalog run, and how current that is. */
export function hostRoutes(app: FastifyInstance, { catalog, daemon, clock }: ApiPorts): void {
  app.get('/v1/hosts', (request): HostListJson => {
    new Params(request.query, []);
    const { snapshot } = catalog;
    const now = clock();
    return {
      revision: snapshot.revision,
      now: timestamp(now),
      hosts: hostsOf(snapshot, selfOf(daemon.status()), now),
    };
  });
}

function selfOf({ host: { id, name, address }, version }: DaemonStatus): TaskNode {
  return { id, name, address, version };
}

interface Found {
  node: TaskNode;
  readonly tasks: Task[];
}

/** This host first, then the others by name. Tasks whose host is not known, such as those of a file, are on none. */
function hostsOf(snapshot: Snapshot, self: TaskNode, now: number): HostJson[] {
  const hosts = new Map<string, Found>([[self.id, { node: self, tasks: [] }]]);
  for (const task of snapshot.tasks()) {
    const { node } = task;
    if (node === undefined) continue;
    const host = hosts.get(node.id);
    if (host === undefined) hosts.set(node.id, { node, tasks: [task] });
    else {
      host.tasks.push(task);
      // An older Fairlead left entries without its version.
      if (host.node.version === undefined) host.node = { ...node, ...host.node };
    }
  }
  return [...hosts.values()]
    .map((host) => hostJson(host, snapshot, { self, now }))
    .sort((a, b) => Number(b.self) - Number(a.self) || byText(a.name, b.name) || byText(a.id, b.id));
}

function hostJson(
  { node, tasks }: Found,
  snapshot: Snapshot,
  { self, now }: { readonly self: TaskNode; readonly now: number },
): HostJson {
  const isSelf = node.id === self.id;
  const names = new Set(tasks.map(({ source }) => source));
  // Of this host nothing is known from elsewhere; without tasks, what would report them counts.
  const tellers = snapshot.sources.filter(
    ({ name, isRemote }) => names.has(name) || (isSelf && names.size === 0 && isRemote !== true),
  );
  const { state, asOf } = bestOf(tellers, now);
  return {
    id: node.id,
    name: node.name,
    ...(node.address !== undefined && { address: node.address }),
    ...(node.version !== undefined && { version: node.version }),
    self: isSelf,
    tasks: tasks.length,
    health: healthCounts(tasks),
    sources: [...names].sort(byText),
    state,
    ...(asOf !== undefined && { asOf: timestamp(asOf) }),
  };
}

/** What a live source reports is true now. */
function bestOf(sources: readonly SourceStatus[], now: number): Pick<SourceStatus, 'state' | 'asOf'> {
  if (sources.some(({ state }) => state === 'live')) return { state: 'live', asOf: now };
  const times = sources.flatMap(({ asOf }) => asOf ?? []);
  if (times.length === 0) return { state: 'loading' };
  return { state: 'stale', asOf: Math.max(...times) };
}
