import { readFileSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { parseCidr } from '../../net/ip.js';
import type { HostRange } from '../../net/vip-pool.js';
import type { ContainerDns, DockerFacts, Vantage } from './host-facts.js';
import { containerResolver } from './container-resolv-conf.js';
import { errorMessage } from '../../net/error-message.js';

const PATIENCE_MS = 3000;
const MAX_BYTES = 4 << 20;
/** How many containers are examined one by one. */
const MAX_CONTAINERS = 100;

/**
 * Asks the engine for its version (`GET /version`, `GET /info`) and for the DNS servers of its containers. Never
 * rejects.
 */
export async function probeDocker(path: string): Promise<DockerFacts> {
  try {
    if (!statSync(path).isSocket()) return { state: 'no-socket', path };
    const version = await getObject(path, '/version');
    const info = await getObject(path, '/info');
    return {
      state: 'up',
      path,
      engine: textOf(version['Version']),
      api: textOf(version['ApiVersion']),
      firewall: firewallOf(info['FirewallBackend']),
      ...(await probeContainers(path).catch(() => ({ containers: [], vantages: [] }))),
      subnets: await probeNetworks(path).catch(() => []),
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
): Promise<{ readonly containers: readonly ContainerDns[]; readonly vantages: readonly Vantage[] }> {
  const list = await getJson(path, '/containers/json');
  const ids = (Array.isArray(list) ? list : []).flatMap((each: unknown) => {
    const id = asObject(each)['Id'];
    return typeof id === 'string' && /^[0-9a-f]{12,64}$/.test(id) ? [id] : [];
  });
  const found: ContainerDns[] = [];
  const vantages = new Map<string, Vantage>();
  for (const id of ids.slice(0, MAX_CONTAINERS)) {
    const details = await getObject(path, `/containers/${id}/json`);
    const name = textOf(details['Name']).replace(/^\//, '');
    const file = details['ResolvConfPath'];
    // Empty in host mode, where the container uses the host's own file; only root can read it.
    if (typeof file === 'string' && file !== '') found.push({ name, ...resolverOf(details, file) });
    for (const vantage of vantagesOf(name, details)) {
      if (!vantages.has(vantage.bridge)) vantages.set(vantage.bridge, vantage);
    }
  }
  return { containers: found, vantages: [...vantages.values()] };
}

/** From where a container can check: each of its networks that is a bridge of this host. */
function vantagesOf(container: string, details: Readonly<Record<string, unknown>>): readonly Vantage[] {
  const pid = asObject(details['State'])['Pid'];
  if (typeof pid !== 'number' || pid <= 0) return [];
  const networks = Object.entries(asObject(asObject(details['NetworkSettings'])['Networks']));
  return networks.flatMap(([network, value]): Vantage[] => {
    const { NetworkID: id, Gateway: gateway } = asObject(value);
    // A network without a gateway, such as an overlay, has no bridge named after it.
    if (
      typeof id !== 'string' ||
      !/^[0-9a-f]{12,}$/.test(id) ||
      typeof gateway !== 'string' ||
      gateway === ''
    )
      return [];
    const bridge = network === 'bridge' ? 'docker0' : `br-${id.slice(0, 12)}`;
    return [{ container, pid, network, bridge }];
  });
}

/**
 * Engines before 25 do not write which servers their resolver asks. Then only the servers in the container's own
 * settings are certain.
 */
function resolverOf(details: Readonly<Record<string, unknown>>, file: string): Partial<ContainerDns> {
  const found = readResolver(file);
  if (found.servers !== undefined) return found;
  const dns = asObject(details['HostConfig'])['Dns'];
  const given = (Array.isArray(dns) ? dns : []).filter((each) => typeof each === 'string');
  return given.length === 0 ? found : { ...found, servers: given };
}

async function probeNetworks(path: string): Promise<readonly HostRange[]> {
  const list = await getJson(path, '/networks');
  return (Array.isArray(list) ? list : []).flatMap((each: unknown) => {
    const network = asObject(each);
    const pools = asObject(network['IPAM'])['Config'];
    return (Array.isArray(pools) ? pools : []).flatMap((pool: unknown) => {
      const range = asObject(pool)['Subnet'];
      if (typeof range !== 'string' || parseCidr(range) === undefined) return [];
      return [{ range, what: `the network ${JSON.stringify(textOf(network['Name']))} (${range})` }];
    });
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

async function getObject(socketPath: string, path: string): Promise<Readonly<Record<string, unknown>>> {
  return asObject(await getJson(socketPath, path));
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
function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
