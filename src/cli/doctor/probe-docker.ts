import { readFileSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { canonicalIp, parseCidr } from '../../net/ip.js';
import type { HostRange } from '../../net/vip-pool.js';
import type { ContainerDns, DockerFacts, Vantage } from './host-facts.js';
import { containerResolver } from './container-resolv-conf.js';
import { errorMessage } from '../../net/error-message.js';

const PATIENCE_MS = 3000;
const MAX_BYTES = 4 << 20;
/** How many containers are examined one by one. */
const MAX_CONTAINERS = 100;

/** A JSON object of the engine's, whose fields may be anything. */
type Fields = Readonly<Record<string, unknown>>;

/**
 * Asks the engine for its version (`GET /version`, `GET /info`) and for the DNS servers of its containers. Never
 * rejects.
 */
export async function probeDocker(path: string): Promise<DockerFacts> {
  try {
    if (!statSync(path).isSocket()) return { state: 'no-socket', path };
    const version = await getObject(path, '/version');
    const info = await getObject(path, '/info');
    const networks = await getList(path, '/networks').catch(() => []);
    return {
      state: 'up',
      path,
      engine: textOf(version['Version']),
      api: textOf(version['ApiVersion']),
      firewall: firewallOf(info['FirewallBackend']),
      ...(await probeContainers(path, networks).catch(() => ({ containers: [], vantages: [] }))),
      subnets: networks.flatMap(subnetsOf),
    };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return { state: 'absent', path };
    if (code === 'EACCES' || code === 'EPERM') return { state: 'denied', path };
    return { state: 'silent', path, message: errorMessage(error) };
  }
}

async function probeContainers(
  path: string,
  networks: readonly Fields[],
): Promise<{ readonly containers: readonly ContainerDns[]; readonly vantages: readonly Vantage[] }> {
  const bridges = bridgesOf(networks);
  const ids = (await getList(path, '/containers/json')).flatMap(({ Id: id }) =>
    typeof id === 'string' && /^[0-9a-f]{12,64}$/.test(id) ? [id] : [],
  );
  const found: ContainerDns[] = [];
  const vantages: (readonly Vantage[])[] = [];
  for (const id of ids.slice(0, MAX_CONTAINERS)) {
    const details = await getObject(path, `/containers/${id}/json`);
    const name = textOf(details['Name']).replace(/^\//, '');
    const file = details['ResolvConfPath'];
    // Empty in host mode, where the container uses the host's own file; only root can read it.
    if (typeof file === 'string' && file !== '') found.push({ name, ...resolverOf(details, file) });
    vantages.push(vantagesOf(name, details, bridges));
  }
  return { containers: found, vantages: onePerBridge(vantages) };
}

/** From a container on several networks, packets leave through one of them. So those on a single one come first. */
function onePerBridge(vantages: readonly (readonly Vantage[])[]): readonly Vantage[] {
  const chosen = new Map<string, Vantage>();
  for (const vantage of [...vantages].sort((a, b) => a.length - b.length).flat())
    if (!chosen.has(vantage.bridge)) chosen.set(vantage.bridge, vantage);
  return [...chosen.values()];
}

interface Bridge {
  readonly name: string;
  /** Whether the host has a route to the containers. */
  readonly isRouted: boolean;
}

/** The interface of this host through which the containers of a network reach it, by the network's id. */
function bridgesOf(networks: readonly Fields[]): ReadonlyMap<string, Bridge> {
  return new Map(
    networks.flatMap(({ Id: id, Driver: driver, Options: options }): [string, Bridge][] => {
      if (typeof id !== 'string' || !/^[0-9a-f]{12,}$/.test(id)) return [];
      // Containers on overlay networks are also on this bridge, which has the default route.
      if (driver === 'overlay') return [[id, { name: 'docker_gwbridge', isRouted: false }]];
      if (driver !== 'bridge') return [];
      const name = asObject(options)['com.docker.network.bridge.name'];
      const isNamed = typeof name === 'string' && /^[\w.-]{1,15}$/.test(name);
      return [[id, { name: isNamed ? name : `br-${id.slice(0, 12)}`, isRouted: true }]];
    }),
  );
}

/** From where a container can check: each of its networks that is a bridge of this host. */
function vantagesOf(
  container: string,
  details: Fields,
  bridges: ReadonlyMap<string, Bridge>,
): readonly Vantage[] {
  const pid = asObject(details['State'])['Pid'];
  if (typeof pid !== 'number' || pid <= 0) return [];
  const networks = Object.entries(asObject(asObject(details['NetworkSettings'])['Networks']));
  return networks.flatMap(([network, value]): Vantage[] => {
    const { NetworkID: id, Gateway: gateway, IPAddress: ip } = asObject(value);
    const bridge = typeof id === 'string' ? bridges.get(id) : undefined;
    if (!bridge) return [];
    const isReachable = bridge.isRouted && gateway !== '' && typeof ip === 'string' && canonicalIp(ip) === ip;
    return [{ container, pid, network, bridge: bridge.name, ...(isReachable && { ip }) }];
  });
}

/**
 * Engines before 25 do not write which servers their resolver asks. Then only the servers in the container's own
 * settings are certain.
 */
function resolverOf(details: Fields, file: string): Partial<ContainerDns> {
  const found = readResolver(file);
  const dns = asObject(details['HostConfig'])['Dns'];
  const given = (Array.isArray(dns) ? dns : []).filter((each) => typeof each === 'string');
  if (found.servers !== undefined) return { ...found, ...(given.length > 0 && { isOwnChoice: true }) };
  return given.length === 0 ? found : { ...found, servers: given, isOwnChoice: true };
}

function subnetsOf(network: Fields): readonly HostRange[] {
  const pools = asObject(network['IPAM'])['Config'];
  return (Array.isArray(pools) ? pools : []).flatMap((pool: unknown) => {
    const range = asObject(pool)['Subnet'];
    if (typeof range !== 'string' || parseCidr(range) === undefined) return [];
    return [{ range, what: `the network ${JSON.stringify(textOf(network['Name']))} (${range})` }];
  });
}

function readResolver(file: string): Partial<ContainerDns> {
  try {
    return containerResolver(readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
}

/** `FirewallBackend.Driver`, since API 1.49; older engines only use iptables. */
function firewallOf(backend: unknown): string {
  if (typeof backend === 'object' && backend !== null && 'Driver' in backend) return textOf(backend.Driver);
  return typeof backend === 'string' ? backend : 'iptables';
}

function textOf(value: unknown): string {
  return typeof value === 'string' && value !== '' ? value.slice(0, 80) : 'unknown';
}

async function getObject(socketPath: string, path: string): Promise<Fields> {
  return asObject(await getJson(socketPath, path));
}

/** @returns an empty list if the answer is not one */
async function getList(socketPath: string, path: string): Promise<readonly Fields[]> {
  const list = await getJson(socketPath, path);
  return Array.isArray(list) ? list.map(asObject) : [];
}

function getJson(socketPath: string, path: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { socketPath, path, agent: false, timeout: PATIENCE_MS, headers: { host: 'docker' } },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
          if (text.length > MAX_BYTES) outgoing.destroy(new Error('the answer is too long'));
        });
        response.on('error', reject);
        response.on('end', () => {
          if (response.statusCode !== 200)
            reject(new Error(`${path} answers HTTP ${response.statusCode ?? 0}`));
          else resolve(parsed(text));
        });
      },
    );
    outgoing.once('timeout', () => outgoing.destroy(new Error(`no answer within ${PATIENCE_MS} ms`)));
    outgoing.once('error', reject);
    outgoing.end();
  });
}

/** @returns undefined if the text is not JSON */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @returns an empty object if the value is not one; then every field is unknown */
function asObject(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
