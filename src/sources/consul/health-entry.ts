import { isMapping } from '../../text/yaml.js';

/** The state of a Consul check or of a group of checks. */
export type ConsulStatus = 'passing' | 'warning' | 'critical' | 'maintenance';

/** One instance from `GET /v1/health/service/:name`. Unknown or missing parts are empty. */
export interface HealthEntry {
  readonly datacenter: string;
  readonly node: string;
  readonly nodeAddress: string;
  readonly id: string;
  readonly service: string;
  /** Empty: use the node's address. */
  readonly address: string;
  readonly port: number;
  readonly tags: readonly string[];
  readonly meta: Readonly<Record<string, string>>;
  readonly weights: { readonly passing: number; readonly warning: number };
  readonly status: ConsulStatus;
  /** The reason why it is not passing: the name of the check and the first line of its output. */
  readonly reason?: string;
}

/** Reads the whole answer. Items that are not instances are left out. */
export function readHealthEntries(body: unknown): HealthEntry[] {
  return Array.isArray(body) ? body.map(readEntry).filter((entry) => entry !== undefined) : [];
}

function readEntry(value: unknown): HealthEntry | undefined {
  const { Node: node, Service: service, Checks: checks } = mapping(value);
  const { Node: name, Address: nodeAddress, Datacenter: datacenter } = mapping(node);
  const instance = mapping(service);
  const id = text(instance['ID']);
  const serviceName = text(instance['Service']);
  if (id === '' || serviceName === '' || text(name) === '') return undefined;
  const weights = mapping(instance['Weights']);
  const port = instance['Port'];
  return {
    datacenter: text(datacenter),
    node: text(name),
    nodeAddress: text(nodeAddress),
    id,
    service: serviceName,
    address: text(instance['Address']),
    port: typeof port === 'number' && Number.isInteger(port) && port > 0 && port < 65536 ? port : 0,
    tags: list(instance['Tags']).filter((tag) => typeof tag === 'string'),
    meta: Object.fromEntries(
      Object.entries(mapping(instance['Meta'])).filter(
        (pair): pair is [string, string] => typeof pair[1] === 'string',
      ),
    ),
    weights: { passing: weight(weights['Passing']), warning: weight(weights['Warning']) },
    ...statusOf(list(checks).map(mapping)),
  };
}

/**
 * Combines checks as Consul's own client does (api/health.go, `AggregatedStatus`): maintenance, critical, warning,
 * passing.
 */
function statusOf(checks: readonly Record<string, unknown>[]): Pick<HealthEntry, 'status' | 'reason'> {
  const maintenance = checks.find(({ CheckID }) =>
    /^(?:_node_maintenance$|_service_maintenance:)/.test(text(CheckID)),
  );
  if (maintenance) {
    const why = text(maintenance['Notes']);
    return { status: 'maintenance', reason: `in maintenance in Consul${why === '' ? '' : `: ${why}`}` };
  }
  for (const status of ['critical', 'warning'] as const) {
    const check = checks.find(({ Status }) => Status === status);
    if (check)
      return { status, reason: `Consul check ${text(check['Name']) || text(check['CheckID'])} is ${status}` };
  }
  return { status: 'passing' };
}

function weight(value: unknown): number {
  return typeof value === 'number' && value >= 0 && value <= 65535 ? Math.floor(value) : 1;
}

function mapping(value: unknown): Record<string, unknown> {
  return isMapping(value) ? value : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
