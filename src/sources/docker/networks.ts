import type { NetworkFact } from '../../catalog/facts.js';
import { canonicalIp, ipBytes, ipFromBytes, parseCidr } from '../../net/ip.js';
import { isRawObject, rawArray, rawField, rawObject, rawText, rawTexts, type Raw } from './raw.js';

/** The networks of an engine. */
export interface Networks {
  readonly facts: readonly NetworkFact[];
  /** Swarm's ingress: the addresses of tasks there are only for the routing mesh. */
  readonly ingress: ReadonlySet<string>;
  /** The id of docker_gwbridge, through which tasks on overlay networks reach the host. */
  readonly gatewayBridge?: string;
}

export const gatewayBridgeName = 'docker_gwbridge';

/** Reads `GET /networks`. Leaves out entries that cannot be read; undefined if it is not such an answer. */
export function readNetworks(json: unknown): Networks | undefined {
  if (!Array.isArray(json)) return undefined;
  const entries = json.filter(isRawObject).filter((entry) => rawText(entry.Id) !== undefined);
  const idsWhere = (test: (entry: Raw) => boolean) => entries.filter(test).map((entry) => String(entry.Id));
  const gatewayBridge = idsWhere((entry) => entry.Name === gatewayBridgeName)[0];
  return {
    facts: entries.map(readNetwork).filter((fact) => fact !== undefined),
    ingress: new Set(idsWhere((entry) => entry.Ingress === true)),
    ...(gatewayBridge === undefined ? {} : { gatewayBridge }),
  };
}

/** Containers on `host` and `none` do not share a network. */
export function readNetwork(entry: Raw): NetworkFact | undefined {
  const id = rawText(entry.Id);
  const driver = rawText(entry.Driver) ?? '';
  if (id === undefined || driver === 'host' || driver === 'null') return undefined;
  const ranges = rawArray(rawObject(entry.IPAM).Config).map(rawObject);
  const options = rawTexts(entry.Options);
  return {
    id,
    name: rawText(entry.Name) ?? id.slice(0, 12),
    driver,
    internal: entry.Internal === true,
    ...(driver === 'bridge' && { bridge: bridgeOf(id, options) }),
    ...(options['com.docker.network.bridge.enable_icc'] === 'false' && { separate: true }),
    subnets: ranges.map((range) => subnetOf(range)).filter((subnet) => subnet !== undefined),
    gateways:
      driver === 'bridge'
        ? ranges.map((range) => gatewayOf(range, options)).filter((gateway) => gateway !== undefined)
        : [],
  };
}

/** The interface that Docker creates for a network, unless the user named one. */
function bridgeOf(id: string, options: Readonly<Record<string, string>>): string {
  return options['com.docker.network.bridge.name'] ?? `br-${id.slice(0, 12)}`;
}

function subnetOf(range: Raw): string | undefined {
  return parseCidr(rawText(range.Subnet) ?? '')?.text;
}

/** Only the gateway of a bridge is the host itself. On macvlan it is a router, and an overlay has none. */
function gatewayOf(range: Raw, options: Readonly<Record<string, string>>): string | undefined {
  const subnet = subnetOf(range);
  const told = canonicalIp((rawText(range.Gateway) ?? '').replace(/\/\d+$/, ''));
  const gateway = told ?? (subnet === undefined ? undefined : firstAddress(subnet));
  if (gateway === undefined) return undefined;
  const family = gateway.includes(':') ? 6 : 4;
  // In this mode the bridge has no address.
  const isolated = options[`com.docker.network.bridge.gateway_mode_ipv${family}`] === 'isolated';
  return isolated ? undefined : gateway;
}

/** The address that Docker gives the bridge by default. */
function firstAddress(subnet: string): string | undefined {
  const [address = '', prefix = ''] = subnet.split('/');
  const bytes = ipBytes(address);
  const host = bytes.length * 8 - Number(prefix);
  if (host < 1) return undefined;
  const masked = bytes.map((byte, index) => {
    const free = Math.min(8, Math.max(0, host - (bytes.length - 1 - index) * 8));
    return byte & (0xff << free);
  });
  masked[masked.length - 1] = (masked.at(-1) ?? 0) + 1;
  return ipFromBytes(masked);
}

/** A container on a network, from the network's inspection. */
export interface NetworkMember {
  readonly endpoint: string;
  /** Canonical, IPv4 first. */
  readonly ips: readonly string[];
}

/**
 * Reads the containers of `GET /networks/{id}`: the place of each container by id. Leaves out those without an address.
 */
export function readMembers(json: unknown): Map<string, NetworkMember> {
  const containers = rawObject(rawField(rawObject(json), 'Containers'));
  const members = Object.entries(containers).map(([id, value]) => {
    const { IPv4Address, IPv6Address, EndpointID } = rawObject(value);
    const ips = [IPv4Address, IPv6Address]
      .map((text) => canonicalIp((rawText(text) ?? '').replace(/\/\d+$/, '')))
      .filter((ip) => ip !== undefined);
    return [id, { endpoint: rawText(EndpointID) ?? '', ips }] as const;
  });
  return new Map(members.filter(([, { ips }]) => ips.length > 0));
}

/** Reads the containers of `GET /networks/docker_gwbridge`: the source addresses of each container by id. */
export function readGatewayBridge(json: unknown): Map<string, readonly string[]> {
  return new Map([...readMembers(json)].map(([id, { ips }]) => [id, ips]));
}
