import { isMapping } from '../../text/yaml.js';
import { ownerKeys } from '../../consul/owner-mark.js';
import type { ConsulEntry } from './consul-entry.js';

/** An agent's service, limited to the fields that are compared. */
export interface AgentEntry extends Pick<
  ConsulEntry,
  'id' | 'name' | 'address' | 'port' | 'tags' | 'meta' | 'weight'
> {
  /** The host id of the Fairlead that registered it. */
  readonly owner: string | undefined;
  /** The status of its TTL check. Undefined if it has none. */
  readonly status: string | undefined;
  readonly inMaintenance: boolean;
}

/** Reads `GET /v1/agent/services` and `GET /v1/agent/checks`. */
export function readAgent(services: unknown, checks: unknown): Map<string, AgentEntry> {
  const status = new Map<string, string>();
  const maintained = new Set<string>();
  for (const [id, check] of Object.entries(isMapping(checks) ? checks : {})) {
    if (!isMapping(check)) continue;
    if (id.startsWith('_service_maintenance:')) maintained.add(id.slice('_service_maintenance:'.length));
    else status.set(id, text(check['Status']));
  }
  const entries = new Map<string, AgentEntry>();
  for (const [id, service] of Object.entries(isMapping(services) ? services : {})) {
    if (!isMapping(service)) continue;
    const meta = Object.fromEntries(
      Object.entries(isMapping(service['Meta']) ? service['Meta'] : {}).map(([key, value]) => [
        key,
        text(value),
      ]),
    );
    const weights = isMapping(service['Weights']) ? service['Weights'] : {};
    const tags: unknown = service['Tags'];
    entries.set(id, {
      id,
      name: text(service['Service']),
      address: text(service['Address']),
      port: Number(service['Port'] ?? 0),
      tags: Array.isArray(tags) ? tags.map(text) : [],
      meta,
      weight: Number(weights['Passing'] ?? 1),
      owner: meta[ownerKeys.owner],
      status: status.get(checkId(id)),
      inMaintenance: maintained.has(id),
    });
  }
  return entries;
}

/** The id of the check when a service is registered with a single check. */
export function checkId(service: string): string {
  return `service:${service}`;
}

/** Whether the agent's entry matches the wanted one, apart from health and maintenance. */
export function isSame(wanted: ConsulEntry, has: AgentEntry): boolean {
  return (
    wanted.name === has.name &&
    wanted.address === has.address &&
    wanted.port === has.port &&
    wanted.weight === has.weight &&
    has.status !== undefined &&
    wanted.tags.join('\n') === has.tags.join('\n') &&
    sortedPairs(wanted.meta) === sortedPairs(has.meta)
  );
}

function sortedPairs(meta: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(meta).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
