import { readFileSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { parseCidr } from '../../net/ip.js';
import type { HostRange } from '../../net/vip-pool.js';
import type { ContainerDns, DockerFacts } from './host-facts.js';
import { containerResolver } from './container-resolv-conf.js';
import { errorMessage } from '../../net/error-message.js';

const PATIENCE_MS = 3000;
const MAX_BYTES = 4 << 20;
/** Containers that are looked at one by one. */
const MAX_CONTAINERS = 100;

/** Asks the engine who it is (`GET /version`, `GET /info`), and whom its containers ask. Never rejects. */
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
      containers: await probeContainers(path).catch(() => []),
      subnets: await probeNetworks(path).catch(() => []),
    };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return { state: 'absent', path };
    if (code === 'EACCES' || code === 'EPERM') return { state: 'denied', path };
    return { state: 'silent', path, message: errorMessage(error) };
  }
}

async function probeContainers(path: string): Promise<readonly ContainerDns[]> {
  const list = await getJson(path, '/containers/json');
  const ids = (Array.isArray(list) ? list : []).flatMap((each: unknown) => {
    const id = asObject(each)['Id'];
    return typeof id === 'string' && /^[0-9a-f]{12,64}$/.test(id) ? [id] : [];
  });
  const found: ContainerDns[] = [];
  for (const id of ids.slice(0, MAX_CONTAINERS)) {
    const details = await getObject(path, `/containers/${id}/json`);
    const name = textOf(details['Name']).replace(/^\//, '');
    const file = details['ResolvConfPath'];
    // Empty in host mode, where the host's own file holds; readable by root alone.
    if (typeof file === 'string' && file !== '') found.push({ name, ...readResolver(file) });
  }
  return found;
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

/** `FirewallBackend.Driver`, since API 1.49; before that there was iptables alone. */
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

/** @returns undefined for what is no JSON */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @returns an empty object for what is none: every field is then unknown */
function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
